//! A leg to Cloudflare, and what it did.

use samewire_core::protocol::client::Source;
use samewire_core::sfu::cloudflare::{Answer, Call, Cloudflare, Command, Input, Item};
use samewire_core::sfu::{CallNumber, Failure, Kind, State, Transport, Wanted};
use samewire_core::time::Millis;

/// What the session of every leg is called.
pub(crate) const SESSION: &str = "handle";

/// A leg, and what it did so far.
pub(crate) struct Leg {
    pub(crate) machine: Cloudflare,
    pub(crate) now: Millis,
    pub(crate) begun: u32,
    pub(crate) calls: Vec<(CallNumber, Call)>,
    pub(crate) states: Vec<State>,
    pub(crate) published: Vec<(Source, String)>,
    pub(crate) tracks: Vec<(String, String)>,
    pub(crate) replaced: Vec<Source>,
    pub(crate) lines: u32,
}

impl Leg {
    pub(crate) fn new() -> Self {
        Self {
            machine: Cloudflare::new(),
            now: Millis(1_000),
            begun: 0,
            calls: Vec::new(),
            states: Vec::new(),
            published: Vec::new(),
            tracks: Vec::new(),
            replaced: Vec::new(),
            lines: 0,
        }
    }

    /// One that is connected, with nothing published.
    pub(crate) fn connected() -> Self {
        let mut leg = Self::new();
        leg.tell(Input::Credentials);
        leg.answer(Answer::Session(SESSION.into()));
        leg.answer(Answer::Items(Vec::new(), false));
        leg.tell(Input::Transport(1, Transport::Connected));
        assert_eq!(leg.states, [State::Connecting, State::Connected]);
        leg
    }

    pub(crate) fn tell(&mut self, input: Input) {
        self.machine.handle(self.now, input);
        while let Some(command) = self.machine.poll() {
            match command {
                Command::Begin(begun) => self.begun = begun,
                Command::Call(number, call) => self.calls.push((number, call)),
                Command::State(state) => self.states.push(state),
                Command::Published(source, reference) => self.published.push((source, reference)),
                Command::Track(reference, mid) => self.tracks.push((reference, mid)),
                Command::Replace(source) => self.replaced.push(source),
                Command::Abort | Command::End => {}
            }
        }
    }

    pub(crate) fn answer(&mut self, answer: Answer) {
        let (number, _) = self.calls.last().unwrap();
        self.tell(Input::Answered(*number, answer));
    }

    /// As asked: with lines for all of it.
    pub(crate) fn answer_well(&mut self) {
        let keys: Vec<String> = match self.last() {
            Call::Push(pushed) => pushed.into_iter().map(|push| push.name).collect(),
            Call::Pull(asked) => asked.into_iter().map(|one| one.reference).collect(),
            other => panic!("{other:?} names nothing"),
        };
        let renegotiate = matches!(self.last(), Call::Pull(_));
        let items = keys.into_iter().map(|key| {
            self.lines += 1;
            Item {
                key,
                mid: Some(self.lines.to_string()),
            }
        });
        let items = items.collect();
        self.answer(Answer::Items(items, renegotiate));
        if renegotiate {
            assert_eq!(self.last(), Call::Renegotiate);
            self.answer(Answer::Done);
        }
    }

    pub(crate) fn last(&self) -> Call {
        self.calls.last().unwrap().1.clone()
    }

    pub(crate) fn publish(&mut self, source: Source, live: bool) {
        let height = if source == Source::Camera { 720 } else { 0 };
        self.tell(Input::Publish {
            source,
            live,
            height,
        });
    }

    pub(crate) fn want(&mut self, references: &[&str]) {
        let wanted = references.iter().map(|reference| wanted(reference, 0));
        self.tell(Input::Want(wanted.collect()));
    }

    /// Time passes, up to the timer again and again.
    pub(crate) fn wait(&mut self, milliseconds: u64) {
        let until = self.now + Millis(milliseconds);
        while let Some(at) = self.machine.timer().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.tell(Input::Timeout);
        }
        self.now = until;
        self.tell(Input::Timeout);
    }

    pub(crate) fn failure(&self) -> Option<Failure> {
        match self.states.last() {
            Some(State::Failed(failure, _)) => Some(*failure),
            Some(State::Connecting | State::Connected) | None => None,
        }
    }

    /// What the last pull asked for.
    pub(crate) fn pulled(&self) -> Vec<String> {
        match self.last() {
            Call::Pull(asked) => asked.into_iter().map(|one| one.reference).collect(),
            other => panic!("{other:?} is no pull"),
        }
    }
}

pub(crate) fn wanted(reference: &str, height: u32) -> Wanted {
    Wanted {
        reference: reference.into(),
        kind: Kind::Video,
        height,
        muted: false,
    }
}

pub(crate) fn refused(status: u16) -> Answer {
    Answer::Refused(status, 0)
}
