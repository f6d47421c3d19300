//! Anything in any order on the way to Janus: what holds always, and how it ends.

mod sfu_support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use samewire_core::protocol::client::Source;
use samewire_core::sfu::janus::{Answer, Call, Command, Input, Janus, Side, Stream};
use samewire_core::sfu::{CallNumber, State, Transport};
use samewire_core::time::Millis;
use sfu_support::{Event, OTHERS, REST, Reply, There, Wishes, events, wanted};

/// What the server refuses with.
const OF_JANUS: [u16; 8] = [403, 426, 428, 430, 432, 433, 458, 499];

fn name(place: usize) -> String {
    format!("other/{place}/720")
}

/// On which of the three lines a call is.
const fn line(call: &Call) -> u8 {
    match call {
        Call::Create | Call::Attach(_) => 0,
        Call::Join(_) | Call::Publish(_) => 1,
        Call::Subscribe(_) | Call::More(_) | Call::LetGo(_) | Call::Start | Call::Layers(_) => 2,
    }
}

struct Leg {
    machine: Janus,
    now: Millis,
    begun: u32,
    open: bool,
    flight: Vec<(CallNumber, Call)>,
    late: Vec<CallNumber>,
    there: There,
    told: BTreeMap<Source, String>,
    state: Option<State>,
    /// The server's offer that waits for its answer.
    offered: bool,
}

impl Leg {
    fn new() -> Self {
        Self {
            machine: Janus::new("ana".into()),
            now: Millis(0),
            begun: 0,
            open: false,
            flight: Vec::new(),
            late: Vec::new(),
            there: There::default(),
            told: BTreeMap::new(),
            state: None,
            offered: false,
        }
    }

    fn tell(&mut self, input: Input) {
        self.machine.handle(self.now, input);
        while let Some(command) = self.machine.poll() {
            match command {
                Command::Begin(begun) => {
                    assert_eq!(begun, self.begun + 1);
                    self.begun = begun;
                    self.open = false;
                    self.offered = false;
                    self.late
                        .extend(self.flight.drain(..).map(|(number, _)| number));
                    self.there = There::default();
                    self.told.clear();
                }
                Command::Call(number, call) => {
                    let same = self.flight.iter().find(|(_, one)| line(one) == line(&call));
                    assert_eq!(same, None, "two calls at a time on one line");
                    let answers = matches!(call, Call::Start);
                    assert_eq!(self.offered && line(&call) == 2, answers, "{call:?}");
                    self.flight.push((number, call));
                }
                Command::State(state) => {
                    if let State::Failed(..) = state {
                        self.late
                            .extend(self.flight.drain(..).map(|(number, _)| number));
                    }
                    self.state = Some(state);
                }
                Command::Published(source, reference) => {
                    self.told.insert(source, reference);
                }
                Command::Track(reference, mid) => {
                    assert_eq!(self.there.coming.get(&mid), Some(&reference));
                }
                Command::Replace(_) | Command::KeepAlive | Command::End => {}
            }
        }
        assert!(
            self.flight.is_empty() || self.machine.timer().is_some(),
            "a call without a deadline"
        );
    }

    fn reply(&mut self, reply: Reply) {
        if !self.open {
            self.open = true;
            return self.tell(Input::Opened(self.begun));
        }
        if self.flight.is_empty() {
            return;
        }
        let (number, call) = self.flight.remove(0);
        let answer = match reply {
            Reply::Refused(code) => Answer::Refused(code),
            // A socket that is reliable says nothing of it: the deadline will.
            Reply::Silent => return self.flight.insert(0, (number, call)),
            Reply::Garbage => Answer::Garbage,
            Reply::Good => self.does(&call, true),
            Reply::Missing => self.does(&call, false),
        };
        self.late.push(number);
        self.tell(Input::Answered(number, answer));
    }

    fn does(&mut self, call: &Call, exists: bool) -> Answer {
        match call {
            Call::Create | Call::Attach(_) | Call::Join(_) | Call::Layers(_) => Answer::Done,
            Call::Start => {
                self.offered = false;
                Answer::Done
            }
            Call::Publish(placings) => {
                let placed = placings.iter().map(|placing| {
                    let mid = self.there.line();
                    let height = if placing.source == Source::Camera {
                        720
                    } else {
                        0
                    };
                    let reference = format!("ana-{}/{mid}/{height}", self.begun);
                    self.there.published.insert(reference, placing.source);
                    (placing.source, mid)
                });
                Answer::Placed(placed.filter(|_| exists).collect())
            }
            Call::Subscribe(asked) | Call::More(asked) => {
                let missing = name(OTHERS - 1);
                for one in asked {
                    if exists && one.reference != missing {
                        let mid = self.there.line();
                        self.there.coming.insert(mid, one.reference.clone());
                    }
                }
                self.offered = true;
                Answer::Streams(self.streams(), true)
            }
            Call::LetGo(mids) => {
                for mid in mids {
                    self.there.coming.remove(mid);
                }
                self.offered = true;
                Answer::Streams(self.streams(), true)
            }
        }
    }

