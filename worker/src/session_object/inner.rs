//! What the object is made of: the session, its storage, its sockets and its alarm.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use samewire_core::protocol::close::CloseCode;
use samewire_core::protocol::ids::{Incarnation, ParticipantId, SessionId, SocketId};
use samewire_core::session::{Answer, Ice, Input, Mint, Pending, Refused, Session, Tell};
use samewire_core::time::Millis;
use uuid::{NoContext, Timestamp, Uuid};
use worker::{Env, Error, Result, State, WebSocket};

use super::sockets::{Attachment, close, name, named_attachment, send_away};
use crate::config::Config;
use crate::outbox::{Outbox, may_change};
use crate::platform;
use crate::store::Store;

/// An alarm may ring this much before anything is due: setting it anew costs a row, an idle ring
/// costs a wake.
const TOO_EARLY: Millis = Millis::from_secs(15);

/// When a session that could not be read or stored is looked at again.
const READ_AGAIN: Millis = Millis::from_secs(5);

/// One session, with all that it takes to run it.
pub(super) struct Inner {
    pub(super) state: State,
    pub(super) env: Env,
    /// The session, once it was read. Empty again after storing failed.
    pub(super) session: RefCell<Option<Session>>,
    /// When the alarm will ring, as far as is known here.
    alarm: Cell<Option<Millis>>,
    /// What the index of live sessions is to know; as good as `session` is.
    pub(super) outbox: RefCell<Outbox>,
    /// Whether the index is being told.
    pub(super) telling: Cell<bool>,
    /// Not to be told again before this.
    pub(super) tell_at: Cell<Option<Millis>>,
}

