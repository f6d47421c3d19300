//! What may happen next, and the model that stateright walks through.

use samewire_core::protocol::client::ClientFrame;
use samewire_core::protocol::http::SwitchRequest;
use samewire_core::protocol::ids::{Epoch, Incarnation, Seq, SocketId};
use samewire_core::session::{Act, Credentials, Input, Mint};
use samewire_core::time::Millis;
use serde_json::Value;
use stateright::{Model, Property};

use crate::scenario::settings;
use crate::state::State;
use crate::tab::BROKEN;
use crate::wire::{Frame, PROVIDERS, Peer, Say, Who, message, provider_named};
use crate::{Mutant, Scenario, laws};

/// How late a late alarm is: later than any lease.
const LATE: Millis = Millis::from_secs(45);

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The object does the next thing that it has decided.
    Out,
    /// The object dies.
    Die,
    /// The object is evicted; its sockets live on.
    Evict,
    /// The next frame of a socket arrives at the object.
    Arrive(Who),
    /// The end of a socket is reported to the object.
    Report(Who),
    /// A tab hears the next frame.
    Hear(u8),
    /// A tab finds its socket broken, before it has heard all that was told on it.
    Lose(u8),
    /// A tab opens a socket and says `hello`.
    Dial(u8),
    /// A tab's network goes.
    Cut(u8),
    /// A tab is loaded again.
    Reload(u8),
    /// A tab leaves.
    Leave(u8),
    /// A tab is ready for the prepared leg.
    Ready(u8),
    /// A tab cannot reach the prepared leg.
    Refuse(u8),
    /// A tab's media on the committed leg is dead.
    Complain(u8),
    /// A tab's media flows on the committed leg.
    Connect(u8),
    /// A tab says a line.
    Chat(u8),
    /// A tab sends a signal to another, as it knows it.
    Signal(u8, Who),
    /// The shell has made the credentials that it was asked for first.
    Give,
    /// It could not.
    Deny,
    /// An operator switches.
    Switch(u8),
    /// The registry switches a provider off or on.
    Toggle(u8),
    /// The alarm rings when it is due.
    Ring,
    /// The alarm rings long after.
    RingLate,
    /// The alarm rings though it is not due.
    RingEarly,
}

impl State {
    /// Takes a step.
    pub fn take(&mut self, step: Step, mutant: Mutant) {
        match step {
            Step::Out => drop(self.out(mutant)),
            Step::Die => {
                self.budget.deaths -= 1;
                self.die();
            }
            Step::Evict => {
                self.budget.evictions -= 1;
                self.object.memory = None;
            }
            Step::Arrive(who) => self.arrive(who, mutant),
            Step::Report(who) => self.report(who, mutant),
            Step::Hear(tab) => drop(self.hear(tab)),
            Step::Lose(tab) => self.cut(tab),
            Step::Dial(tab) => {
                if self.tabs[tab as usize].dials == 0 {
                    self.budget.arrivals -= 1;
                }
                self.dial(tab, mutant);
            }
            Step::Cut(tab) => {
                self.budget.cuts -= 1;
                self.cut(tab);
            }
            Step::Reload(tab) => {
                self.budget.reloads -= 1;
                self.cut(tab);
                self.tab(tab).reload();
                self.dial(tab, mutant);
            }
            Step::Leave(tab) => {
                self.budget.leaves -= 1;
                self.say(tab, Say::Leave);
                self.tab(tab).gone = true;
            }
            Step::Ready(tab) | Step::Refuse(tab) => self.answer(tab, step == Step::Ready(tab)),
            Step::Complain(tab) | Step::Connect(tab) => {
                self.rate(tab, step == Step::Connect(tab));
            }
            Step::Chat(tab) => {
                self.budget.chats -= 1;
                let id = self.tab(tab).number();
                self.tab(tab).unechoed.push(id);
                self.say(tab, Say::Chat(id));
            }
            Step::Signal(tab, to) => self.signal(tab, to),
            Step::Give => self.answer_next(true, mutant),
            Step::Deny => {
                self.budget.denials -= 1;
                self.answer_next(false, mutant);
            }
            Step::Switch(to) => {
                self.budget.switches -= 1;
                let request = SwitchRequest {
                    provider: provider_named(to),
                    reason: None,
                };
                let input = Input::Admin {
                    by: "operator".to_owned(),
                    act: Act::Switch(request),
                };
                self.feed(input, mutant);
            }
            Step::Toggle(provider) => {
                self.budget.toggles -= 1;
                self.object.active[provider as usize] ^= true;
                let providers = settings(self.object.active, self.object.adapter).providers;
                self.feed(Input::Providers { providers }, mutant);
            }
            Step::Ring => {
                self.budget.rings -= 1;
                self.ring(Millis(0), mutant);
            }
            Step::RingLate => {
                self.budget.late_rings -= 1;
                self.ring(LATE, mutant);
            }
            Step::RingEarly => {
                self.budget.early_rings -= 1;
                self.tick(mutant);
            }
        }
    }

