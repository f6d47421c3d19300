//! A leg to Janus, and what it did.

use samewire_core::sfu::janus::{Answer, Call, Input, Janus, Side, Stream};
use samewire_core::sfu::{State, Transport};
use samewire_core::time::Millis;

use super::leg::machine;

pub(crate) type Leg = super::leg::Leg<Janus>;

machine!(Janus, Input, Call);

impl Leg {
    pub(crate) fn new() -> Self {
        Self::of(Janus::new("ana-x".into()))
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

/// The line by which a track comes.
pub(crate) fn stream(mid: &str, reference: &str) -> Stream {
    let mut parts = reference.split('/').map(String::from);
    Stream {
        mid: mid.into(),
        feed: parts.next().unwrap_or_default(),
        feed_mid: parts.next().unwrap_or_default(),
    }
}
