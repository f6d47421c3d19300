//! What must always hold, each as a property by name.
//!
//! stateright's own `eventually` overlooks what goes round in a circle, so nothing is left to it: that
//! a thing comes about is looked at where nothing is under way any more, and every state is on a way
//! there. That a switch ends is two laws: its deadline has an alarm, and it is over when that rings.

use stateright::Property;

use crate::state::State;
use crate::tab::Tab;
use crate::wire::{Frame, Leg, Who, provider_of};
use crate::witness::Broken;
use crate::{Scenario, state::Socket};

/// Stored before told.
pub const STORED_FIRST: &str = "nothing is told before it is stored";
/// Nobody is told two things of one epoch.
pub const ONE_PROVIDER: &str = "one epoch has one provider in all that is stored and told";
/// … nor of how it ended.
pub const ONE_OUTCOME: &str =
    "an epoch that was given up is not committed, nor the other way round";
/// Epochs only grow.
pub const GROWS: &str = "epochs only grow";
/// A second trigger is merged, never nested.
pub const ONE_SWITCH: &str = "a switch begins when none is under way";
/// Everyone moves or nobody does.
pub const READY: &str = "nobody is moved who could be waited for and has not said ready";
/// Two failure reports of one epoch are one failover.
pub const BLAMED: &str = "nobody is moved at once from an epoch that nobody complained of";
/// A switch ends, and so does every other wait.
pub const ENDS: &str = "a deadline that rang is over";
/// … because it will ring.
pub const ALARM: &str = "whatever is waited for has an alarm";
/// Old negotiations are never told again.
pub const SIGNALS: &str = "a signal is of a valid epoch and of its sender's present generation";
/// Joined comes before that one's signals.
pub const KNOWN: &str = "nobody hears a signal of somebody unknown";
/// Nothing is handled twice.
pub const LINES: &str = "no line of chat is taken or heard twice";
/// Politeness comes from the ordinal.
pub const POLITE: &str = "of two who know each other exactly one is polite";
/// Everyone who renders, renders the committed epoch.
pub const RENDERS: &str = "whoever renders, renders what is committed or is being told of it";
/// A late close evicts nobody.
pub const ATTACHED: &str = "whoever was welcomed on an open socket is attached by it";
/// Everyone is told the outcome.
pub const AGREE: &str = "when nothing is under way all know the committed and the prepared leg";
/// Everyone knows who is there.
pub const ROSTER: &str = "when nothing is under way all know who is there";

/// Everyone knows what may be needed soon.
pub const STANDBY: &str = "when nothing is under way all know what is on standby";

/// All of them.
pub fn all() -> Vec<Property<Scenario>> {
    fn never(state: &State, broken: Broken) -> bool {
        !state.witness.broken.contains(&broken)
    }
    vec![
        Property::always(STORED_FIRST, |_, s| never(s, Broken::ToldBeforeStored)),
        Property::always(ONE_PROVIDER, |_, s| never(s, Broken::TwoProviders)),
        Property::always(ONE_OUTCOME, |_, s| never(s, Broken::TwoOutcomes)),
        Property::always(GROWS, |_, s| never(s, Broken::WentBack)),
        Property::always(ONE_SWITCH, |_, s| never(s, Broken::Nested)),
        Property::always(READY, |_, s| never(s, Broken::NotReady)),
        Property::always(BLAMED, |_, s| never(s, Broken::Unblamed)),
        Property::always(ENDS, |_, s| never(s, Broken::Overdue) && in_time(s)),
        Property::always(ALARM, |_, s| has_alarm(s)),
        Property::always(SIGNALS, |_, s| never(s, Broken::StaleSignal)),
        Property::always(KNOWN, |_, s| never(s, Broken::Stranger)),
        Property::always(LINES, |_, s| never(s, Broken::LineTwice)),
        Property::always(POLITE, |_, s| one_is_polite(s)),
        Property::always(RENDERS, |_, s| renders_committed(s)),
        Property::always(ATTACHED, |_, s| attached(s)),
        Property::always(AGREE, |_, s| !is_quiet(s) || all_agree(s)),
        Property::always(ROSTER, |_, s| !is_quiet(s) || rosters_agree(s)),
        Property::always(STANDBY, |_, s| !is_quiet(s) || standbys_agree(s)),
        Property::sometimes("nothing is under way", |_, s| is_quiet(s)),
    ]
}

/// The committed leg, and the prepared one, as they are stored.
pub fn stored(state: &State) -> Option<(Leg, Option<Leg>)> {
    let record = &state.object.table.session.as_ref()?.value;
    let leg = |epoch: u64, provider: &str| Leg {
        epoch,
        provider: provider_of(provider),
    };
    let switch = record.switch.as_ref();
    Some((
        leg(record.epoch.0, record.provider.as_str()),
        switch.map(|s| leg(s.epoch.0, s.provider.as_str())),
    ))
}