    fn streams(&self) -> Vec<Stream> {
        let stream =
            |(mid, reference): (&String, &String)| sfu_support::janus::stream(mid, reference);
        self.there.coming.iter().map(stream).collect()
    }

    fn happens(&mut self, event: &Event) {
        let begun = self.begun;
        match event.clone() {
            Event::Credentials => self.tell(Input::Credentials),
            Event::Publish(source, live) => {
                self.tell(Input::Publish {
                    source,
                    live,
                    height: 720,
                });
            }
            Event::Unpublish(source) => self.tell(Input::Unpublish(source)),
            Event::Limit(source, active) => self.tell(Input::Limit(source, active)),
            Event::Want(which, height) => {
                self.tell(Input::Want(wanted(&which, height, name)));
            }
            Event::Transport(transport) => {
                self.tell(Input::Transport(begun, Side::Publisher, transport));
                self.tell(Input::Transport(begun, Side::Subscriber, transport));
            }
            Event::OldTransport(transport) => {
                let old = begun.wrapping_sub(1);
                self.tell(Input::Transport(old, Side::Publisher, transport));
                self.tell(Input::Lost(old));
            }
            Event::Reply(reply) => self.reply(reply),
            Event::Late(_) => {
                let Some(number) = self.late.last().copied() else {
                    return;
                };
                let (before, flight) = (self.state, self.flight.clone());
                self.tell(Input::Answered(number, Answer::Garbage));
                assert_eq!((self.state, self.flight.clone()), (before, flight));
            }
            Event::Restart => self.tell(Input::Restart),
            Event::Wait(milliseconds) => self.wait(Millis(milliseconds)),
        }
    }

    /// Time passes, and the timer is heeded.
    fn wait(&mut self, span: Millis) {
        let until = self.now + span;
        let mut turns = 0;
        while let Some(at) = self.machine.timer().filter(|at| *at <= until) {
            turns += 1;
            assert!(turns < 10_000, "a timer that never rests");
            self.now = self.now.max(at);
            self.tell(Input::Timeout);
        }
        self.now = until;
    }

    /// From now on all goes well, for so long.
    fn recovers(&mut self) {
        self.tell(Input::Credentials);
        self.tell(Input::Restart);
        for _ in 0..200 {
            self.reply(Reply::Good);
            while !self.flight.is_empty() {
                self.reply(Reply::Good);
            }
            self.happens(&Event::Transport(Transport::Connected));
            if self.flight.is_empty() {
                self.wait(Millis(100));
            }
        }
    }
}
proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happened_a_restart_to_janus_brings_all_that_is_wanted_and_nothing_else(
        events in events(&OF_JANUS),
    ) {
        let (mut leg, mut wishes) = (Leg::new(), Wishes::default());
        for event in &events {
            wishes.note(event);
            leg.happens(event);
        }
        leg.recovers();
        prop_assert_eq!(leg.state, Some(State::Connected));
        prop_assert_eq!(leg.there.has(), wishes.come(name));
        prop_assert_eq!(leg.there.coming.len(), leg.there.has().len(), "nothing comes twice");
        prop_assert_eq!(leg.told.keys().copied().collect::<BTreeSet<_>>(), wishes.live);
        for (source, reference) in &leg.told {
            prop_assert_eq!(leg.there.published.get(reference), Some(source));
        }
    }

    #[test]
    fn whatever_happened_a_janus_that_falls_silent_is_asked_for_so_long_only(
        events in events(&OF_JANUS),
    ) {
        let mut leg = Leg::new();
        for event in &events {
            leg.happens(event);
        }
        leg.tell(Input::Credentials);
        leg.tell(Input::Restart);
        leg.wait(REST);
        prop_assert!(matches!(leg.state, Some(State::Failed(..))));
        prop_assert_eq!(leg.machine.timer(), None);
    }
}
