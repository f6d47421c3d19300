//! Anything in any order on the way to Janus: what holds always, and how it ends.

mod sfu_support;

use proptest::prelude::*;
use samewire_core::protocol::client::Source;
use samewire_core::sfu::janus::{Answer, Call, Command, Input, Janus, Side, Stream};
use samewire_core::sfu::{CallNumber, State, Transport};
use samewire_core::time::Millis;
use sfu_support::any::{self, Seen, There, gives_up, recovers, wait};
use sfu_support::{Event, OTHERS, Reply, events};

/// What the server refuses with.
const OF_JANUS: [u16; 8] = [403, 426, 428, 430, 432, 433, 458, 499];

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
    seen: Seen,
    /// The server's offer that waits for its answer.
    offered: bool,
}

impl Leg {
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
                    self.seen.there = There::default();
                    self.seen.told.clear();
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
                    self.seen.state = Some(state);
                }
                Command::Published(source, reference) => {
                    self.seen.told.insert(source, reference);
                }
                Command::Track(reference, mid) => {
                    assert_eq!(self.seen.there.coming.get(&mid), Some(&reference));
                }
                Command::Replace(_) | Command::KeepAlive | Command::Abort | Command::End => {}
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
            Reply::Refused(code) => {
                // What is not there to be let go of is gone; asking again would change nothing.
                if let Call::LetGo(mids) = &call {
                    let coming = &mut self.seen.there.coming;
                    coming.retain(|mid, _| !mids.contains(mid));
                }
                Answer::Refused(code)
            }
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
                    let mid = self.seen.there.line();
                    let height = if placing.source == Source::Camera {
                        720
                    } else {
                        0
                    };
                    let reference = format!("ana-{}/{mid}/{height}", self.begun);
                    self.seen.there.published.insert(reference, placing.source);
                    (placing.source, mid)
                });
                Answer::Placed(placed.filter(|_| exists).collect())
            }
            Call::Subscribe(asked) | Call::More(asked) => {
                let missing = <Self as any::Leg>::name(OTHERS - 1);
                for one in asked {
                    if exists && one.reference != missing {
                        let mid = self.seen.there.line();
                        self.seen.there.coming.insert(mid, one.reference.clone());
                    }
                }
                self.offered = true;
                Answer::Streams(self.streams(), true)
            }
            Call::LetGo(mids) => {
                for mid in mids {
                    self.seen.there.coming.remove(mid);
                }
                self.offered = true;
                Answer::Streams(self.streams(), true)
            }
        }
    }

    fn streams(&self) -> Vec<Stream> {
        let stream =
            |(mid, reference): (&String, &String)| sfu_support::janus::stream(mid, reference);
        self.seen.there.coming.iter().map(stream).collect()
    }
}

impl Default for Leg {
    fn default() -> Self {
        Self {
            machine: Janus::new("ana".into()),
            now: Millis(0),
            begun: 0,
            open: false,
            flight: Vec::new(),
            late: Vec::new(),
            seen: Seen::default(),
            offered: false,
        }
    }
}

impl any::Leg for Leg {
    fn name(place: usize) -> String {
        format!("other/{place}/720")
    }

    fn happens(&mut self, event: &Event) {
        if let Some(wish) = event.wish(Self::name) {
            return self.tell(Input::Wish(wish));
        }
        let begun = self.begun;
        match event.clone() {
            Event::Credentials => self.tell(Input::Credentials),
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
                let (before, flight) = (self.seen.state, self.flight.clone());
                self.tell(Input::Answered(number, Answer::Garbage));
                assert_eq!((self.seen.state, self.flight.clone()), (before, flight));
            }
            Event::Restart => self.tell(Input::Restart),
            Event::Wait(milliseconds) => wait(self, Millis(milliseconds)),
            Event::Publish(..) | Event::Unpublish(_) | Event::Limit(..) | Event::Want(..) => {}
        }
    }

    fn begins_anew(&mut self) {
        self.tell(Input::Credentials);
        self.tell(Input::Restart);
    }

    fn goes_well(&mut self) {
        self.reply(Reply::Good);
        while !self.flight.is_empty() {
            self.reply(Reply::Good);
        }
        self.happens(&Event::Transport(Transport::Connected));
    }

    fn timed_out(&mut self) {
        self.tell(Input::Timeout);
    }

    fn timer(&self) -> Option<Millis> {
        self.machine.timer()
    }

    fn now(&mut self) -> &mut Millis {
        &mut self.now
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_happened_a_restart_to_janus_brings_all_that_is_wanted_and_nothing_else(
        events in events(&OF_JANUS),
    ) {
        recovers::<Leg>(&events);
    }

    #[test]
    fn whatever_happened_a_janus_that_falls_silent_is_asked_for_so_long_only(
        events in events(&OF_JANUS),
    ) {
        gives_up::<Leg>(&events);
    }
}
