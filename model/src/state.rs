//! Everything at one moment: the object, the sockets, the tabs, and what is remembered of them.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use samewire_core::protocol::ids::SocketId;
use samewire_core::session::{Input, Pending, Write};
use samewire_core::time::Millis;

use crate::object::{Object, Out, claims};
use crate::scenario::{Budget, Scenario};
use crate::tab::{BROKEN, Shock, Tab};
use crate::wire::{Frame, Say, Told, Who};
use crate::witness::{Broken, Witness};
use crate::{Mutant, table::Table};

/// When every scenario begins.
const BEGIN: Millis = Millis(1_000_000);

/// One socket, and what is under way on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Socket {
    /// From the tab.
    pub up: VecDeque<Say>,
    /// To the tab.
    pub down: VecDeque<Told>,
    /// Whether the tab still has it.
    pub at_tab: bool,
    /// Whether the object still has it.
    pub at_object: bool,
    /// Whether its end is still to be reported to the object.
    pub unreported: bool,
    /// When it was accepted.
    opened: Millis,
}

/// Everything at one moment.
#[derive(Clone, PartialEq, Hash)]
pub struct State {
    /// The time.
    pub now: Millis,
    /// The object.
    pub object: Object,
    /// All sockets of which anything is left.
    pub sockets: BTreeMap<Who, Socket>,
    /// The tabs.
    pub tabs: Vec<Arc<Tab>>,
    /// What may still happen.
    pub budget: Budget,
    /// What happened.
    pub witness: Arc<Witness>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.object.table.session.as_ref();
        let at = record.map(|row| (row.value.epoch.0, row.value.provider.0.clone()));
        let switch = record.and_then(|row| row.value.switch.clone());
        f.debug_struct("State")
            .field("now", &self.now.0)
            .field("at", &at)
            .field("switch", &switch.map(|s| (s.epoch.0, s.quorum)))
            .field("awake", &self.object.memory.is_some())
            .field("tail", &self.object.tail.len())
            .field("sockets", &self.sockets)
            .field("tabs", &self.tabs)
            .field("broken", &self.witness.broken)
            .finish_non_exhaustive()
    }
}

impl State {
    /// A scenario's first: those inside have come, one after the other, and heard of each other.
    pub fn first(scenario: &Scenario) -> Self {
        let mut state = Self {
            now: BEGIN,
            object: Object::new(scenario.adapter),
            sockets: BTreeMap::new(),
            tabs: vec![Arc::default(); scenario.tabs.into()],
            budget: Budget::default(),
            witness: Arc::default(),
        };
        for tab in 0..scenario.inside {
            state.dial(tab, scenario.mutant);
            while state.settle(scenario.mutant) {}
        }
        state.budget = scenario.budget;
        state
    }

    /// A tab, to be changed.
    pub fn tab(&mut self, tab: u8) -> &mut Tab {
        Arc::make_mut(&mut self.tabs[tab as usize])
    }

    /// What happened, to be added to.
    pub fn witness(&mut self) -> &mut Witness {
        Arc::make_mut(&mut self.witness)
    }

    fn broke(&mut self, broken: Broken) {
        self.witness().broken.insert(broken);
    }

    /// The sockets that the object has.
    pub fn open_sockets(&self) -> BTreeMap<SocketId, Pending> {
        let open = self.sockets.iter().filter(|(_, socket)| socket.at_object);
        open.map(|(who, socket)| {
            let pending = Pending {
                claims: claims(who.tab),
                opened: socket.opened,
            };
            (who.socket(), pending)
        })
        .collect()
    }

    /// The object takes an input; unless it may die over it, all that follows is done.
    pub fn feed(&mut self, input: Input, mutant: Mutant) {
        let may_die = self.budget.deaths > 0;
        let open = if self.object.memory.is_none() || mutant.hides_switch(&input) {
            self.open_sockets()
        } else {
            BTreeMap::new()
        };
        let ticked = matches!(input, Input::Tick { .. });
        self.object.take(self.now, input, || open, mutant, may_die);
        if ticked {
            let due = self.object.memory.as_ref().and_then(|memory| memory.due);
            if due.is_some_and(|due| due <= self.now) {
                self.broke(Broken::Overdue);
            }
        }
        while !may_die && self.out(mutant) {}
    }

