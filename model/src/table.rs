//! What the object stores: the core's own records, each with a digest by which states are told apart.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use samewire_core::protocol::ids::{LogSeq, ParticipantId, Seq};
use samewire_core::session::Write;
use samewire_core::session::record::{
    Barred, Cursor, Kept, NumberedLine, ParticipantRecord, PastLife, SessionRecord, Stored,
};

/// The digest of anything by what it looks like to a programmer.
pub fn digest(value: &impl Debug) -> u64 {
    thread_local! {
        static TEXT: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
    }
    TEXT.with_borrow_mut(|text| {
        text.clear();
        write!(text, "{value:?}").unwrap();
        let mut hasher = DefaultHasher::new();
        hasher.write(text.as_bytes());
        hasher.finish()
    })
}

/// A stored record.
#[derive(Clone, Debug)]
pub struct Row<T> {
    digest: u64,
    /// The record.
    pub value: Arc<T>,
}

impl<T: Debug> Row<T> {
    fn new(value: T) -> Self {
        Self {
            digest: digest(&value),
            value: Arc::new(value),
        }
    }
}

impl<T> Hash for Row<T> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.digest.hash(hasher);
    }
}

/// The tables of one object. The decision log is not kept, but for its last number.
#[derive(Clone, Debug, Default, Hash)]
pub struct Table {
    /// The session's row.
    pub session: Option<Row<SessionRecord>>,
    /// The participants' rows.
    pub participants: BTreeMap<ParticipantId, Row<ParticipantRecord>>,
    cursors: BTreeMap<ParticipantId, Row<Cursor>>,
    kept: BTreeMap<(ParticipantId, Seq), Row<Kept>>,
    /// The chat.
    pub chat: Vec<Row<NumberedLine>>,
    log_seq: LogSeq,
    barred: Option<Row<Vec<Barred>>>,
    past: Option<Row<Vec<PastLife>>>,
}

impl Table {
    /// Stores one change.
    pub fn write(&mut self, write: &Write) {
        match write {
            Write::Session(record) => self.session = Some(Row::new((**record).clone())),
            Write::Participant(record) => {
                self.participants
                    .insert(record.id.clone(), Row::new((**record).clone()));
            }
            Write::Gone(id) => {
                self.participants.remove(id);
                self.cursors.remove(id);
                self.kept.retain(|(of, _), _| of != id);
            }
            Write::Cursor(id, cursor) => {
                self.cursors.insert(id.clone(), Row::new(*cursor));
            }
            Write::Keep(id, seq, kept) => {
                self.kept.insert((id.clone(), *seq), Row::new(kept.clone()));
            }
            Write::Forget(id, up_to) => {
                self.kept.retain(|(of, seq), _| of != id || seq > up_to);
            }
            Write::Chat(line) => self.chat.push(Row::new(line.clone())),
            Write::Log(entry) => {
                assert_eq!(entry.seq, self.log_seq.next(), "the log is only added to");
                self.log_seq = entry.seq;
            }
            Write::Barred(barred) => self.barred = Some(Row::new(barred.clone())),
            Write::End(past) => {
                *self = Self {
                    log_seq: self.log_seq,
                    barred: self.barred.take(),
                    past: Some(Row::new(past.clone())),
                    ..Self::default()
                }
            }
            Write::ForgetLog(_, past) => self.past = Some(Row::new(past.clone())),
            Write::Sweep => *self = Self::default(),
        }
    }

    /// Everything, as an object reads it that comes back.
    pub fn load(&self) -> Stored {
        Stored {
            session: self.session.as_ref().map(|row| (*row.value).clone()),
            participants: self
                .participants
                .values()
                .map(|row| (*row.value).clone())
                .collect(),
            cursors: self
                .cursors
                .iter()
                .map(|(of, row)| (of.clone(), *row.value))
                .collect(),
            kept: self
                .kept
                .iter()
                .map(|((of, seq), row)| (of.clone(), *seq, (*row.value).clone()))
                .collect(),
            chat: self.chat.iter().map(|row| (*row.value).clone()).collect(),
            log_seq: self.log_seq,
            barred: self
                .barred
                .as_ref()
                .map(|row| (*row.value).clone())
                .unwrap_or_default(),
            past: self
                .past
                .as_ref()
                .map(|row| (*row.value).clone())
                .unwrap_or_default(),
        }
    }
}
