//! The index: which sessions are live, and on what. One object for all of them.
//!
//! It decides nothing and nobody waits for it: sessions tell it what they are, again and again until
//! it has stored it. Of two news of one session the newer counts, in whatever order they come; an
//! ended session is remembered for a while so that late news does not raise it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures_channel::mpsc::{Sender, channel};
use futures_util::StreamExt;
use samewire_core::protocol::http::OpenAlert;
use samewire_core::protocol::ids::SessionId;
use samewire_core::time::Millis;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use worker::{
    Delay, DurableObject, Env, Error, Headers, Request, Response, ResponseBuilder, Result,
    SqlStorageValue, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

use crate::answer::{self, List, respond};
use crate::index::{self, Ask, Filter};
use crate::outbox::News;
use crate::platform;
use crate::store::{count, name, number, text};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, \
    incarnation TEXT NOT NULL, version INTEGER NOT NULL, ended_at INTEGER, row TEXT NOT NULL) \
    WITHOUT ROWID";

/// Ended sessions are let go of with every news: they must be found without reading the others.
const ENDED: &str = "CREATE INDEX IF NOT EXISTS ended ON sessions (ended_at) \
    WHERE ended_at IS NOT NULL";

/// How long an ended session is remembered: longer than any news of it is under way.
const REMEMBERED: Millis = Millis::from_secs(600);

/// How many changes a follower may be behind. One that is further comes anew, and gets all there is.
const BEHIND: usize = 1_024;

/// The index's object.
#[durable_object]
pub struct IndexObject {
    inner: Rc<Inner>,
}

struct Inner {
    state: State,
    env: Env,
    followers: RefCell<Vec<Sender<Vec<u8>>>>,
    beating: Cell<bool>,
}

/// A row of `GET /v1/alerts`.
#[derive(Serialize)]
struct AlertRow {
    session: SessionId,
    #[serde(flatten)]
    alert: OpenAlert,
}

/// What a row says of alerts.
#[derive(Deserialize)]
struct Alerts {
    id: SessionId,
    alerts: Vec<OpenAlert>,
}

impl DurableObject for IndexObject {
    fn new(state: State, env: Env) -> Self {
        for statement in [SCHEMA, ENDED] {
            if let Err(error) = state.storage().sql().exec(statement, None) {
                tracing::error!(%error, "the index has no table");
            }
        }
        Self {
            inner: Rc::new(Inner {
                state,
                env,
                followers: RefCell::default(),
                beating: Cell::new(false),
            }),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        crate::log::init(&self.inner.env);
        let inner = &self.inner;
        match index::read(&request)? {
            Ask::Tell => {
                let news: News = serde_json::from_str(&request.text().await?)?;
                tracing::debug!(session = %news.id(), "told");
                inner.take(&news)?;
                Response::empty()
            }
            Ask::List(filter) => respond(inner.list(&filter).map_err(Into::into)),
            Ask::Alerts(filter) => respond(inner.alerts(&filter).map_err(Into::into)),
            Ask::Follow => inner.follow(),
        }
    }

    async fn websocket_message(&self, _: WebSocket, _: WebSocketIncomingMessage) -> Result<()> {
        Ok(())
    }

    async fn websocket_close(&self, _: WebSocket, _: usize, _: String, _: bool) -> Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: Error) -> Result<()> {
        Ok(())
    }

    async fn alarm(&self) -> Result<Response> {
        Response::ok("")
    }
}

/// One server-sent event.
fn event(kind: &str, data: &str) -> Vec<u8> {
    format!("event: {kind}\ndata: {data}\n\n").into_bytes()
}

impl Inner {
    fn rows(
        &self,
        statement: &str,
        bindings: Vec<SqlStorageValue>,
    ) -> Result<Vec<Vec<SqlStorageValue>>> {
        let sql = self.state.storage().sql();
        sql.exec(statement, bindings)?.raw().collect()
    }

