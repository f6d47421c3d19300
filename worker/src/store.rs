//! The session's rows in the object's SQLite.
//!
//! Statements and rows stand here; what is written, and when, the core decides.

use samewire_core::protocol::CHAT_KEPT;
use samewire_core::protocol::ids::{ParticipantId, Seq, SessionId};
use samewire_core::session::Write;
use samewire_core::session::record::{NumberedLine, Stored};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use worker::{Error, Result, SqlStorage, SqlStorageValue, State};

use crate::platform;

/// What an object is made of. A change is a new statement at the end that can be run again.
const SCHEMA: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS participants (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS cursors (participant TEXT PRIMARY KEY, cursor TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS kept (participant TEXT, seq INTEGER, frame TEXT NOT NULL, PRIMARY KEY (participant, seq)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS chat (number INTEGER PRIMARY KEY, line TEXT NOT NULL)",
];

/// The object's storage.
pub(crate) struct Store<'a> {
    state: &'a State,
    sql: SqlStorage,
}

#[derive(Deserialize)]
struct Row {
    /// Of `kept` the participant, elsewhere the key.
    key: String,
    text: String,
}

#[derive(Deserialize)]
struct NumberedRow {
    key: String,
    number: f64,
    text: String,
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| Error::RustError(format!("a stored record: {e}")))
}

fn written<T: Serialize>(value: &T) -> Result<SqlStorageValue> {
    Ok(SqlStorageValue::String(serde_json::to_string(value)?))
}

fn name(text: &str) -> SqlStorageValue {
    SqlStorageValue::String(text.to_owned())
}

fn number(number: u64) -> Result<SqlStorageValue> {
    SqlStorageValue::try_from_i64(i64::try_from(number).unwrap_or(i64::MAX))
}

impl<'a> Store<'a> {
    /// The storage of this object, with its tables made.
    pub(crate) fn open(state: &'a State) -> Result<Self> {
        let store = Self { state, sql: state.storage().sql() };
        for statement in SCHEMA {
            store.sql.exec(statement, None)?;
        }
        Ok(store)
    }

    /// The storage of an object whose tables are made.
    pub(crate) fn of(state: &'a State) -> Self {
        Self { state, sql: state.storage().sql() }
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
        let rows: Vec<Row> = self
            .sql
            .exec("SELECT key, value AS text FROM meta WHERE key = ?", vec![name(key)])?
            .to_array()?;
        rows.first().map(|row| read(&row.text)).transpose()
    }

    fn set_meta<T: Serialize>(&self, key: &str, value: &T) -> Result<()> {
        self.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", vec![name(key), written(value)?])
    }

    fn run(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<()> {
        self.sql.exec(statement, bindings).map(|_| ())
    }

    /// Everything that is stored of the session.
    pub(crate) fn load(&self) -> Result<Stored> {
        let all = |statement| self.sql.exec(statement, None)?.to_array::<Row>();
        let mut stored = Stored { session: self.meta("session")?, ..Stored::default() };
        for row in all("SELECT id AS key, record AS text FROM participants")? {
            stored.participants.push(read(&row.text)?);
        }
        for row in all("SELECT participant AS key, cursor AS text FROM cursors")? {
            stored.cursors.push((ParticipantId(row.key), read(&row.text)?));
        }
        let numbered = |statement| self.sql.exec(statement, None)?.to_array::<NumberedRow>();
        for row in numbered(
            "SELECT participant AS key, seq AS number, frame AS text FROM kept ORDER BY participant, seq",
        )? {
            stored.kept.push((ParticipantId(row.key), Seq(row.number as u64), read(&row.text)?));
        }
        for row in numbered("SELECT '' AS key, number, line AS text FROM chat ORDER BY number")? {
            stored.chat.push(NumberedLine { number: row.number as u64, line: read(&row.text)? });
        }
        Ok(stored)
    }

    /// Stores a decision: all of it, or nothing.
    pub(crate) fn apply(&self, writes: &[Write]) -> Result<()> {
        match writes {
            [] => Ok(()),
            writes => platform::transaction(self.state, || writes.iter().try_for_each(|w| self.write(w))),
        }
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
                self.run("INSERT INTO chat VALUES (?, ?)", vec![number(*n)?, written(line)?])?;
                let oldest = n.saturating_sub(CHAT_KEPT as u64);
                self.run("DELETE FROM chat WHERE number <= ?", vec![number(oldest)?])
            }
            Write::End => {
                for table in ["participants", "cursors", "kept", "chat"] {
                    self.run(&format!("DELETE FROM {table}"), Vec::new())?;
                }
                self.run("DELETE FROM meta WHERE key = 'session'", Vec::new())
            }
        }
    }
}
