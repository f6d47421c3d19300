//! Anything in any order on the way to Cloudflare's SFU: what holds always, and how it ends.

mod sfu_support;

use std::collections::BTreeSet;

use proptest::prelude::*;
use samewire_core::sfu::cloudflare::{Answer, Call, Cloudflare, Command, Input, Item};
use samewire_core::sfu::{CallNumber, Transport};
use samewire_core::time::Millis;
use sfu_support::any::{self, Seen, There, gives_up, recovers, wait};
use sfu_support::{Event, OTHERS, Reply, events};

/// What the server refuses with.
const OF_CLOUDFLARE: [u16; 9] = [400, 401, 403, 404, 406, 410, 425, 429, 503];

struct Leg {
    machine: Cloudflare,
    now: Millis,
    begun: u32,
    flight: Option<(CallNumber, Call)>,
    late: Vec<CallNumber>,
    names: BTreeSet<String>,
    seen: Seen,
}

impl Leg {
    fn tell(&mut self, input: Input) {
        self.machine.handle(self.now, input);
        while let Some(command) = self.machine.poll() {
            match command {
                Command::Begin(begun) => {
                    assert_eq!(begun, self.begun + 1);
                    self.begun = begun;
                    self.late
                        .extend(self.flight.take().map(|(number, _)| number));
                    self.seen.there = There::default();
                    self.seen.told.clear();
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
                Command::State(state) => self.seen.state = Some(state),
                Command::Published(source, reference) => {
                    self.seen.told.insert(source, reference);
                }
                Command::Track(reference, mid) => {
                    assert_eq!(self.seen.there.coming.get(&mid), Some(&reference));
                }
                Command::Replace(_) | Command::KeepAlive | Command::End => {}
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
            Reply::Refused(code) => {
                // What is not there to be closed is closed; asking again would change nothing.
                if matches!((&call, code), (Call::Close(_), 400 | 404 | 406)) {
                    self.does(&call, true);
                }
                Answer::Refused(code, 0)
            }
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
                    let mid = self.seen.there.line();
                    let reference = format!("handle/{}", push.name);
                    self.seen
                        .there
                        .published
                        .insert(reference.clone(), push.source);
                    self.seen.there.pushed.insert(mid.clone(), reference);
                    Item {
                        key: push.name.clone(),
                        mid: exists.then_some(mid),
                    }
                });
                Answer::Items(items.collect(), false)
            }
            Call::Pull(asked) => {
                let missing = <Self as any::Leg>::name(OTHERS - 1);
                let items: Vec<Item> = asked
                    .iter()
                    .map(|one| {
                        let here = exists && one.reference != missing;
                        let mid = here.then(|| self.seen.there.line());
                        if let Some(mid) = &mid {
                            self.seen
                                .there
                                .coming
                                .insert(mid.clone(), one.reference.clone());
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
                    let there = &mut self.seen.there;
                    there.coming.remove(mid);
                    if let Some(reference) = there.pushed.remove(mid) {
                        there.published.remove(&reference);
                    }
                }
                Answer::Done
            }
            Call::Renegotiate | Call::Update(_) | Call::Look => Answer::Done,
        }
    }
}

impl Default for Leg {
    fn default() -> Self {
        Self {
            machine: Cloudflare::new(),
            now: Millis(0),
            begun: 0,
            flight: None,
            late: Vec::new(),
            names: BTreeSet::new(),
            seen: Seen::default(),
        }
    }
}

impl any::Leg for Leg {
    fn name(place: usize) -> String {
        format!("other/camera-{place}-720")
    }

    fn happens(&mut self, event: &Event) {
        if let Some(wish) = event.wish(Self::name) {
            return self.tell(Input::Wish(wish));
        }
        match event.clone() {
            Event::Credentials => self.tell(Input::Credentials),
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
                let (before, flight) = (self.seen.state, self.flight.clone());
                self.tell(Input::Answered(number, answer));
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
        while self.flight.is_some() {
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
    fn whatever_happened_a_restart_to_cloudflare_brings_all_that_is_wanted_and_nothing_else(
        events in events(&OF_CLOUDFLARE),
    ) {
        recovers::<Leg>(&events);
    }

    #[test]
    fn whatever_happened_a_cloudflare_that_falls_silent_is_asked_for_so_long_only(
        events in events(&OF_CLOUDFLARE),
    ) {
        gives_up::<Leg>(&events);
    }
}
