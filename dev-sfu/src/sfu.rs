//! All sessions. A call, a packet or the time goes in; packets to send and the next deadline come out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;
use str0m::media::{KeyframeRequest, Mid};
use str0m::net::{Protocol, Receive, Transmit};
use str0m::rtp::RtpPacket;
use str0m::{Event, IceConnectionState, Input, Output};

use crate::api::{Answer, refusal};
use crate::forward::Arrival;
use crate::layers::Layer;
use crate::session::{Incoming, Link, Session, TRACK_SILENCE};

/// How often it is looked for what is to be forgotten.
pub const SWEEP: Duration = Duration::from_millis(500);

/// A session's id: 128 bits, as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId(pub u128);

impl SessionId {
    /// The id that is written so, if it is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.len() == 32;
        u128::from_str_radix(text, 16)
            .ok()
            .filter(|_| hex)
            .map(Self)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// All sessions.
#[derive(Debug)]
pub struct Sfu {
    addresses: Vec<SocketAddr>,
    most: Option<usize>,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    /// Whose peer connections have something to say.
    pub(crate) stirred: BTreeSet<SessionId>,
    outgoing: VecDeque<Transmit>,
    sweep: Instant,
}

impl Sfu {
    /// An SFU that browsers reach at these addresses, with no more sessions than `most`.
    #[must_use]
    pub fn new(addresses: Vec<SocketAddr>, most: Option<usize>, now: Instant) -> Self {
        Self {
            addresses,
            most,
            sessions: BTreeMap::new(),
            stirred: BTreeSet::new(),
            outgoing: VecDeque::new(),
            sweep: now,
        }
    }

    /// `POST sessions/new`, with a name nobody had before.
    pub fn create(&mut self, id: SessionId, now: Instant) -> Answer {
        if let Some(most) = self.most.filter(|most| self.sessions.len() >= *most) {
            return refusal::full(most);
        }
        match Session::new(&self.addresses, now) {
            Ok(session) => {
                self.sessions.insert(id, session);
                self.stirred.insert(id);
                Answer {
                    status: 201,
                    body: json!({ "sessionId": id.to_string() }),
                }
            }
            Err(error) => {
                refusal::invalid(&format!("an address of this SFU is of no use: {error}"))
            }
        }
    }

    /// Whether a session may be asked something now.
    pub fn may_call(&mut self, id: SessionId, now: Instant) -> bool {
        self.sessions
            .get_mut(&id)
            .is_none_or(|session| session.may_call(now))
    }

    /// A packet came. What belongs to nobody is dropped.
    pub fn receive(&mut self, from: SocketAddr, to: SocketAddr, packet: &[u8], now: Instant) {
        let Ok(receive) = Receive::new(Protocol::Udp, from, to, packet) else {
            return;
        };
        let input = Input::Receive(now, receive);
        let mut sessions = self.sessions.iter_mut();
        let Some((&id, session)) = sessions.find(|(_, one)| one.rtc.accepts(&input)) else {
            return;
        };
        // What a broken packet breaks is its sender's own connection.
        if session.rtc.handle_input(input).is_err() {
            session.rtc.disconnect();
        }
        // At once: a second packet would take the first one's place.
        self.settle(id, now);
    }

    /// It is this late.
    pub fn tick(&mut self, now: Instant) {
        for (id, session) in &mut self.sessions {
            if session.deadline <= now {
                if session.rtc.handle_input(Input::Timeout(now)).is_err() {
                    session.rtc.disconnect();
                }
                self.stirred.insert(*id);
            }
        }
        if self.sweep <= now {
            self.sweep = now + SWEEP;
            self.forget(now);
        }
    }

    /// When to call [`Sfu::tick`] next.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.sessions
            .values()
            .map(|session| session.deadline)
            .fold(self.sweep, Instant::min)
    }

    /// The next packet to send.
    pub fn transmit(&mut self, now: Instant) -> Option<Transmit> {
        while let Some(id) = self.stirred.pop_first() {
            self.settle(id, now);
        }
        self.outgoing.pop_front()
    }

    /// Hears a peer connection out.
    fn settle(&mut self, id: SessionId, now: Instant) {
        let mut events = Vec::new();
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let mut told = false;
        loop {
            match session.rtc.poll_output() {
                // What was written is sent when the time is told once more.
                Ok(Output::Timeout(at)) if at <= now && !told => {
                    told = true;
                    if session.rtc.handle_input(Input::Timeout(now)).is_err() {
                        session.rtc.disconnect();
                    }
                }
                Ok(Output::Timeout(at)) => {
                    session.deadline = at;
                    break;
                }
                Ok(Output::Transmit(packet)) => self.outgoing.push_back(packet),
                Ok(Output::Event(event)) => events.push(event),
                Err(_) => {
                    session.rtc.disconnect();
                    break;
                }
            }
        }
        for event in events {
            self.happened(id, event, now);
        }
    }

