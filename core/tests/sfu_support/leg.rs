//! A leg to either server, and what it did.

use samewire_core::protocol::client::Source;
use samewire_core::sfu::{CallNumber, Command, Failure, State, Wish};
use samewire_core::time::Millis;

/// Either machine.
pub(crate) trait Machine {
    type Input;
    type Call;
    fn wish(wish: Wish) -> Self::Input;
    fn timeout() -> Self::Input;
    fn take(&mut self, now: Millis, input: Self::Input);
    fn next(&mut self) -> Option<Command<Self::Call>>;
    fn at(&self) -> Option<Millis>;
}

/// Implements it: both have the same methods, and inputs of the same names.
macro_rules! machine {
    ($machine:ty, $input:ident, $call:ty) => {
        impl $crate::sfu_support::leg::Machine for $machine {
            type Input = $input;
            type Call = $call;
            fn wish(wish: samewire_core::sfu::Wish) -> $input {
                $input::Wish(wish)
            }
            fn timeout() -> $input {
                $input::Timeout
            }
            fn take(&mut self, now: Millis, input: $input) {
                self.handle(now, input);
            }
            fn next(&mut self) -> Option<samewire_core::sfu::Command<$call>> {
                self.poll()
            }
            fn at(&self) -> Option<Millis> {
                self.timer()
            }
        }
    };
}
pub(crate) use machine;

/// A leg, and what it did so far.
pub(crate) struct Leg<M: Machine> {
    pub(crate) machine: M,
    pub(crate) now: Millis,
    pub(crate) begun: u32,
    /// Those of the present connection.
    pub(crate) calls: Vec<(CallNumber, M::Call)>,
    pub(crate) states: Vec<State>,
    pub(crate) published: Vec<(Source, String)>,
    pub(crate) tracks: Vec<(String, String)>,
    pub(crate) replaced: Vec<Source>,
    pub(crate) kept_alive: u32,
    pub(crate) lines: u32,
}

impl<M: Machine> Leg<M> {
    pub(crate) fn of(machine: M) -> Self {
        Self {
            machine,
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

    pub(crate) fn tell(&mut self, input: M::Input) {
        self.machine.take(self.now, input);
        while let Some(command) = self.machine.next() {
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
                Command::Abort | Command::End => {}
            }
        }
    }

    pub(crate) fn wish(&mut self, wish: Wish) {
        self.tell(M::wish(wish));
    }

    pub(crate) fn publish(&mut self, source: Source, live: bool) {
        let height = if source == Source::Camera { 720 } else { 0 };
        self.wish(Wish::Publish {
            source,
            live,
            height,
        });
    }

    pub(crate) fn want(&mut self, references: &[&str]) {
        let wanted = references.iter().map(|one| super::shown(one, 0));
        self.wish(Wish::Want(wanted.collect()));
    }

    /// Time passes, up to the timer again and again.
    pub(crate) fn wait(&mut self, milliseconds: u64) {
        let until = self.now + Millis(milliseconds);
        while let Some(at) = self.machine.at().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.tell(M::timeout());
        }
        self.now = until;
        self.tell(M::timeout());
    }

    pub(crate) fn failure(&self) -> Option<Failure> {
        match self.states.last() {
            Some(State::Failed(failure, _)) => Some(*failure),
            Some(State::Connecting | State::Connected) | None => None,
        }
    }
}
