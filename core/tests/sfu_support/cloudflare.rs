//! A leg to Cloudflare, and what it did.

use samewire_core::sfu::cloudflare::{Answer, Call, Cloudflare, Input, Item};
use samewire_core::sfu::{State, Transport};
use samewire_core::time::Millis;

use super::leg::machine;

/// What the session of every leg is called.
pub(crate) const SESSION: &str = "handle";

pub(crate) type Leg = super::leg::Leg<Cloudflare>;

machine!(Cloudflare, Input, Call);

impl Leg {
    pub(crate) fn new() -> Self {
        Self::of(Cloudflare::new())
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

    /// What the last pull asked for.
    pub(crate) fn pulled(&self) -> Vec<String> {
        match self.last() {
            Call::Pull(asked) => asked.into_iter().map(|one| one.reference).collect(),
            other => panic!("{other:?} is no pull"),
        }
    }
}

pub(crate) fn refused(status: u16) -> Answer {
    Answer::Refused(status, 0)
}
