//! What is remembered of the past to judge the present by: what was told and stored of each epoch,
//! and what the tabs have really said.

use std::collections::{BTreeMap, BTreeSet};

use samewire_core::session::Write;
use samewire_core::session::log::{Event, LogEntry};
use samewire_core::session::record::{Recovery, SessionRecord};

use crate::table::Table;
use crate::wire::{Frame, Leg, Told, Who, provider_of};

/// A law that was broken on the way here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Broken {
    /// Something was told that was not stored.
    ToldBeforeStored,
    /// One epoch had two providers.
    TwoProviders,
    /// One epoch was committed and given up.
    TwoOutcomes,
    /// An epoch went back.
    WentBack,
    /// A switch began while one was under way.
    Nested,
    /// Somebody was moved who had not said that it is ready.
    NotReady,
    /// Everyone was moved at once away from an epoch of which nobody had complained.
    Unblamed,
    /// A deadline rang and is still waited for.
    Overdue,
    /// A signal was told that belongs to another epoch or generation.
    StaleSignal,
    /// A signal came from somebody unknown.
    Stranger,
    /// A line was taken, or heard, twice.
    LineTwice,
}

/// An epoch of one life.
type Of = (Who, u64);

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Witness {
    /// The provider of every epoch that was told or stored.
    providers: BTreeMap<Of, u8>,
    /// Whether an epoch was committed, or given up.
    outcomes: BTreeMap<Of, bool>,
    /// Every epoch that was stored as committed.
    committed: BTreeSet<Of>,
    /// Every epoch that was stored as prepared.
    prepared: BTreeSet<Of>,
    /// Who was there when the last switch was prepared, and in which generation.
    quorum: BTreeMap<Who, u32>,
    /// Who has said `ready` for which epoch.
    pub ready: BTreeSet<(Who, u64)>,
    /// The epochs of which somebody has said that they failed.
    pub blamed: BTreeSet<u64>,
    /// What was broken.
    pub broken: BTreeSet<Broken>,
}

/// In which life a record is.
pub fn life_of(record: &SessionRecord) -> Who {
    Who::parse(record.incarnation.as_str()).unwrap()
}

impl Witness {
    fn provider(&mut self, life: Who, leg: Leg) {
        let known = *self
            .providers
            .entry((life, leg.epoch))
            .or_insert(leg.provider);
        if known != leg.provider {
            self.broken.insert(Broken::TwoProviders);
        }
    }

    fn outcome(&mut self, of: Of, committed: bool) {
        if *self.outcomes.entry(of).or_insert(committed) != committed {
            self.broken.insert(Broken::TwoOutcomes);
        }
    }

    /// Something is stored. `before` are the tables without it, `after` with it.
    pub fn stored(&mut self, writes: &[Write], before: &Table, after: &Table) {
        for write in writes {
            if let Write::Chat(line) = write {
                let line = &line.line;
                let same = |row: &&crate::table::Row<_>| same_line(&row.value, line);
                if before.chat.iter().any(|row| same(&row)) {
                    self.broken.insert(Broken::LineTwice);
                }
            }
            if let Write::Log(entry) = write {
                self.logged(entry, before, after);
            }
        }
        let (old, new) = (before.session.as_ref(), after.session.as_ref());
        if let (Some(old), Some(new)) = (old, new)
            && old.value.incarnation == new.value.incarnation
            && (old.value.epoch > new.value.epoch || old.value.issued > new.value.issued)
        {
            self.broken.insert(Broken::WentBack);
        }
        if let Some(row) = new {
            let life = life_of(&row.value);
            let at = Leg {
                epoch: row.value.epoch.0,
                provider: provider_of(row.value.provider.as_str()),
            };
            self.provider(life, at);
            self.committed.insert((life, at.epoch));
            if let Some(switch) = &row.value.switch {
                let to = Leg {
                    epoch: switch.epoch.0,
                    provider: provider_of(switch.provider.as_str()),
                };
                self.provider(life, to);
                self.prepared.insert((life, to.epoch));
            }
        }
    }

