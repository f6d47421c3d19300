//! What `worker/src/store.rs` keeps in SQLite, in memory: every record as the JSON it is stored as.

use std::collections::BTreeMap;

use samewire_core::protocol::CHAT_KEPT;
use samewire_core::protocol::ids::{LogSeq, ParticipantId, Seq};
use samewire_core::session::Write;
use samewire_core::session::log::LogEntry;
use samewire_core::session::record::{NumberedLine, Stored};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The tables `meta` (the session's row), `participants`, `cursors`, `kept` and `chat`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table {
    pub(crate) session: Option<String>,
    pub(crate) participants: BTreeMap<String, String>,
    pub(crate) cursors: BTreeMap<String, String>,
    pub(crate) kept: BTreeMap<(String, u64), String>,
    pub(crate) chat: BTreeMap<u64, String>,
    pub(crate) log: BTreeMap<u64, String>,
    pub(crate) barred: Option<String>,
    pub(crate) past: Option<String>,
}

fn written<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

impl Table {
    /// Stores a decision, write by write, as the Worker does.
    pub(crate) fn apply(&mut self, writes: &[Write]) {
        for write in writes {
            self.write(write);
        }
    }

    fn write(&mut self, write: &Write) {
        match write {
            Write::Session(record) => self.session = Some(written(record)),
            Write::Participant(record) => {
                self.participants
                    .insert(record.id.0.clone(), written(record));
            }
            Write::Gone(id) => {
                self.participants.remove(id.as_str());
                self.cursors.remove(id.as_str());
                self.kept.retain(|(of, _), _| of != id.as_str());
            }
            Write::Cursor(id, cursor) => {
                self.cursors.insert(id.0.clone(), written(cursor));
            }
            Write::Keep(id, seq, kept) => {
                self.kept.insert((id.0.clone(), seq.0), written(kept));
            }
            Write::Forget(id, up_to) => self
                .kept
                .retain(|(of, seq), _| of != id.as_str() || *seq > up_to.0),
            Write::Chat(NumberedLine { number, line }) => {
                let before = self.chat.insert(*number, written(line));
                assert_eq!(before, None, "INSERT fails on a number that is taken");
                let oldest = number.saturating_sub(CHAT_KEPT as u64);
                self.chat.retain(|number, _| *number > oldest);
            }
            Write::Log(entry) => {
                let before = self.log.insert(entry.seq.0, written(entry));
                assert_eq!(before, None, "the log is only added to");
            }
            Write::Barred(barred) => self.barred = Some(written(barred)),
            Write::End(past) => {
                *self = Self {
                    log: std::mem::take(&mut self.log),
                    barred: self.barred.take(),
                    past: Some(written(past)),
                    ..Self::default()
                }
            }
            Write::ForgetLog(up_to, past) => {
                self.log.retain(|seq, _| *seq > up_to.0);
                self.past = Some(written(past));
            }
            Write::Sweep => *self = Self::default(),
        }
    }

    /// Everything, as the Worker reads it.
    pub(crate) fn load(&self) -> Stored {
        let id = |text: &String| ParticipantId(text.clone());
        Stored {
            session: self.session.as_deref().map(read),
            participants: self.participants.values().map(|text| read(text)).collect(),
            cursors: self
                .cursors
                .iter()
                .map(|(of, text)| (id(of), read(text)))
                .collect(),
            kept: self
                .kept
                .iter()
                .map(|((of, seq), text)| (id(of), Seq(*seq), read(text)))
                .collect(),
            chat: self
                .chat
                .iter()
                .map(|(number, text)| NumberedLine {
                    number: *number,
                    line: read(text),
                })
                .collect(),
            log_seq: LogSeq(self.log.keys().next_back().copied().unwrap_or(0)),
            barred: self.barred.as_deref().map(read).unwrap_or_default(),
            past: self.past.as_deref().map(read).unwrap_or_default(),
        }
    }

    /// The decision log, oldest first.
    pub(crate) fn entries(&self) -> Vec<LogEntry> {
        self.log.values().map(|text| read(text)).collect()
    }

    /// That no row belongs to nobody, and no session is without its row.
    pub(crate) fn check(&self) {
        let known = |of: &String| assert!(self.participants.contains_key(of), "{of} is an orphan");
        self.cursors.keys().for_each(known);
        self.kept.keys().for_each(|(of, _)| known(of));
        assert_eq!(
            self.cursors.len(),
            self.participants.len(),
            "everyone has a cursor"
        );
        let alive = !self.participants.is_empty() || !self.kept.is_empty() || !self.chat.is_empty();
        assert!(self.session.is_some() || !alive);
    }
}
