//! What state a leg is in, and what it does next.

use super::{Call, Command, Input, SIGN};
use crate::sfu::media::Media;
use crate::sfu::patience::{ANSWER_WITHIN, TRACK_WITHIN};
use crate::sfu::way::Way;
use crate::sfu::{CallNumber, Failure, Habit, Queue, State, Transport};
use crate::time::Millis;

/// How far a leg is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nobody was contacted: there are no credentials.
    Waiting,
    /// The server is asked for what is to be.
    Open(Session),
    /// Until a restart.
    Failed,
    /// For good.
    Closed,
}

/// The session with the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) handle: Option<String>,
    pub(super) way: Way,
    pub(super) line: Line,
    /// Whether to ask if the server still knows the session.
    pub(super) look: bool,
}

/// The one call at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// None.
    Free,
    /// It is awaited until then.
    Flying {
        number: CallNumber,
        call: Call,
        until: Millis,
        tries: Tries,
    },
    /// It failed, and is made again then.
    Resting {
        call: Call,
        until: Millis,
        tries: Tries,
    },
}

/// How often a call failed, and since when it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tries {
    pub(super) since: Millis,
    pub(super) failures: u32,
}

/// One participant's way to Cloudflare. See the module.
#[derive(Clone, Debug)]
pub struct Cloudflare {
    pub(super) stage: Stage,
    pub(super) allowed: bool,
    pub(super) begun: u32,
    pub(super) number: CallNumber,
    pub(super) names: u32,
    pub(super) out: Queue<Command>,
    pub(super) media: Media,
}

impl Default for Cloudflare {
    fn default() -> Self {
        Self::new()
    }
}

impl Cloudflare {
    /// Nothing is known, and nobody is contacted.
    pub const fn new() -> Self {
        Self {
            stage: Stage::Waiting,
            allowed: false,
            begun: 0,
            number: CallNumber(0),
            names: 0,
            out: Queue::new(),
            media: Media::new(Habit::Collects, SIGN),
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
                    self.begin();
                }
            }
            Input::Wish(wish) => {
                let sender = self.media.wish(now, wish);
                self.out.extend(sender.map(Command::Replace));
            }
            Input::Transport(begun, transport) if begun == self.begun => self.transport(transport),
            Input::Transport(..) => {}
            Input::Answered(number, answer) => self.answered(now, number, answer),
            Input::Restart => self.begin(),
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
        let Stage::Open(session) = &self.stage else {
            return None;
        };
        let line = match &session.line {
            Line::Free => None,
            Line::Flying { until, .. } | Line::Resting { until, .. } => Some(*until),
        };
        // While a call is under way, or may not be made, nothing else is asked.
        let free = session.way == Way::Up && session.line == Line::Free;
        let next = self.media.incoming.next().filter(|_| free);
        [line, session.way.until(), next]
            .into_iter()
            .flatten()
            .min()
    }

    fn begin(&mut self) {
        if !self.allowed {
            return;
        }
        self.begun = self.begun.wrapping_add(1);
        self.media.begin();
        // What was told of the connection before this one is not true of it.
        self.out.clear();
        self.stage = Stage::Open(Session {
            handle: None,
            way: Way::None,
            line: Line::Free,
            look: false,
        });
        self.out.push(Command::Begin(self.begun));
        self.out.push(Command::State(State::Connecting));
    }

    fn transport(&mut self, transport: Transport) {
        let Stage::Open(session) = &mut self.stage else {
            return;
        };
        match transport {
            Transport::Connected => {
                if session.way.up() {
                    self.out.push(Command::State(State::Connected));
                }
            }
            Transport::Disconnected => session.look = true,
            Transport::Failed => {
                self.fail(Failure::Ice, "the media's way to the server broke");
            }
        }
    }

    /// Ends the asking. What flows flows on.
    pub(super) fn fail(&mut self, failure: Failure, words: &'static str) {
        self.stage = Stage::Failed;
        self.out.push(Command::Abort);
        self.out.push(Command::State(State::Failed(failure, words)));
    }

    fn timed_out(&mut self, now: Millis) {
        let Stage::Open(session) = &self.stage else {
            return;
        };
        if session.way.until().is_some_and(|until| until <= now) {
            return self.fail(
                Failure::Ice,
                "no connection came about in time: is UDP, or a TURN server, to be reached?",
            );
        }
        if let Line::Flying { number, until, .. } = &session.line
            && *until <= now
        {
            let number = *number;
            self.out.push(Command::Abort);
            self.answered(now, number, super::Answer::Silent);
        }
    }

    /// Makes the call that is due, when none is under way.
    fn go_on(&mut self, now: Millis) {
        let Stage::Open(session) = &self.stage else {
            return;
        };
        if session.way == Way::Up {
            for (source, reference) in self.media.outgoing.take_published() {
                self.out.push(Command::Published(source, reference));
            }
        }
        match &session.line {
            Line::Flying { .. } => {}
            Line::Resting { call, until, tries } => {
                if *until <= now {
                    let (call, tries) = (call.clone(), *tries);
                    self.call_again(now, call, tries);
                }
            }
            Line::Free => {
                if let Some(call) = self.next_call(now) {
                    self.call(now, call);
                }
            }
        }
    }

    /// Makes a call.
    pub(super) fn call(&mut self, now: Millis, call: Call) {
        let tries = Tries {
            since: now,
            failures: 0,
        };
        self.call_again(now, call, tries);
    }

    fn call_again(&mut self, now: Millis, call: Call, tries: Tries) {
        let Stage::Open(session) = &mut self.stage else {
            return;
        };
        self.number = self.number.next();
        let within = match &call {
            Call::Pull(_) => TRACK_WITHIN,
            Call::Session
            | Call::Push(_)
            | Call::Renegotiate
            | Call::Update(_)
            | Call::Close(_)
            | Call::Look => ANSWER_WITHIN,
        };
        session.line = Line::Flying {
            number: self.number,
            call: call.clone(),
            until: now + within,
            tries,
        };
        self.out.push(Command::Call(self.number, call));
    }
}
