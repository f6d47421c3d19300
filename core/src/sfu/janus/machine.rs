//! What state a leg is in, and what it does next.

use super::{Command, Input, SIGN, Side, substream};
use crate::sfu::media::Media;
use crate::sfu::patience::KEEPALIVE_EVERY;
use crate::sfu::way::Way;
use crate::sfu::{CallNumber, Failure, Habit, Queue, State, Transport, put_number};
use crate::time::Millis;

use super::calls::Line;

/// How far a leg is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nobody was contacted: there are no credentials.
    Waiting,
    /// The socket is to open until then.
    Opening(Millis),
    /// Janus is asked for what is to be.
    Open(Box<Session>),
    /// Until a restart.
    Failed,
    /// For good.
    Closed,
}

/// The session with Janus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) line: Line,
    pub(super) created: bool,
    pub(super) keep_alive: Millis,
    pub(super) publisher: Publisher,
    pub(super) subscriber: Subscriber,
}

/// The handle that publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Publisher {
    pub(super) line: Line,
    pub(super) stage: Joined,
    pub(super) way: Way,
}

/// The handle that subscribes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subscriber {
    pub(super) line: Line,
    pub(super) stage: Joined,
    pub(super) way: Way,
    /// An offer waits for its answer.
    pub(super) offered: bool,
}

/// How far a handle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// There is none.
    No,
    /// It is attached.
    Attached,
    /// It is in the room.
    Yes,
}

/// One participant's way to Janus. See the module.
#[derive(Clone, Debug)]
pub struct Janus {
    pub(super) stage: Stage,
    allowed: bool,
    begun: u32,
    pub(super) number: CallNumber,
    name: String,
    pub(super) out: Queue<Command>,
    pub(super) media: Media,
}

impl Janus {
    /// Nobody is contacted. `name` is that of all feeds of this leg, and no other leg's: each
    /// connection adds its number to it.
    pub const fn new(name: String) -> Self {
        Self {
            stage: Stage::Waiting,
            allowed: false,
            begun: 0,
            number: CallNumber(0),
            name,
            out: Queue::new(),
            media: Media::new(Habit::Keeps, SIGN),
        }
    }

    /// Something happened.
    pub fn handle(&mut self, now: Millis, input: Input) {
        if self.stage == Stage::Closed {
            return;
        }
        match input {
            Input::Credentials => {
                self.allowed = true;
                if self.stage == Stage::Waiting {
                    self.begin(now);
                }
            }
            Input::Wish(wish) => {
                let sender = self.media.wish(now, wish);
                self.out.extend(sender.map(Command::Replace));
            }
            Input::Opened(begun) if begun == self.begun => self.opened(now),
            Input::Lost(begun) if begun == self.begun => {
                self.fail(
                    Failure::Other,
                    "Janus ended the session, or the socket to it closed",
                );
            }
            Input::Transport(begun, side, transport) if begun == self.begun => {
                self.transport(side, transport);
            }
            Input::Offered(begun) if begun == self.begun => {
                if let Stage::Open(session) = &mut self.stage {
                    session.subscriber.offered = true;
                }
            }
            Input::Layered(begun, line, came) if begun == self.begun => {
                self.media.incoming.layered(&line, substream(came));
            }
            Input::Opened(_)
            | Input::Lost(_)
            | Input::Transport(..)
            | Input::Offered(_)
            | Input::Layered(..) => {}
            Input::Answered(number, answer) => self.answered(now, number, answer),
            Input::Restart => self.begin(now),
            Input::Close => {
                self.stage = Stage::Closed;
                self.out.clear();
                self.out.push(Command::End);
            }
            Input::Timeout => self.timed_out(now),
        }
        self.go_on(now);
    }

    /// What is to be done, one after another.
    pub fn poll(&mut self) -> Option<Command> {
        self.out.pop()
    }

    /// When [`Input::Timeout`] is due, if nothing else happens.
    pub fn timer(&self) -> Option<Millis> {
        match &self.stage {
            Stage::Waiting | Stage::Failed | Stage::Closed => None,
            Stage::Opening(until) => Some(*until),
            Stage::Open(session) => {
                let subscriber = &session.subscriber;
                let asks = subscriber.stage != Joined::No && subscriber.line == Line::Free;
                let times = [
                    Some(session.keep_alive),
                    session.line.until(),
                    session.publisher.line.until(),
                    session.publisher.way.until(),
                    subscriber.line.until(),
                    subscriber.way.until(),
                    self.media.incoming.next().filter(|_| asks),
                ];
                times.into_iter().flatten().min()
            }
        }
    }

    /// What others know this connection by.
    pub(super) fn feed(&self) -> String {
        let mut feed = self.name.clone();
        feed.push('-');
        put_number(&mut feed, self.begun);
        feed
    }

    fn begin(&mut self, now: Millis) {
        if !self.allowed {
            return;
        }
        self.begun = self.begun.wrapping_add(1);
        self.media.begin();
        // What was told of the connection before this one is not true of it.
        self.out.clear();
        self.stage = Stage::Opening(now + super::calls::WITHIN);
        self.out.push(Command::Begin(self.begun));
        self.out.push(Command::State(State::Connecting));
    }

    fn opened(&mut self, now: Millis) {
        if !matches!(self.stage, Stage::Opening(_)) {
            return;
        }
        self.stage = Stage::Open(Box::new(Session {
            line: Line::Free,
            created: false,
            keep_alive: now + KEEPALIVE_EVERY,
            publisher: Publisher {
                line: Line::Free,
                stage: Joined::No,
                way: Way::None,
            },
            subscriber: Subscriber {
                line: Line::Free,
                stage: Joined::No,
                way: Way::None,
                offered: false,
            },
        }));
    }

    fn transport(&mut self, side: Side, transport: Transport) {
        let Stage::Open(session) = &mut self.stage else {
            return;
        };
        let way = match side {
            Side::Publisher => &mut session.publisher.way,
            Side::Subscriber => &mut session.subscriber.way,
        };
        match transport {
            Transport::Connected => {
                if way.up() && side == Side::Publisher {
                    self.out.push(Command::State(State::Connected));
                }
            }
            // The socket knows earlier whether Janus is there.
            Transport::Disconnected => {}
            Transport::Failed => self.fail(Failure::Ice, "the media's way to Janus broke"),
        }
    }

    /// Ends the asking. What flows flows on.
    pub(super) fn fail(&mut self, failure: Failure, words: &'static str) {
        if matches!(self.stage, Stage::Opening(_) | Stage::Open(_)) {
            self.stage = Stage::Failed;
            self.out.push(Command::State(State::Failed(failure, words)));
        }
    }

    fn timed_out(&mut self, now: Millis) {
        let past = |until: Option<Millis>| until.is_some_and(|until| until <= now);
        let no_answer = match &mut self.stage {
            Stage::Waiting | Stage::Failed | Stage::Closed => false,
            Stage::Opening(until) => *until <= now,
            Stage::Open(session) => {
                if past(session.publisher.way.until()) || past(session.subscriber.way.until()) {
                    return self.fail(
                        Failure::Ice,
                        "no connection came about in time: is UDP, or a TURN server, to be reached?",
                    );
                }
                if session.keep_alive <= now {
                    session.keep_alive = now + KEEPALIVE_EVERY;
                    self.out.push(Command::KeepAlive);
                }
                let lines = [
                    &session.line,
                    &session.publisher.line,
                    &session.subscriber.line,
                ];
                lines.into_iter().any(|line| past(line.until()))
            }
        };
        if no_answer {
            self.fail(Failure::Timeout, "Janus did not answer in time");
        }
    }
}
