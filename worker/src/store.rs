//! The session's rows in the object's SQLite.
//!
//! Statements and rows stand here; what is written, and when, the core decides.

use samewire_core::protocol::CHAT_KEPT;
use samewire_core::protocol::ids::{LogSeq, ParticipantId, Seq, SessionId};
use samewire_core::session::Write;
use samewire_core::session::record::{NumberedLine, Stored};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use worker::{Error, Result, SqlStorage, SqlStorageValue, State};

use crate::outbox::Outbox;
use crate::platform;

/// What an object is made of. A change is a new statement at the end that can be run again.
const SCHEMA: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS participants (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS cursors (participant TEXT PRIMARY KEY, cursor TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS kept (participant TEXT, seq INTEGER, frame TEXT NOT NULL, PRIMARY KEY (participant, seq)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS chat (number INTEGER PRIMARY KEY, line TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL)",
];

/// The object's storage.
pub(crate) struct Store<'a> {
    state: &'a State,
    sql: SqlStorage,
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| Error::RustError(format!("a stored record: {e}")))
}

/// A column that holds text.
pub(crate) fn text(value: Option<SqlStorageValue>) -> Result<String> {
    match value {
        Some(SqlStorageValue::String(text)) => Ok(text),
        _ => Err(Error::RustError("a stored column is no text".to_owned())),
    }
}

/// A column that holds a whole number.
pub(crate) fn count(value: Option<SqlStorageValue>) -> Result<u64> {
    match value {
        Some(SqlStorageValue::Integer(n)) => Ok(u64::try_from(n).unwrap_or_default()),
        Some(SqlStorageValue::Float(n)) => Ok(n as u64),
        _ => Err(Error::RustError("a stored column is no number".to_owned())),
    }
}

fn written<T: Serialize>(value: &T) -> Result<SqlStorageValue> {
    Ok(SqlStorageValue::String(serde_json::to_string(value)?))
}

/// A text to bind.
pub(crate) fn name(text: &str) -> SqlStorageValue {
    SqlStorageValue::String(text.to_owned())
}

/// A whole number to bind.
pub(crate) fn number(number: u64) -> Result<SqlStorageValue> {
    SqlStorageValue::try_from_i64(i64::try_from(number).unwrap_or(i64::MAX))
}

impl<'a> Store<'a> {
    /// The storage of this object, with its tables made.
    pub(crate) fn open(state: &'a State) -> Result<Self> {
        let store = Self {
            state,
            sql: state.storage().sql(),
        };
        for statement in SCHEMA {
            store.sql.exec(statement, None)?;
        }
        Ok(store)
    }

    /// Whether anything was ever stored here: to ask must not make an object of what is none.
    pub(crate) fn exists(&self) -> Result<bool> {
        let statement = "SELECT name FROM sqlite_master WHERE name = 'meta'";
        Ok(self.sql.exec(statement, None)?.raw().next().is_some())
    }

    /// The storage of an object as it is.
    pub(crate) fn of(state: &'a State) -> Self {
        Self {
            state,
            sql: state.storage().sql(),
        }
    }

    /// The session this object is for.
    pub(crate) fn id(&self) -> Result<Option<SessionId>> {
        self.meta("id")
    }

    /// Notes which session this object is for; an alarm does not say.
    pub(crate) fn set_id(&self, id: &SessionId) -> Result<()> {
        self.set_meta("id", id)
    }