    /// The shell hands over the credentials that it was asked for first, or says that there are none.
    pub fn answer_next(&mut self, given: bool, mutant: Mutant) {
        let Some((whose, epoch, provider)) = self.object.asked.pop_front() else {
            return;
        };
        let what = match given {
            true => Credentials::Given {
                credentials: Value::Null,
                expires_at: None,
            },
            false => Credentials::Refused { why: String::new() },
        };
        let input = Input::Credentials {
            participant: whose.participant(),
            epoch: epoch.map(Epoch),
            provider: provider_named(provider),
            what,
        };
        self.feed(input, mutant);
    }

    /// The alarm rings, this much later than it was set for.
    pub fn ring(&mut self, late: Millis, mutant: Mutant) {
        let Some(at) = self.object.alarm.take() else {
            return;
        };
        self.now = self.now.max(at) + late;
        self.tick(mutant);
        if mutant == Mutant::AlarmOnce {
            self.object.alarm = None;
        }
    }

    fn tick(&mut self, mutant: Mutant) {
        let live = self.sockets.iter().filter(|(_, s)| s.at_tab && s.at_object);
        let heard = live.map(|(who, _)| (who.socket(), self.now)).collect();
        self.feed(Input::Tick { heard }, mutant);
    }

    fn answer(&mut self, tab: u8, ready: bool) {
        let of = self.tabs[tab as usize].prepared;
        let me = self.tabs[tab as usize].me;
        let (Some(leg), Some(me)) = (of, me) else {
            return;
        };
        self.tab(tab).answered = true;
        if ready {
            self.witness().ready.insert((me.peer.who, leg.epoch));
            self.say(tab, Say::Ready(leg.epoch));
        } else {
            self.budget.refusals -= 1;
            // It may be the committed one when this arrives.
            self.witness().blamed.insert(leg.epoch);
            self.say(tab, Say::Failed(leg));
        }
    }

    fn rate(&mut self, tab: u8, flows: bool) {
        let Some(leg) = self.tabs[tab as usize].committed else {
            return;
        };
        self.tab(tab).said_of = leg.epoch;
        if flows {
            self.budget.connections -= 1;
            self.say(tab, Say::Connected(leg.epoch));
        } else {
            self.budget.complaints -= 1;
            self.witness().blamed.insert(leg.epoch);
            self.say(tab, Say::Failed(leg));
        }
    }

    fn signal(&mut self, tab: u8, to: Who) {
        self.budget.signals -= 1;
        let from = &self.tabs[tab as usize];
        let (Some(me), Some(leg), Some((ordinal, generation))) =
            (from.me, from.committed, from.peers.get(&to).copied())
        else {
            return;
        };
        let to = Peer {
            who: to,
            ordinal,
            generation,
        };
        let id = self.tab(tab).number();
        self.say(tab, Say::Signal(to, leg.epoch, me.peer.generation, id));
    }

    /// The next frame of a socket arrives at the object.
    pub fn arrive(&mut self, who: Who, mutant: Mutant) {
        let Some(say) = self.sockets.get_mut(&who).and_then(|s| s.up.pop_front()) else {
            return;
        };
        let tab = &self.tabs[who.tab as usize];
        let ack = (tab.socket == Some(who) && tab.welcomed).then_some(Seq(tab.last_seq));
        let input = Input::Received {
            socket: who.socket(),
            frame: Ok(ClientFrame {
                ack,
                message: message(who, &say),
            }),
            mint: Mint {
                participant: who.participant(),
                incarnation: Incarnation(format!("{who:?}")),
                secret: format!("{who:?}"),
                ice: Default::default(),
            },
        };
        self.feed(input, mutant);
        self.sweep();
    }