    fn logged(&mut self, entry: &LogEntry, before: &Table, after: &Table) {
        let life = Who::parse(entry.incarnation.as_str()).unwrap();
        let of = (life, entry.epoch.0);
        match &entry.event {
            Event::Began { .. } => self.outcome(of, true),
            Event::Prepared { .. } => {
                let open = |p: &&Of| p.0 == life && !self.outcomes.contains_key(p);
                if self.prepared.iter().any(|p| open(&p)) {
                    self.broken.insert(Broken::Nested);
                }
                self.prepared.insert(of);
                let there = after.participants.values().map(|row| &row.value);
                self.quorum = there
                    .filter_map(|p| Some((Who::parse(p.id.as_str())?, p.generation.0)))
                    .collect();
            }
            Event::Aborted { .. } => self.outcome(of, false),
            Event::Committed { urgent, cause, .. } => {
                self.outcome(of, true);
                let Some(old) = &before.session else { return };
                if !urgent {
                    self.all_ready(&old.value, after, entry.epoch.0);
                    return;
                }
                // An operator's, or the next attempt after a wait, needs nobody's complaint.
                let retried = matches!(old.value.recovery, Some(Recovery::Exhausted { .. }));
                let asked = *cause == samewire_core::provider::cause::Cause::Operator
                    && old.value.switch.is_none();
                if !retried && !asked && !self.blamed.contains(&old.value.epoch.0) {
                    self.broken.insert(Broken::Unblamed);
                }
            }
            _ => {}
        }
    }

    /// Everyone who was there when it was prepared, and still is as it was, has said so, or was
    /// silent when probed.
    fn all_ready(&mut self, old: &SessionRecord, after: &Table, epoch: u64) {
        let members = old.switch.as_ref().map(|switch| &switch.quorum);
        let waited_for = self.quorum.iter().any(|(who, generation)| {
            let id = who.participant();
            let here = after.participants.get(&id);
            let member = members.and_then(|members| members.get(&id));
            let silent = member.is_some_and(|member| member.silent && !member.ready);
            let as_it_was = here.is_some_and(|row| row.value.generation.0 == *generation);
            as_it_was && !silent && !self.ready.contains(&(*who, epoch))
        });
        if waited_for || members.is_none() {
            self.broken.insert(Broken::NotReady);
        }
    }

    /// Something is told, which was decided when `before` was stored, while `table` is.
    pub fn told(&mut self, told: &Told, before: &Table, table: &Table) {
        let life = table.session.as_ref().map(|row| life_of(&row.value));
        let life = match (&told.frame, life) {
            (Frame::Welcome(welcome), _) => welcome.life,
            (_, Some(life)) => life,
            (_, None) => return,
        };
        let (committed, prepared) = match &told.frame {
            Frame::Welcome(welcome) => (Some(welcome.at), welcome.prepared),
            Frame::Session(at, prepared) => (Some(*at), *prepared),
            Frame::Commit(leg) => (Some(*leg), None),
            Frame::Prepare(leg) => (None, Some(*leg)),
            Frame::Abort(epoch) => {
                self.outcome((life, *epoch), false);
                (None, None)
            }
            Frame::Signal(from, epoch, generation) => {
                // Whoever comes back may complete a verdict: then the signals that it missed are
                // told before the commit, in one decision.
                let of_now = [before, table].into_iter().any(|at| is_valid(at, *epoch));
                let sender = table.participants.get(&from.participant());
                if !of_now || sender.is_none_or(|row| row.value.generation.0 != *generation) {
                    self.broken.insert(Broken::StaleSignal);
                }
                (None, None)
            }
            Frame::Chat(..)
            | Frame::Peer(_)
            | Frame::Left(_)
            | Frame::Probe
            | Frame::Closed(_)
            | Frame::Standby(_)
            | Frame::StandbyRelease
            | Frame::Other => (None, None),
        };
        if let Some(leg) = committed {
            self.provider(life, leg);
            self.outcome((life, leg.epoch), true);
            if !self.committed.contains(&(life, leg.epoch)) {
                self.broken.insert(Broken::ToldBeforeStored);
            }
        }
        if let Some(leg) = prepared {
            self.provider(life, leg);
            if !self.prepared.contains(&(life, leg.epoch)) {
                self.broken.insert(Broken::ToldBeforeStored);
            }
        }
    }
}

fn is_valid(table: &Table, epoch: u64) -> bool {
    table.session.as_ref().is_some_and(|row| {
        let prepared = row.value.switch.as_ref().map(|switch| switch.epoch.0);
        row.value.epoch.0 == epoch || prepared == Some(epoch)
    })
}

fn same_line(
    row: &samewire_core::session::record::NumberedLine,
    line: &samewire_core::protocol::server::ChatLine,
) -> bool {
    row.line.from == line.from && row.line.id == line.id
}
