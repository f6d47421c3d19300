//! The outside of the [`Sfu`]: its UDP sockets, its clock, and the calls that wait.
//!
//! Everything is on one thread. Calls come in through a channel, and those of one session are dealt
//! with one after another: the first of a queue is tried after everything that happens, until it is
//! answered or its time is up.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

use crate::api::{Answer, Operation, refusal};
use crate::calls::PATIENCE;
use crate::config::Media;
use crate::sfu::{SessionId, Sfu};

/// Packets and calls that wait to be dealt with.
const BACKLOG: usize = 4096;
/// The longest packet.
const LONGEST: usize = 2048;

/// What came in.
#[derive(Debug)]
pub enum Event {
    /// A packet, from there, to the address that browsers were told.
    Packet(SocketAddr, SocketAddr, Vec<u8>),
    /// A new session is asked for.
    Create(oneshot::Sender<Answer>),
    /// Something is asked of a session.
    Call(SessionId, Operation, oneshot::Sender<Answer>),
}

/// A call that was not answered yet.
#[derive(Debug)]
struct Waiting {
    operation: Operation,
    until: Instant,
    reply: oneshot::Sender<Answer>,
}

/// A socket, and what browsers call it.
#[derive(Debug)]
struct Door {
    socket: Arc<UdpSocket>,
    announced: SocketAddr,
}

/// The SFU, running.
#[derive(Debug)]
pub struct Runner {
    sfu: Sfu,
    doors: Vec<Door>,
    waiting: BTreeMap<SessionId, VecDeque<Waiting>>,
    events: mpsc::Receiver<Event>,
    /// Where calls are handed in.
    pub inbox: mpsc::Sender<Event>,
    /// The addresses that browsers are told.
    pub addresses: Vec<SocketAddr>,
}

impl Runner {
    /// Opens the sockets.
    ///
    /// # Errors
    ///
    /// When one cannot be opened, with its address.
    pub async fn open(media: &[Media], most: Option<usize>) -> io::Result<Self> {
        let (inbox, events) = mpsc::channel(BACKLOG);
        let mut doors = Vec::new();
        for one in media {
            let socket = UdpSocket::bind((one.listen, 0)).await.map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("no socket at {}: {error}", one.listen),
                )
            })?;
            let port = socket.local_addr()?.port();
            let announced = SocketAddr::new(one.announced, port);
            let socket = Arc::new(socket);
            tokio::spawn(listen(Arc::clone(&socket), announced, inbox.clone()));
            doors.push(Door { socket, announced });
        }
        let addresses: Vec<_> = doors.iter().map(|door| door.announced).collect();
        Ok(Self {
            sfu: Sfu::new(addresses.clone(), most, now()),
            doors,
            waiting: BTreeMap::new(),
            events,
            inbox,
            addresses,
        })
    }

    /// Runs for ever.
    pub async fn run(mut self) {
        loop {
            self.send();
            let deadline = self
                .waiting
                .values()
                .filter_map(|queue| queue.front())
                .map(|call| call.until)
                .fold(self.sfu.deadline(), Instant::min);
            tokio::select! {
                Some(event) = self.events.recv() => self.take(event),
                () = tokio::time::sleep_until(deadline.into()) => {}
            }
            let now = now();
            self.sfu.tick(now);
            self.progress(now);
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Packet(from, to, bytes) => self.sfu.receive(from, to, &bytes, now()),
            Event::Create(reply) => {
                let id = SessionId(uuid::Uuid::new_v4().as_u128());
                // Whoever asked may have gone.
                let _ = reply.send(self.sfu.create(id, now()));
            }
            Event::Call(id, operation, reply) => {
                let now = now();
                if self.sfu.may_call(id, now) {
                    self.waiting.entry(id).or_default().push_back(Waiting {
                        operation,
                        until: now + PATIENCE,
                        reply,
                    });
                } else {
                    let _ = reply.send(refusal::too_many());
                }
            }
        }
    }

    /// Tries the first call of every session.
    fn progress(&mut self, now: Instant) {
        for (id, queue) in &mut self.waiting {
            while let Some(call) = queue.front_mut() {
                let last = call.until <= now;
                let gone = call.reply.is_closed();
                let answer = self.sfu.call(*id, &call.operation, last || gone, now);
                let Some(answer) = answer else {
                    break;
                };
                if let Some(call) = queue.pop_front() {
                    let _ = call.reply.send(answer);
                }
                // The next one's time begins now that it is its turn.
                if let Some(next) = queue.front_mut() {
                    next.until = now + PATIENCE;
                }
            }
        }
        self.waiting.retain(|_, queue| !queue.is_empty());
    }

    fn send(&mut self) {
        while let Some(packet) = self.sfu.transmit(now()) {
            let door = self
                .doors
                .iter()
                .find(|door| door.announced == packet.source);
            if let Some(door) = door {
                // UDP: what does not go out now is lost.
                let _ = door
                    .socket
                    .try_send_to(&packet.contents, packet.destination);
            }
        }
    }
}

async fn listen(socket: Arc<UdpSocket>, announced: SocketAddr, inbox: mpsc::Sender<Event>) {
    let mut buffer = vec![0; LONGEST];
    loop {
        // An error is of an earlier packet, which did not arrive.
        if let Ok((length, from)) = socket.recv_from(&mut buffer).await
            && let Some(bytes) = buffer.get(..length)
        {
            let packet = Event::Packet(from, announced, bytes.to_vec());
            if inbox.send(packet).await.is_err() {
                return;
            }
        }
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