impl Inner {
    pub(super) fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            session: RefCell::new(None),
            alarm: Cell::new(None),
            outbox: RefCell::default(),
            telling: Cell::new(false),
            tell_at: Cell::new(None),
        }
    }

    /// Says that an event woke the object; `LOG_LEVEL=debug` shows what costs a wake.
    pub(super) fn wake(&self, event: &str) {
        crate::log::init(&self.env);
        tracing::debug!(event, rebuilt = self.session.borrow().is_none(), "wake");
    }

    pub(super) fn config(&self) -> Result<Rc<Config>> {
        crate::log::config(&self.env).map_err(|e| Error::RustError(e.to_string()))
    }

    /// Fresh names for a `hello`, and credentials for whoever says it.
    pub(super) fn mint(&self, socket: &WebSocket) -> Mint {
        let now = platform::now();
        let nanos = u32::try_from(now.0 % 1_000)
            .unwrap_or_default()
            .saturating_mul(1_000_000);
        let timestamp = Timestamp::from_unix(NoContext, now.0 / 1_000, nanos);
        let ice = named_attachment(socket).and_then(|(_, Attachment { claims, turn, .. })| {
            let config = self.config()?;
            Ok(config.ice_servers.of(&claims.user, now, turn.as_ref()))
        });
        Mint {
            participant: ParticipantId(Uuid::new_v4().simple().to_string()),
            incarnation: Incarnation(Uuid::new_v7(timestamp).to_string()),
            // 244 bits of the platform's cryptographic randomness.
            secret: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
            ice: ice.unwrap_or_else(|error| {
                tracing::error!(%error, "nobody knows which ICE servers a socket is to have");
                Ice::default()
            }),
        }
    }

    /// Runs what came on a socket; a failure closes that socket and no other.
    pub(super) fn on_socket(
        self: &Rc<Self>,
        socket: &WebSocket,
        input: impl FnOnce(SocketId) -> Input,
    ) {
        let outcome = name(socket).and_then(|name| self.run(input(name)));
        if let Err(error) = outcome {
            tracing::error!(%error, "an event of a socket could not be handled");
            close(socket, CloseCode::Internal, "internal");
        }
    }

    /// The alarm rang.
    pub(super) fn rang(self: &Rc<Self>) {
        self.alarm.set(None);
        if let Err(error) = self.run(self.tick()) {
            tracing::error!(%error, "the alarm could not be handled");
        }
    }

    /// Reads the session from what was stored, unless it is here already.
    pub(super) fn load(self: &Rc<Self>, id: Option<&SessionId>) -> Result<()> {
        if self.session.borrow().is_some() {
            return Ok(());
        }
        let store = Store::open(&self.state)?;
        let id = match id {
            Some(id) => id.clone(),
            None => store
                .id()?
                .ok_or_else(|| Error::RustError("an object without id".to_owned()))?,
        };
        let config = self.config()?;
        let mut sockets = BTreeMap::new();
        for socket in self.state.get_websockets() {
            match named_attachment(&socket) {
                Ok((name, Attachment { claims, opened, .. })) => {
                    sockets.insert(name, Pending { claims, opened });
                }
                // One that cannot be read is nobody's: it must not keep the others out.
                Err(error) => {
                    tracing::error!(%error, "a socket's attachment could not be read");
                    close(&socket, CloseCode::Internal, "internal");
                }
            }
        }
        let settings = config.session.clone();
        self.outbox.replace(store.outbox()?);
        let session = Session::restore(id, settings, store.load()?, sockets, platform::now());
        self.session.replace(Some(session));
        // What happened while there was nobody to be told: who beat, and whose time is up.
        self.decide(self.tick()).map(|_| ())
    }

    /// The time, and when each socket last beat: the runtime answers heartbeats by itself.
    fn tick(&self) -> Input {
        let heard = |socket: &WebSocket| {
            let at = platform::last_heartbeat(&self.state, socket)?;
            Some((name(socket).ok()?, at))
        };
        Input::Tick {
            heard: self
                .state
                .get_websockets()
                .iter()
                .filter_map(heard)
                .collect(),
        }
    }

    /// Reads the session if need be, and takes one input. What comes when all was let go of already, as
    /// the close of a socket that was refused, concerns nobody.
    pub(super) fn run(
        self: &Rc<Self>,
        input: Input,
    ) -> Result<Option<std::result::Result<Answer, Refused>>> {
        if self.session.borrow().is_none() && !Store::of(&self.state).exists()? {
            return Ok(None);
        }
        self.load(None)?;
        self.decide(input)
    }

    /// Decides, stores, tells, and finds out what was asked for. When storing fails the session is
    /// forgotten, to be read anew (R2).
    pub(super) fn decide(
        self: &Rc<Self>,
        input: Input,
    ) -> Result<Option<std::result::Result<Answer, Refused>>> {
        let Some(mut session) = self.session.take() else {
            return Err(Error::RustError("no session was read".to_owned()));
        };
        let now = platform::now();
        let decision = session.handle(now, input);
        let news = if decision.store.iter().any(may_change) {
            self.outbox.borrow().changed(session.brief(), now)
        } else {
            None
        };
        if let Err(error) = Store::of(&self.state).apply(&decision.store, news.as_ref()) {
            for socket in self.state.get_websockets() {
                send_away(&socket);
            }
            return Err(error);
        }
        self.session.replace(Some(session));
        if let Some(news) = news {
            self.outbox.replace(news);
        }
        for tell in decision.tell {
            match tell {
                Tell::Frame(to, text) => {
                    for socket in self.state.get_websockets_with_tag(to.as_str()) {
                        // A socket that breaks under a send says so in an event of its own.
                        let _ = socket.send_with_str(&text);
                    }
                }
                Tell::Close(to, code, reason) => {
                    for socket in self.state.get_websockets_with_tag(to.as_str()) {
                        close(&socket, code, reason);
                    }
                }
            }
        }
        self.find_out(decision.ask);
        Ok(decision.answer)
    }

    /// What every event ends with: the alarm is set, the index told, and an object of nothing goes.
    pub(super) async fn settle(self: &Rc<Self>) {
        if self.is_of_nothing() {
            return self.vanish().await;
        }
        // First asked for, then awaited: it is stored with what was decided.
        let alarm = self.set_alarm();
        self.publish();
        alarm.await;
    }

    /// Whether nothing is kept here, and nothing is left to be told.
    fn is_of_nothing(&self) -> bool {
        let bare = self.session.borrow().as_ref().is_some_and(Session::is_bare);
        bare && !self.outbox.borrow().pending && !self.telling.get()
    }

    /// Lets go of the storage: an object that was only knocked at, or whose log is old, costs nothing.
    async fn vanish(&self) {
        self.session.replace(None);
        self.outbox.take();
        self.alarm.set(None);
        let storage = self.state.storage();
        let (alarm, all) = (storage.delete_alarm(), storage.delete_all());
        if let Err(error) = futures_util::future::try_join(alarm, all).await {
            tracing::error!(%error, "the storage could not be let go of");
        }
    }

    /// Sets the alarm for the earliest deadline, unless it rings before that anyway (R5).
    async fn set_alarm(&self) {
        let now = platform::now();
        let due = match self.session.borrow().as_ref() {
            Some(session) => {
                let due = session.poll_timeout().map(|(at, _)| at);
                due.into_iter().chain(self.told_again(now)).min()
            }
            // It could not be read or stored: somebody must look again, though nobody comes. Unless
            // this is an object that was only asked whether it is one.
            None => {
                let exists = Store::of(&self.state).exists().unwrap_or(true);
                exists.then(|| now + READ_AGAIN)
            }
        };
        let Some(at) = due else { return };
        if self
            .alarm
            .get()
            .is_some_and(|rings| rings <= at && at.since(rings) < TOO_EARLY)
        {
            return;
        }
        self.alarm.set(Some(at));
        let wait = i64::try_from(at.since(now).0).unwrap_or(i64::MAX);
        // That costs a row, too.
        tracing::debug!(wait, "alarm set");
        if let Err(error) = self.state.storage().set_alarm(wait).await {
            self.alarm.set(None);
            tracing::error!(%error, "the alarm could not be set");
        }
    }
}
