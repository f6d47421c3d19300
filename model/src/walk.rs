//! One fair order of steps, with a death after any output of it: for what must come out the same
//! however the object is killed.

use crate::state::State;
use crate::steps::Step;
use crate::wire::Leg;
use crate::witness::Broken;
use crate::{Mutant, Scenario, laws};

/// What a session goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// An operator switches.
    Switch,
    /// An operator switches, and the last tab cannot follow.
    Abort,
    /// Everyone's media dies.
    Failover,
    /// One more comes than the provider takes.
    Growth,
}

/// What a tab knows.
pub type Known = (Option<u32>, Option<Leg>, bool, Option<Leg>);

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Where the session is, and what it prepares.
    pub stored: Option<(Leg, Option<Leg>)>,
    /// Of each tab: its ordinal, what it knows to be committed, whether it renders that, and what it
    /// prepares.
    pub tabs: Vec<Known>,
    /// What was broken.
    pub broken: Vec<Broken>,
}

/// Plays a story; the object dies after that many outputs, if it is told to. Says how it ended, and how
/// many outputs there were.
pub fn play(story: Story, people: u8, dies_after: Option<usize>) -> (Ending, usize) {
    let inside = people - u8::from(story == Story::Growth);
    let mut state = State::first(&Scenario::of("a story", people, inside).with(|budget| {
        *budget = crate::scenario::Budget {
            deaths: 1,
            switches: 1,
            arrivals: 1,
            refusals: 1,
            complaints: u8::MAX,
            ..*budget
        };
    }));
    let mutant = Mutant::None;
    match story {
        Story::Switch | Story::Abort => state.take(Step::Switch(1), mutant),
        Story::Growth => state.take(Step::Dial(people - 1), mutant),
        Story::Failover => {}
    }
    let mut outputs = 0;
    loop {
        let outputting = !state.object.tail.is_empty();
        if !state.settle(mutant) && !want(&mut state, story) {
            break;
        }
        if outputting {
            outputs += 1;
            if dies_after == Some(outputs) {
                state.die();
            }
        }
    }
    let ending = Ending {
        stored: laws::stored(&state),
        tabs: state
            .tabs
            .iter()
            .map(|tab| {
                let me = tab.me.map(|me| me.peer.ordinal);
                (me, tab.committed, tab.renders, tab.prepared)
            })
            .collect(),
        broken: state.witness.broken.iter().copied().collect(),
    };
    (ending, outputs)
}

/// The next thing that a tab wants, if any does: to come back, to say how its prepared leg is, to
/// complain for as long as it is where its media died.
fn want(state: &mut State, story: Story) -> bool {
    let last = state.tabs.len() - 1;
    for i in 0..state.tabs.len() {
        let tab = i as u8;
        let this = state.tabs[i].clone();
        if this.gone || this.dials == 0 {
            continue;
        }
        let step = if this.socket.is_none() {
            Step::Dial(tab)
        } else if this.prepared.is_some() && !this.answered {
            if story == Story::Abort && i == last {
                state.budget.refusals = 1;
                Step::Refuse(tab)
            } else {
                Step::Ready(tab)
            }
        } else if story == Story::Failover
            && this.committed.is_some_and(|leg| leg.epoch == 1)
            && this.last_seq > this.said_of
        {
            // Once for each time that it has heard something.
            let heard = this.last_seq;
            state.take(Step::Complain(tab), Mutant::None);
            state.tab(tab).said_of = heard;
            return true;
        } else {
            continue;
        };
        state.take(step, Mutant::None);
        return true;
    }
    false
}