    fn happened(&mut self, id: SessionId, event: Event, now: Instant) {
        if let Event::RtpPacket(packet) = event {
            self.forward(id, &packet);
        } else if let Event::KeyframeRequest(request) = event {
            self.pass_on(id, request);
        } else if let Event::Connected = event {
            self.linked(id, Link::Connected);
        } else if let Event::IceConnectionStateChange(state) = event {
            match state {
                IceConnectionState::Disconnected => self.linked(id, Link::Lost(now)),
                IceConnectionState::Connected | IceConnectionState::Completed => {
                    if self
                        .link(id)
                        .is_some_and(|link| matches!(link, Link::Lost(_)))
                    {
                        self.linked(id, Link::Connected);
                    }
                }
                IceConnectionState::New | IceConnectionState::Checking => {}
            }
        }
    }

    /// How far a session's connection is, if there is one.
    pub(crate) fn link(&self, id: SessionId) -> Option<Link> {
        self.sessions.get(&id).map(|session| session.link)
    }

    fn linked(&mut self, id: SessionId, link: Link) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.link = match (session.link, link) {
                // Not yet connected is not lost.
                (Link::Fresh | Link::Connecting, Link::Lost(_)) => session.link,
                (
                    Link::Fresh | Link::Connecting | Link::Connected | Link::Lost(_),
                    Link::Fresh | Link::Connecting | Link::Connected | Link::Lost(_),
                ) => link,
            };
        }
    }

    /// A packet came from a browser: to everyone who is sent its track.
    fn forward(&mut self, from: SessionId, rtp: &RtpPacket) -> Option<()> {
        let session = self.sessions.get_mut(&from)?;
        let (line, layer) = session.stream(rtp.header.ssrc)?;
        let coding = session.coding(rtp)?;
        let kind = session.rtc.media(line)?.kind();
        if session.spent.contains(&line) {
            return None;
        }
        let track = session
            .published
            .iter_mut()
            .find(|track| track.mid == line)?;
        track.heard = Some(rtp.timestamp);
        let subscribers = track.subscribers.clone();
        let (arrival, vp8) = Arrival::of(rtp, kind, layer);
        let packet = Incoming {
            arrival,
            vp8,
            rtp,
            coding,
        };
        let mut missing: Vec<Layer> = Vec::new();
        for (id, mid) in subscribers {
            if let Some(subscriber) = self.sessions.get_mut(&id) {
                missing.extend(subscriber.deliver(mid, &packet));
                self.stirred.insert(id);
            }
        }
        let session = self.sessions.get_mut(&from)?;
        for layer in missing {
            session.ask_keyframe(line, layer);
            self.stirred.insert(from);
        }
        Some(())
    }

    /// A browser cannot decode: its publisher is asked for a keyframe.
    fn pass_on(&mut self, id: SessionId, request: KeyframeRequest) -> Option<()> {
        let pulled = self.sessions.get_mut(&id)?.pulled(request.mid)?;
        let layer = pulled.forwarder.current()?;
        let (publisher, name) = pulled.source.clone();
        let publisher_session = self.sessions.get_mut(&publisher)?;
        let line = publisher_session.published(&name)?.mid;
        publisher_session.ask_keyframe(line, layer);
        self.stirred.insert(publisher);
        Some(())
    }

    fn forget(&mut self, now: Instant) {
        let over: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.is_over(now))
            .map(|(id, _)| *id)
            .collect();
        for id in over {
            self.drop_session(id);
        }
        for session in self.sessions.values_mut() {
            session.published.retain(|track| {
                let last = track.heard.unwrap_or(track.since);
                now.saturating_duration_since(last) < TRACK_SILENCE
            });
        }
    }

    fn drop_session(&mut self, id: SessionId) {
        let Some(mut session) = self.sessions.remove(&id) else {
            return;
        };
        for pulled in session.pulled.drain(..) {
            self.unsubscribe(&pulled.source, (id, pulled.mid));
        }
    }

    /// A line is sent a track no more.
    pub(crate) fn unsubscribe(&mut self, source: &(SessionId, String), who: (SessionId, Mid)) {
        if let Some(publisher) = self.sessions.get_mut(&source.0)
            && let Some(track) = publisher.published(&source.1)
        {
            track.subscribers.retain(|one| *one != who);
        }
    }
}