    /// The end of a socket is reported to the object.
    pub fn report(&mut self, who: Who, mutant: Mutant) {
        if let Some(socket) = self.sockets.get_mut(&who) {
            socket.unreported = false;
            socket.at_object = false;
        }
        self.feed(
            Input::Closed {
                socket: SocketId(format!("{who:?}")),
            },
            mutant,
        );
        self.sweep();
    }
}

impl Model for Scenario {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State::first(self)]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        let budget = &state.budget;
        if !state.object.tail.is_empty() {
            steps.push(Step::Out);
            if budget.deaths > 0 {
                steps.push(Step::Die);
            }
            return;
        }
        for (who, socket) in &state.sockets {
            if !socket.up.is_empty() {
                steps.push(Step::Arrive(*who));
            }
            if socket.unreported {
                steps.push(Step::Report(*who));
            }
        }
        (0..self.tabs).for_each(|tab| steps_of(state, tab, steps));
        let mut may = |left: u8, possible: bool, step| {
            if left > 0 && possible {
                steps.push(step);
            }
        };
        let alive = state.object.table.session.as_ref();
        let at = alive.map(|row| row.value.provider.as_str());
        let awake = state.object.memory.is_some();
        for (i, name) in PROVIDERS.iter().enumerate() {
            let elsewhere = at.is_some() && at != Some(name);
            may(budget.switches, elsewhere, Step::Switch(i as u8));
            may(budget.toggles, alive.is_some(), Step::Toggle(i as u8));
        }
        let asked = !state.object.asked.is_empty();
        may(1, asked, Step::Give);
        may(budget.denials, asked, Step::Deny);
        let alarm = state.object.alarm.is_some();
        may(budget.rings, alarm, Step::Ring);
        may(budget.late_rings, alarm, Step::RingLate);
        may(budget.early_rings, alarm, Step::RingEarly);
        may(budget.evictions, awake, Step::Evict);
        may(budget.deaths, awake, Step::Die);
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = state.clone();
        next.take(step, self.mutant);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        laws::all()
    }
}

fn steps_of(state: &State, tab: u8, steps: &mut Vec<Step>) {
    let budget = &state.budget;
    let this = &state.tabs[tab as usize];
    let mut may = |left: u8, possible: bool, step| {
        if left > 0 && possible {
            steps.push(step);
        }
    };
    let free = 1;
    let Some(socket) = this.socket else {
        let left = if this.dials == 0 {
            budget.arrivals
        } else {
            free
        };
        return may(left, !this.gone, Step::Dial(tab));
    };
    if let Some(socket) = state.sockets.get(&socket) {
        may(free, !socket.down.is_empty(), Step::Hear(tab));
        let last = socket.down.back().map(|told| &told.frame);
        let broken = last == Some(&Frame::Closed(BROKEN)) && socket.down.len() > 1;
        may(free, broken, Step::Lose(tab));
    }
    if this.gone {
        return;
    }
    may(budget.cuts, true, Step::Cut(tab));
    may(budget.reloads, true, Step::Reload(tab));
    if !this.welcomed {
        return;
    }
    let asked = this.prepared.is_some() && !this.answered;
    may(free, asked, Step::Ready(tab));
    may(budget.refusals, asked, Step::Refuse(tab));
    let news = this.committed.is_some_and(|leg| leg.epoch > this.said_of);
    may(budget.complaints, news, Step::Complain(tab));
    may(budget.connections, news, Step::Connect(tab));
    may(budget.leaves, true, Step::Leave(tab));
    may(budget.chats, true, Step::Chat(tab));
    let me = this.me.map(|me| me.peer.who);
    for to in this.peers.keys().filter(|to| Some(**to) != me) {
        may(budget.signals, true, Step::Signal(tab, *to));
    }
}
