//! The end of a life, and of what was kept of it.

use std::collections::BTreeSet;

use super::Session;
use super::decision::{Ask, Turn, Write};
use super::log::Event;
use super::record::PastLife;
use crate::gather::collected;
use crate::protocol::ids::LogSeq;

impl Session {
    /// Ends the life, if this turn did. Its log stays for `RETENTION`.
    pub(super) fn end(&mut self, turn: &mut Turn) {
        let Some((reason, life)) = turn.ended.zip(self.life.take_if(|_| turn.ended.is_some()))
        else {
            return;
        };
        let mut life = life;
        life.end_standby(turn.now);
        let mut summary = life.record.summary;
        summary.duration_ms = turn.now.since(life.record.began_at);
        turn.log(&life.record, Event::Ended { reason, summary });
        let entries = u64::try_from(turn.log.len()).unwrap_or(u64::MAX);
        for provider in &life.record.rooms {
            turn.decision.ask.push(Ask::EndRoom(provider.clone()));
        }
        self.past.push(PastLife {
            rooms: life.record.rooms,
            incarnation: life.record.incarnation,
            last: LogSeq(self.log_seq.0.saturating_add(entries)),
            ended_at: turn.now,
        });
        // Of what this turn wanted stored only that stays which is not of this life.
        turn.decision.store.retain(|write| match write {
            Write::Barred(_) | Write::ForgetLog(..) => true,
            Write::Session(_)
            | Write::Participant(_)
            | Write::Gone(_)
            | Write::Cursor(..)
            | Write::Keep(..)
            | Write::Forget(..)
            | Write::Chat(_)
            | Write::Log(_)
            | Write::End(_)
            | Write::Sweep => false,
        });
        turn.store(Write::End(self.past.clone()));
    }

    /// Lets go of what has been kept for long enough.
    pub(super) fn sweep(&mut self, turn: &mut Turn) {
        let retention = self.settings.tuning.retention;
        // A socket at the door may be about to begin a life.
        if !self.pending.is_empty() {
            return;
        }
        let old = self
            .past
            .iter()
            .take_while(|past| past.ended_at + retention <= turn.now)
            .count();
        let gone: Vec<_> = self.past.drain(..old).collect();
        let barred = self.barred.len();
        self.barred.retain(|barred| barred.until > turn.now);
        if gone.is_empty() && barred == self.barred.len() {
            return;
        }
        let left: BTreeSet<_> = collected(gone.iter().flat_map(|past| &past.rooms));
        for provider in left {
            turn.decision.ask.push(Ask::EndRoom(provider.clone()));
        }
        let last = gone.last().map_or(LogSeq(0), |past| past.last);
        if self.life.is_none() && self.past.is_empty() && self.barred.is_empty() {
            turn.store(Write::Sweep);
        } else {
            turn.store(Write::Barred(self.barred.clone()));
            turn.store(Write::ForgetLog(last, self.past.clone()));
        }
    }
}