    fn meta<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let statement = "SELECT value FROM meta WHERE key = ?";
        match self.sql.exec(statement, vec![name(key)])?.raw().next() {
            None => Ok(None),
            Some(row) => Ok(Some(read(&text(row?.into_iter().next())?)?)),
        }
    }

    fn set_meta<T: Serialize>(&self, key: &str, value: &T) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            vec![name(key), written(value)?],
        )
    }

    fn run(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<()> {
        let cursor = self.sql.exec(statement, bindings)?;
        // What costs a row is seen with `LOG_LEVEL=debug`, as what costs a wake is.
        tracing::debug!(rows = cursor.rows_written(), statement, "stored");
        Ok(())
    }

    /// Everything that is stored of the session.
    pub(crate) fn load(&self) -> Result<Stored> {
        let mut stored = Stored {
            session: self.meta("session")?,
            barred: self.meta("barred")?.unwrap_or_default(),
            past: self.meta("past")?.unwrap_or_default(),
            log_seq: self.log_seq()?,
            ..Stored::default()
        };
        let rows = |statement| Ok::<_, Error>(self.sql.exec(statement, None)?.raw());
        for row in rows("SELECT record FROM participants")? {
            stored
                .participants
                .push(read(&text(row?.into_iter().next())?)?);
        }
        for row in rows("SELECT participant, cursor FROM cursors")? {
            let mut row = row?.into_iter();
            stored
                .cursors
                .push((ParticipantId(text(row.next())?), read(&text(row.next())?)?));
        }
        for row in rows("SELECT participant, seq, frame FROM kept ORDER BY participant, seq")? {
            let mut row = row?.into_iter();
            let participant = ParticipantId(text(row.next())?);
            let seq = Seq(count(row.next())?);
            stored
                .kept
                .push((participant, seq, read(&text(row.next())?)?));
        }
        for row in rows("SELECT number, line FROM chat ORDER BY number")? {
            let mut row = row?.into_iter();
            let number = count(row.next())?;
            stored.chat.push(NumberedLine {
                number,
                line: read(&text(row.next())?)?,
            });
        }
        Ok(stored)
    }

    /// The last entry of the log, kept or forgotten: a number is never given twice.
    fn log_seq(&self) -> Result<LogSeq> {
        let statement = "SELECT seq FROM events ORDER BY seq DESC LIMIT 1";
        let last = match self.sql.exec(statement, None)?.raw().next() {
            None => 0,
            Some(row) => count(row?.into_iter().next())?,
        };
        let forgotten: LogSeq = self.meta("forgotten")?.unwrap_or_default();
        Ok(LogSeq(last).max(forgotten))
    }

    /// Entries of the log after one, in order, as they were written.
    pub(crate) fn events(&self, after: LogSeq, limit: u32) -> Result<Vec<Box<RawValue>>> {
        let statement = "SELECT entry FROM events WHERE seq > ? ORDER BY seq LIMIT ?";
        let bindings = vec![number(after.0)?, number(u64::from(limit))?];
        let rows = self.sql.exec(statement, bindings)?.raw();
        rows.map(|row| Ok(RawValue::from_string(text(row?.into_iter().next())?)?))
            .collect()
    }

    /// What the index of live sessions is to know.
    pub(crate) fn outbox(&self) -> Result<Outbox> {
        Ok(self.meta("outbox")?.unwrap_or_default())
    }

    /// Notes what the index knows.
    pub(crate) fn set_outbox(&self, outbox: &Outbox) -> Result<()> {
        self.set_meta("outbox", outbox)
    }

    /// Stores a decision, and what the index is to know of it: all, or nothing.
    pub(crate) fn apply(&self, writes: &[Write], outbox: Option<&Outbox>) -> Result<()> {
        if writes.is_empty() && outbox.is_none() {
            return Ok(());
        }
        platform::transaction(self.state, || {
            writes.iter().try_for_each(|write| self.write(write))?;
            outbox.map_or(Ok(()), |outbox| self.set_outbox(outbox))
        })
    }

    fn write(&self, write: &Write) -> Result<()> {
        match write {
            Write::Session(record) => self.set_meta("session", record),
            Write::Participant(record) => self.run(
                "INSERT OR REPLACE INTO participants VALUES (?, ?)",
                vec![name(record.id.as_str()), written(record)?],
            ),
            Write::Gone(id) => {
                for statement in [
                    "DELETE FROM participants WHERE id = ?",
                    "DELETE FROM cursors WHERE participant = ?",
                    "DELETE FROM kept WHERE participant = ?",
                ] {
                    self.run(statement, vec![name(id.as_str())])?;
                }
                Ok(())
            }
            Write::Cursor(id, cursor) => self.run(
                "INSERT OR REPLACE INTO cursors VALUES (?, ?)",
                vec![name(id.as_str()), written(cursor)?],
            ),
            Write::Keep(id, seq, kept) => self.run(
                "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)",
                vec![name(id.as_str()), number(seq.0)?, written(kept)?],
            ),
            Write::Forget(id, seq) => self.run(
                "DELETE FROM kept WHERE participant = ? AND seq <= ?",
                vec![name(id.as_str()), number(seq.0)?],
            ),
            Write::Chat(NumberedLine { number: n, line }) => {
                self.run(
                    "INSERT INTO chat VALUES (?, ?)",
                    vec![number(*n)?, written(line)?],
                )?;
                let oldest = n.saturating_sub(CHAT_KEPT as u64);
                self.run("DELETE FROM chat WHERE number <= ?", vec![number(oldest)?])
            }
            Write::Log(entry) => self.run(
                "INSERT INTO events VALUES (?, ?)",
                vec![number(entry.seq.0)?, written(entry)?],
            ),
            Write::Barred(barred) => self.set_meta("barred", barred),
            Write::End(past) => {
                self.empty(&["participants", "cursors", "kept", "chat"])?;
                self.run("DELETE FROM meta WHERE key = 'session'", Vec::new())?;
                self.set_meta("past", past)
            }
            Write::ForgetLog(up_to, past) => {
                self.run("DELETE FROM events WHERE seq <= ?", vec![number(up_to.0)?])?;
                self.set_meta("forgotten", up_to)?;
                self.set_meta("past", past)
            }
            // The tables go when the index knows that the session has ended.
            Write::Sweep => {
                self.empty(&["participants", "cursors", "kept", "chat", "events"])?;
                let statement = "DELETE FROM meta WHERE key NOT IN ('id', 'outbox')";
                self.run(statement, Vec::new())
            }
        }
    }

    fn empty(&self, tables: &[&str]) -> Result<()> {
        tables
            .iter()
            .try_for_each(|table| self.run(&format!("DELETE FROM {table}"), Vec::new()))
    }
}
