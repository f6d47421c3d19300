//! Anything in any order on the way to Cloudflare's SFU: what holds always, and how it ends.

mod sfu_support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use samewire_core::protocol::client::Source;
use samewire_core::sfu::cloudflare::{Answer, Call, Cloudflare, Command, Input, Item};
use samewire_core::sfu::{CallNumber, State, Transport};
use samewire_core::time::Millis;
use sfu_support::{Event, OTHERS, REST, Reply, There, Wishes, events, wanted};

/// What the server refuses with.
const OF_CLOUDFLARE: [u16; 9] = [400, 401, 403, 404, 406, 410, 425, 429, 503];

fn name(place: usize) -> String {
    format!("other/camera-{place}-720")
}

struct Leg {
    machine: Cloudflare,
    now: Millis,
    begun: u32,
    flight: Option<(CallNumber, Call)>,
    late: Vec<CallNumber>,
    names: BTreeSet<String>,
    there: There,
    told: BTreeMap<Source, String>,
    state: Option<State>,
}

impl Leg {
    fn new() -> Self {
        Self {
            machine: Cloudflare::new(),
            now: Millis(0),
            begun: 0,
            flight: None,
            late: Vec::new(),
            names: BTreeSet::new(),
            there: There::default(),
            told: BTreeMap::new(),
            state: None,
        }
    }

    fn tell(&mut self, input: Input) {
        self.machine.handle(self.now, input);
        while let Some(command) = self.machine.poll() {
            match command {
                Command::Begin(begun) => {
                    assert_eq!(begun, self.begun + 1);
                    self.begun = begun;
                    self.late
                        .extend(self.flight.take().map(|(number, _)| number));
                    self.there = There::default();
                    self.told.clear();
                }
                Command::Abort => {
                    self.late
                        .extend(self.flight.take().map(|(number, _)| number));
                }
                Command::Call(number, call) => {
                    assert_eq!(self.flight, None, "two calls at a time");
                    if let Call::Push(pushed) = &call {
                        for push in pushed {
                            assert!(!self.late.contains(&number));
                            self.names.insert(push.name.clone());
                        }
                    }
                    self.flight = Some((number, call));
                }
                Command::State(state) => self.state = Some(state),
                Command::Published(source, reference) => {
                    self.told.insert(source, reference);
                }
                Command::Track(reference, mid) => {
                    assert_eq!(self.there.coming.get(&mid), Some(&reference));
                }
                Command::Replace(_) | Command::End => {}
            }
        }
        let awaited = self.flight.is_some();
        let until = self.machine.timer();
        assert!(!awaited || until.is_some(), "a call without a deadline");
    }

    fn reply(&mut self, reply: Reply) {
        let Some((number, call)) = self.flight.take() else {
            return;
        };
        let answer = match reply {
            Reply::Refused(code) => Answer::Refused(code, 0),
            Reply::Silent => Answer::Silent,
            Reply::Garbage => Answer::Garbage,
            Reply::Good => self.does(&call, true),
            Reply::Missing => self.does(&call, false),
        };
        self.late.push(number);
        self.tell(Input::Answered(number, answer));
    }

    fn does(&mut self, call: &Call, exists: bool) -> Answer {
        match call {
            Call::Session => Answer::Session("handle".into()),
            Call::Push(pushed) => {
                let items = pushed.iter().map(|push| {
                    let mid = self.there.line();
                    let reference = format!("handle/{}", push.name);
                    self.there.published.insert(reference, push.source);
                    Item {
                        key: push.name.clone(),
                        mid: exists.then_some(mid),
                    }
                });
                Answer::Items(items.collect(), false)
            }
            Call::Pull(asked) => {
                let missing = name(OTHERS - 1);
                let items: Vec<Item> = asked
                    .iter()
                    .map(|one| {
                        let here = exists && one.reference != missing;
                        let mid = here.then(|| self.there.line());
                        if let Some(mid) = &mid {
                            self.there.coming.insert(mid.clone(), one.reference.clone());
                        }
                        Item {
                            key: one.reference.clone(),
                            mid,
                        }
                    })
                    .collect();
                let offered = items.iter().any(|item| item.mid.is_some());
                Answer::Items(items, offered)
            }
            Call::Close(mids) => {
                for mid in mids {
                    self.there.coming.remove(mid);
                }
                Answer::Done
            }
            Call::Renegotiate | Call::Update(_) | Call::Look => Answer::Done,
        }
    }

    fn happens(&mut self, event: &Event) {
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
            Event::Transport(transport) => self.tell(Input::Transport(self.begun, transport)),
            Event::OldTransport(transport) => {
                self.tell(Input::Transport(self.begun.wrapping_sub(1), transport));
            }
            Event::Reply(reply) => self.reply(reply),
            Event::Late(reply) => {
                let Some(number) = self.late.last().copied() else {
                    return;
                };
                let answer = match reply {
                    Reply::Good | Reply::Missing => Answer::Done,
                    Reply::Refused(code) => Answer::Refused(code, 0),
                    Reply::Silent => Answer::Silent,
                    Reply::Garbage => Answer::Garbage,
                };
                let (before, flight) = (self.state, self.flight.clone());
                self.tell(Input::Answered(number, answer));
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
            while self.flight.is_some() {
                self.reply(Reply::Good);
            }
            self.tell(Input::Transport(self.begun, Transport::Connected));
            if self.flight.is_none() {
                self.wait(Millis(100));
            }
        }
    }
}
proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happened_a_restart_to_cloudflare_brings_all_that_is_wanted_and_nothing_else(
        events in events(&OF_CLOUDFLARE),
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
    fn whatever_happened_a_cloudflare_that_falls_silent_is_asked_for_so_long_only(
        events in events(&OF_CLOUDFLARE),
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