    /// Stores news, and tells the followers, unless it is none any more.
    fn take(self: &Rc<Self>, news: &News) -> Result<()> {
        let now = platform::now();
        let (incarnation, version) = news.order();
        let known = self.rows(
            "SELECT incarnation, version FROM sessions WHERE id = ?",
            vec![name(news.id().as_str())],
        )?;
        if let Some(row) = known.into_iter().next() {
            let mut row = row.into_iter();
            let stored = (text(row.next())?, count(row.next())?);
            if stored >= (incarnation.as_str().to_owned(), version) {
                return Ok(());
            }
        }
        let (kind, row, ended_at) = match news {
            News::Live(row) => (
                "session",
                serde_json::to_string(row)?,
                SqlStorageValue::Null,
            ),
            News::Ended {
                id, incarnation, ..
            } => {
                let row = serde_json::json!({"id": id, "incarnation": incarnation});
                ("ended", row.to_string(), number(now.0)?)
            }
        };
        let frame = event(kind, &row);
        let bindings = vec![
            name(news.id().as_str()),
            name(incarnation.as_str()),
            number(version)?,
            ended_at,
            name(&row),
        ];
        self.rows(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?)",
            bindings,
        )?;
        self.rows(
            "DELETE FROM sessions WHERE ended_at < ?",
            vec![number(now.0.saturating_sub(REMEMBERED.0))?],
        )?;
        self.tell(&frame);
        Ok(())
    }

    /// The rows that a filter lets through, and where to go on.
    fn find(&self, filter: &Filter, and: &str) -> Result<(Vec<String>, Option<String>)> {
        let limit = filter.limit as usize;
        let given = |value: &Option<String>| {
            value
                .as_ref()
                .map_or(SqlStorageValue::Null, |text| name(text))
        };
        let statement = format!(
            "SELECT id, row FROM sessions WHERE ended_at IS NULL {and} \
             AND (?1 IS NULL OR json_extract(row, '$.state') = ?1) \
             AND (?2 IS NULL OR instr(id, ?2) > 0) \
             AND (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(row, '$.users') WHERE value = ?3)) \
             AND (?4 IS NULL OR id > ?4) ORDER BY id LIMIT ?5"
        );
        let bindings = vec![
            given(&filter.state),
            given(&filter.session),
            given(&filter.user),
            given(&filter.cursor),
            number(u64::from(filter.limit).saturating_add(1))?,
        ];
        let mut found = self.rows(&statement, bindings)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let mut last = None;
        let mut rows = Vec::new();
        for row in found {
            let mut row = row.into_iter();
            last = Some(text(row.next())?);
            rows.push(text(row.next())?);
        }
        Ok((rows, last.filter(|_| more)))
    }

    fn list(&self, filter: &Filter) -> Result<Response> {
        let (rows, next) = self.find(filter, "")?;
        let rows: std::result::Result<Vec<_>, _> =
            rows.into_iter().map(RawValue::from_string).collect();
        answer::json(&List { rows: rows?, next })
    }

    fn alerts(&self, filter: &Filter) -> Result<Response> {
        let (found, next) = self.find(filter, "AND json_array_length(row, '$.alerts') > 0")?;
        let mut rows = Vec::new();
        for row in found {
            let Alerts { id, alerts } = serde_json::from_str(&row)?;
            rows.extend(alerts.into_iter().map(|alert| AlertRow {
                session: id.clone(),
                alert,
            }));
        }
        answer::json(&List { rows, next })
    }

    /// All there is, and then what changes.
    fn follow(self: &Rc<Self>) -> Result<Response> {
        let everything = Filter {
            limit: u32::MAX,
            ..Filter::default()
        };
        let (rows, _) = self.find(&everything, "")?;
        let mut first: Vec<u8> = rows.iter().flat_map(|row| event("session", row)).collect();
        first.extend(event(
            "current",
            &format!("{{\"sessions\":{}}}", rows.len()),
        ));
        let (mut sender, receiver) = channel(BEHIND);
        // There is room for the first.
        let _ = sender.try_send(first);
        self.followers.borrow_mut().push(sender);
        self.beat();
        let headers = Headers::new();
        headers.set("content-type", "text/event-stream")?;
        headers.set("cache-control", "no-store")?;
        ResponseBuilder::new()
            .with_headers(headers)
            .from_stream(receiver.map(Ok::<_, Error>))
    }

    /// Tells the followers, and forgets those who are gone or too far behind.
    fn tell(&self, frame: &[u8]) {
        let tell = |follower: &mut Sender<Vec<u8>>| follower.try_send(frame.to_vec()).is_ok();
        self.followers.borrow_mut().retain_mut(tell);
    }

    /// Says nothing from time to time while somebody follows: proxies cut what is silent, and who is
    /// gone is only noticed so.
    fn beat(self: &Rc<Self>) {
        if self.beating.replace(true) {
            return;
        }
        let inner = Rc::clone(self);
        let heartbeat = crate::log::config(&self.env).map_or(Millis::from_secs(15), |config| {
            config.session.tuning.heartbeat
        });
        self.state.wait_until(async move {
            while !inner.followers.borrow().is_empty() {
                Delay::from(Duration::from_millis(heartbeat.0)).await;
                inner.tell(b": still here\n\n");
            }
            inner.beating.set(false);
        });
    }
}
