//! A leg to Janus, and what it did.

use samewire_core::protocol::client::Source;
use samewire_core::sfu::janus::{Answer, Call, Command, Input, Janus, Side, Stream};
use samewire_core::sfu::{CallNumber, Failure, Kind, State, Transport, Wanted};
use samewire_core::time::Millis;

/// A leg, and what it did so far.
pub(crate) struct Leg {
    pub(crate) machine: Janus,
    pub(crate) now: Millis,
    pub(crate) begun: u32,
    /// Those that were not answered yet.
    pub(crate) calls: Vec<(CallNumber, Call)>,
    pub(crate) states: Vec<State>,
    pub(crate) published: Vec<(Source, String)>,
    pub(crate) tracks: Vec<(String, String)>,
    pub(crate) replaced: Vec<Source>,
    pub(crate) kept_alive: u32,
    pub(crate) lines: u32,
}

impl Leg {
    pub(crate) fn new() -> Self {
        Self {
            machine: Janus::new("ana-x".into()),
            now: Millis(1_000),
            begun: 0,
            calls: Vec::new(),
            states: Vec::new(),
            published: Vec::new(),
            tracks: Vec::new(),
            replaced: Vec::new(),
            kept_alive: 0,
            lines: 0,
        }
    }

    /// One that is connected, with nothing published.
    pub(crate) fn connected() -> Self {
        let mut leg = Self::new();
        leg.tell(Input::Credentials);
        leg.tell(Input::Opened(1));
        leg.answer_all();
        leg.tell(Input::Transport(1, Side::Publisher, Transport::Connected));
        assert_eq!(leg.states, [State::Connecting, State::Connected]);
        leg
    }

    pub(crate) fn tell(&mut self, input: Input) {
        self.machine.handle(self.now, input);
        while let Some(command) = self.machine.poll() {
            match command {
                Command::Begin(begun) => {
                    self.begun = begun;
                    self.calls.clear();
                }
                Command::Call(number, call) => self.calls.push((number, call)),
                Command::State(state) => self.states.push(state),
                Command::Published(source, reference) => self.published.push((source, reference)),
                Command::Track(reference, mid) => self.tracks.push((reference, mid)),
                Command::Replace(source) => self.replaced.push(source),
                Command::KeepAlive => self.kept_alive += 1,
                Command::End => {}
            }
        }
    }

    /// The call in flight, where there is one only.
    pub(crate) fn only(&self) -> Call {
        assert_eq!(self.calls.len(), 1, "{:?}", self.calls);
        self.calls[0].1.clone()
    }

    /// Answers the oldest call.
    pub(crate) fn answer(&mut self, answer: Answer) {
        let (number, _) = self.calls.remove(0);
        self.tell(Input::Answered(number, answer));
    }

    /// Answers the oldest call as it was asked.
    pub(crate) fn answer_well(&mut self) {
        let answer = match self.calls[0].1.clone() {
            Call::Create | Call::Attach(_) | Call::Join(_) | Call::Start | Call::Layers(_) => {
                Answer::Done
            }
            Call::Publish(placings) => {
                let placed = placings.iter().map(|placing| {
                    self.lines += 1;
                    (placing.source, self.lines.to_string())
                });
                Answer::Placed(placed.collect())
            }
            Call::Subscribe(asked) | Call::More(asked) => {
                let streams = asked.iter().map(|one| {
                    self.lines += 1;
                    stream(&self.lines.to_string(), &one.reference)
                });
                Answer::Streams(streams.collect(), true)
            }
            Call::LetGo(_) => Answer::Streams(Vec::new(), true),
        };
        self.answer(answer);
    }

    /// Answers until nothing is asked any more.
    pub(crate) fn answer_all(&mut self) {
        while !self.calls.is_empty() {
            self.answer_well();
        }
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

    /// The tracks that the call in flight asks for.
    pub(crate) fn asked(&self) -> Vec<String> {
        match self.only() {
            Call::Subscribe(asked) | Call::More(asked) => {
                asked.into_iter().map(|one| one.reference).collect()
            }
            other => panic!("{other:?} asks for nothing"),
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

/// The line by which a track comes.
pub(crate) fn stream(mid: &str, reference: &str) -> Stream {
    let mut parts = reference.split('/').map(String::from);
    Stream {
        mid: mid.into(),
        feed: parts.next().unwrap_or_default(),
        feed_mid: parts.next().unwrap_or_default(),
    }
}