    /// Does the next of what was decided; says whether there was any.
    pub fn out(&mut self, mutant: Mutant) -> bool {
        let Some((_, out)) = self.object.tail.pop_front() else {
            return false;
        };
        match &*out {
            Out::Store(writes) => self.store(writes),
            Out::Send(to, told) => {
                let witness = Arc::make_mut(&mut self.witness);
                witness.told(told, &self.object.before, &self.object.table);
                if let Some(socket) = self.sockets.get_mut(to)
                    && socket.at_tab
                    && (mutant != Mutant::DropsFrames || socket.down.is_empty())
                {
                    socket.down.push_back(told.clone());
                }
            }
            Out::Close(to, code) => {
                if let Some(socket) = self.sockets.get_mut(to)
                    && socket.at_object
                {
                    socket.at_object = false;
                    socket.unreported = true;
                    socket.end(*code);
                }
            }
            Out::Ask(asked) => self.object.asked.extend(asked),
            Out::Alarm => {
                self.object.set_alarm();
            }
        }
        true
    }

    fn store(&mut self, writes: &[Write]) {
        let before = self.object.table.clone();
        let mut after = Table::clone(&before);
        writes.iter().for_each(|write| after.write(write));
        self.witness().stored(writes, &before, &after);
        self.object.table = Arc::new(after);
    }

    /// The object dies, with whatever it has not done, and all its sockets with it.
    pub fn die(&mut self) {
        self.object.memory = None;
        self.object.tail.clear();
        self.object.asked.clear();
        for socket in self.sockets.values_mut() {
            if socket.at_object {
                socket.end(BROKEN);
            }
            socket.at_object = false;
            socket.unreported = false;
            socket.up.clear();
        }
        self.sweep();
    }

    /// A tab opens a socket and says `hello`.
    pub fn dial(&mut self, tab: u8, mutant: Mutant) {
        self.now = self.now + Millis(1);
        let (who, hello) = self.tab(tab).dial(tab);
        let socket = Socket {
            up: [hello].into(),
            down: VecDeque::new(),
            at_tab: true,
            at_object: true,
            unreported: false,
            opened: self.now,
        };
        self.sockets.insert(who, socket);
        let input = Input::Opened {
            socket: who.socket(),
            claims: claims(tab),
        };
        self.feed(input, mutant);
    }

    /// A tab's network goes; the object does not know yet.
    pub fn cut(&mut self, tab: u8) {
        let Some(who) = self.tabs[tab as usize].socket else {
            return;
        };
        self.tab(tab).lose(BROKEN);
        if let Some(socket) = self.sockets.get_mut(&who) {
            socket.at_tab = false;
            socket.down.clear();
            socket.unreported = socket.at_object || socket.unreported;
        }
        self.sweep();
    }

    /// A tab says something, if it has a socket that was welcomed.
    pub fn say(&mut self, tab: u8, say: Say) {
        if let Some(who) = self.tabs[tab as usize].socket
            && let Some(socket) = self.sockets.get_mut(&who)
            && socket.at_object
        {
            socket.up.push_back(say);
        }
    }

    /// A tab hears the next frame.
    pub fn hear(&mut self, tab: u8) -> bool {
        let Some(who) = self.tabs[tab as usize].socket else {
            return false;
        };
        let Some(told) = self.sockets.get_mut(&who).and_then(|s| s.down.pop_front()) else {
            return false;
        };
        if let Frame::Closed(_) = told.frame
            && let Some(socket) = self.sockets.get_mut(&who)
        {
            socket.at_tab = false;
        }
        let (says, shock) = self.tab(tab).hear(&told);
        says.into_iter().for_each(|say| self.say(tab, say));
        match shock {
            Some(Shock::LineTwice) => self.broke(Broken::LineTwice),
            Some(Shock::Stranger) => self.broke(Broken::Stranger),
            None => {}
        }
        self.sweep();
        true
    }

    /// Forgets sockets of which nothing is left.
    pub fn sweep(&mut self) {
        self.sockets.retain(|_, socket| {
            if !socket.at_object && !socket.unreported {
                socket.up.clear();
            }
            socket.at_tab || socket.at_object || socket.unreported || !socket.up.is_empty()
        });
    }

    /// Does one thing that is under way, whatever it is; says whether there was any.
    pub fn settle(&mut self, mutant: Mutant) -> bool {
        if self.out(mutant) {
            return true;
        }
        let said = self.sockets.iter().find(|(_, s)| !s.up.is_empty());
        if let Some(who) = said.map(|(who, _)| *who) {
            self.arrive(who, mutant);
            return true;
        }
        if (0..self.tabs.len()).any(|tab| self.hear(tab as u8)) {
            return true;
        }
        if !self.object.asked.is_empty() {
            self.answer_next(true, mutant);
            return true;
        }
        let unreported = self.sockets.iter().find(|(_, s)| s.unreported);
        if let Some(who) = unreported.map(|(who, _)| *who) {
            self.report(who, mutant);
            return true;
        }
        false
    }
}

impl Socket {
    /// The object's end of it is gone; the tab hears that behind all else.
    fn end(&mut self, code: u16) {
        if self.at_tab {
            self.down.push_back(Told {
                seq: 0,
                frame: Frame::Closed(code),
            });
        }
    }
}