/// The deadline of a switch is not past where the alarm has just been served.
fn in_time(state: &State) -> bool {
    let record = state.object.table.session.as_ref();
    let switch = record.and_then(|row| row.value.switch.as_ref());
    let alarm = state.object.alarm;
    let idle = state.object.tail.is_empty() && state.object.memory.is_some();
    !idle
        || switch.is_none_or(|s| s.deadline > state.now || alarm.is_some_and(|at| at <= s.deadline))
}

fn has_alarm(state: &State) -> bool {
    let due = state.object.memory.as_ref().and_then(|m| m.due);
    let done = state.object.tail.is_empty();
    !done || due.is_none_or(|due| state.object.alarm.is_some_and(|rings| rings <= due))
}

/// The tabs that have a socket which is open at both ends and was welcomed, as far as both know.
fn present(state: &State) -> impl Iterator<Item = (&Tab, Who, &Socket)> {
    state.tabs.iter().filter_map(|tab| {
        let who = tab.socket?;
        let socket = state.sockets.get(&who)?;
        (socket.at_object && tab.welcomed && !tab.gone).then_some((&**tab, who, socket))
    })
}

fn one_is_polite(state: &State) -> bool {
    let me = |tab: &Tab| tab.me.map(|me| (me.peer.who, me.peer.ordinal));
    present(state).all(|(tab, _, _)| {
        let Some((who, ordinal)) = me(tab) else {
            return true;
        };
        let mut others = tab.peers.iter().filter(|(other, _)| **other != who);
        others.all(|(_, (other, _))| *other != ordinal)
    })
}

fn renders_committed(state: &State) -> bool {
    let Some((at, _)) = stored(state) else {
        return true;
    };
    let awake = state.object.memory.is_some();
    if !awake || !state.object.tail.is_empty() {
        return true;
    }
    present(state).all(|(tab, _, socket)| {
        let told = |frame: &Frame| match frame {
            Frame::Welcome(welcome) => welcome.at == at,
            Frame::Session(leg, _) | Frame::Commit(leg) => *leg == at,
            _ => false,
        };
        !tab.renders || tab.committed == Some(at) || socket.down.iter().any(|t| told(&t.frame))
    })
}

fn attached(state: &State) -> bool {
    if state.object.memory.is_none() || !state.object.tail.is_empty() {
        return true;
    }
    let rows = &state.object.table.participants;
    present(state).all(|(tab, who, _)| {
        let row = tab.me.and_then(|me| rows.get(&me.peer.who.participant()));
        row.is_some_and(|row| row.value.socket == Some(who.socket()))
    })
}

/// Whether nothing is under way: all is done, said, heard and reported, and every tab that has come
/// and not gone is there.
pub fn is_quiet(state: &State) -> bool {
    let still = |socket: &Socket| {
        socket.up.is_empty() && socket.down.is_empty() && !socket.unreported && socket.at_tab
    };
    let there = |tab: &Tab| tab.gone || tab.dials == 0 || (tab.socket.is_some() && tab.welcomed);
    state.object.tail.is_empty()
        && state.object.memory.is_some()
        && state.sockets.values().all(still)
        && state.tabs.iter().all(|tab| there(tab))
}

fn all_agree(state: &State) -> bool {
    let known = stored(state);
    present(state).all(|(tab, _, _)| {
        known.is_some_and(|(at, prepared)| {
            let waits = !tab.renders && prepared.is_some();
            tab.committed == Some(at) && tab.prepared == prepared && (tab.renders || waits)
        })
    })
}

fn standbys_agree(state: &State) -> bool {
    let record = state.object.table.session.as_ref();
    let warm = record.and_then(|row| row.value.standby.as_ref());
    let warm = warm.map(|warm| provider_of(warm.provider.as_str()));
    present(state).all(|(tab, _, _)| tab.standby == warm)
}

fn rosters_agree(state: &State) -> bool {
    let rows = &state.object.table.participants;
    present(state).all(|(tab, _, _)| {
        let me = tab.me.map(|me| me.peer.who);
        let others = tab.peers.iter().filter(|(who, _)| Some(**who) != me);
        let known: Vec<_> = others.map(|(who, (o, g))| (*who, *o, *g)).collect();
        let others = rows.values().map(|row| &row.value).filter_map(|record| {
            let who = Who::parse(record.id.as_str())?;
            (Some(who) != me).then_some((who, record.ordinal.0, record.generation.0))
        });
        let mut there: Vec<_> = others.collect();
        there.sort();
        known == there
    })
}
