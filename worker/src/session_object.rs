//! One Durable Object per session: the shell around [`samewire_core::session::Session`].
//!
//! **Every input is decided, stored and told in one synchronous stretch.** No other event of the
//! object can run in between, because nothing is awaited; and the runtime's output gate holds back
//! what is told until what was stored is durable. When storing fails nothing is told, the sockets
//! are closed, and the next event reads the session anew from what was stored (R2).
//!
//! An error that leaves a WebSocket handler wedges that socket for good, so none does: it is logged,
//! and the socket closed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use samewire_core::protocol::client::{ClientFrame, ClientMessage, DecodeError};
use samewire_core::protocol::close::CloseCode;
use samewire_core::protocol::ids::{Incarnation, ParticipantId, SessionId, SocketId};
use samewire_core::session::{Claims, Input, Mint, Pending, Session, Tell};
use samewire_core::time::Millis;
use serde::{Deserialize, Serialize};
use uuid::{NoContext, Timestamp, Uuid};
use worker::{
    DurableObject, Env, Error, Headers, Request, Response, Result, State, WebSocket,
    WebSocketIncomingMessage, WebSocketPair, WebSocketRequestResponsePair, durable_object,
};

use crate::internal;
use crate::platform;
use crate::store::Store;

/// What a socket carries through hibernation, beside its name.
#[derive(Serialize, Deserialize)]
struct Attachment {
    claims: Claims,
    opened: Millis,
}

/// An alarm may ring this much before anything is due: setting it anew costs a row, an idle ring
/// costs a wake.
const TOO_EARLY: Millis = Millis::from_secs(15);

/// When a session that could not be read or stored is looked at again.
const READ_AGAIN: Millis = Millis::from_secs(5);

/// One session's object.
#[durable_object]
pub struct SessionObject {
    state: State,
    env: Env,
    /// The session, once it was read. Empty again after storing failed.
    session: RefCell<Option<Session>>,
    /// When the alarm will ring, as far as is known here.
    alarm: Cell<Option<Millis>>,
}

impl DurableObject for SessionObject {
    fn new(state: State, env: Env) -> Self {
        if let Ok(pair) = WebSocketRequestResponsePair::new("ping", "pong") {
            state.set_websocket_auto_response(&pair);
        }
        Self {
            state,
            env,
            session: RefCell::new(None),
            alarm: Cell::new(None),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        self.wake("fetch");
        let (id, claims) = internal::read(&request)?;
        let response = match claims {
            Some(claims) => self.accept(&id, claims),
            None => self.snapshot(&id),
        };
        self.set_alarm().await;
        response
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> Result<()> {
        self.wake("message");
        let frame = match &message {
            WebSocketIncomingMessage::String(text) => ClientFrame::decode(text),
            WebSocketIncomingMessage::Binary(_) => Err(DecodeError::Binary),
        };
        // Names are dear: randomness comes from the platform.
        let mint = match &frame {
            Ok(ClientFrame {
                message: ClientMessage::Hello(_),
                ..
            }) => mint(),
            Ok(_) | Err(_) => Mint::default(),
        };
        self.on_socket(&socket, |socket| Input::Received {
            socket,
            frame,
            mint,
        });
        self.set_alarm().await;
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        _code: usize,
        _reason: String,
        _was_clean: bool,
    ) -> Result<()> {
        self.wake("close");
        self.on_socket(&socket, |socket| Input::Closed { socket });
        close(&socket, CloseCode::Normal, "");
        self.set_alarm().await;
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, error: Error) -> Result<()> {
        self.wake("error");
        tracing::debug!(%error, "a socket broke");
        self.on_socket(&socket, |socket| Input::Closed { socket });
        self.set_alarm().await;
        Ok(())
    }

    async fn alarm(&self) -> Result<Response> {
        self.wake("alarm");
        self.alarm.set(None);
        if let Err(error) = self.run(self.tick()) {
            tracing::error!(%error, "the alarm could not be handled");
        }
        self.set_alarm().await;
        Response::ok("")
    }
}

/// Fresh names.
fn mint() -> Mint {
    let now = platform::now().0;
    let nanos = u32::try_from(now % 1_000)
        .unwrap_or_default()
        .saturating_mul(1_000_000);
    let timestamp = Timestamp::from_unix(NoContext, now / 1_000, nanos);
    Mint {
        participant: ParticipantId(Uuid::new_v4().simple().to_string()),
        incarnation: Incarnation(Uuid::new_v7(timestamp).to_string()),
        // 244 bits of the platform's cryptographic randomness.
        secret: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
    }
}

/// A socket's attachment is text: its name, a line feed, and an [`Attachment`] as JSON, which only a
/// rebuilt object needs to read.
fn attached(socket: &WebSocket) -> Result<String> {
    socket
        .deserialize_attachment()?
        .ok_or_else(|| Error::RustError("a socket without attachment".to_owned()))
}

fn name(socket: &WebSocket) -> Result<SocketId> {
    let text = attached(socket)?;
    Ok(SocketId::from(text.lines().next().unwrap_or_default()))
}

fn named_attachment(socket: &WebSocket) -> Result<(SocketId, Attachment)> {
    let text = attached(socket)?;
    let (name, json) = text
        .split_once('\n')
        .ok_or_else(|| Error::RustError("a socket without name".to_owned()))?;
    Ok((SocketId::from(name), serde_json::from_str(json)?))
}

impl SessionObject {
    /// Says that an event woke the object; `LOG_LEVEL=debug` shows what costs a wake.
    fn wake(&self, event: &str) {
        crate::log::init(&self.env);
        tracing::debug!(event, rebuilt = self.session.borrow().is_none(), "wake");
    }

    fn accept(&self, id: &SessionId, claims: Claims) -> Result<Response> {
        let store = Store::open(&self.state)?;
        if store.id()?.as_ref() != Some(id) {
            store.set_id(id)?;
        }
        let pair = WebSocketPair::new()?;
        let socket = SocketId(Uuid::new_v4().simple().to_string());
        let opened = platform::now();
        // Read first, so that the new socket is not taken for one that was there before.
        self.load(Some(id))?;
        self.state
            .accept_websocket_with_tags(&pair.server, &[socket.as_str()]);
        let attachment = Attachment {
            claims: claims.clone(),
            opened,
        };
        let attachment = serde_json::to_string(&attachment)?;
        pair.server
            .serialize_attachment(format!("{socket}\n{attachment}"))?;
        self.run(Input::Opened { socket, claims })?;
        let headers = Headers::new();
        headers.set(
            "sec-websocket-protocol",
            samewire_core::protocol::SUBPROTOCOL,
        )?;
        Ok(Response::from_websocket(pair.client)?.with_headers(headers))
    }

    fn snapshot(&self, id: &SessionId) -> Result<Response> {
        if !Store::of(&self.state).exists()? {
            return Ok(Response::empty()?.with_status(404));
        }
        self.load(Some(id))?;
        match self.session.borrow().as_ref().and_then(Session::snapshot) {
            Some(snapshot) => Response::from_json(&snapshot),
            None => Ok(Response::empty()?.with_status(404)),
        }
    }

    /// Runs what came on a socket; a failure closes that socket and no other.
    fn on_socket(&self, socket: &WebSocket, input: impl FnOnce(SocketId) -> Input) {
        let outcome = name(socket).and_then(|name| self.run(input(name)));
        if let Err(error) = outcome {
            tracing::error!(%error, "an event of a socket could not be handled");
            close(socket, CloseCode::Internal, "internal");
        }
    }

    /// Reads the session from what was stored, unless it is here already.
    fn load(&self, id: Option<&SessionId>) -> Result<()> {
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
        let config = crate::log::config(&self.env).map_err(|e| Error::RustError(e.to_string()))?;
        let mut sockets = BTreeMap::new();
        for socket in self.state.get_websockets() {
            match named_attachment(&socket) {
                Ok((name, Attachment { claims, opened })) => {
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
        let session = Session::restore(id, settings, store.load()?, sockets, platform::now());
        self.session.replace(Some(session));
        // What happened while there was nobody to be told: who beat, and whose time is up.
        self.decide(self.tick())
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

    /// Reads the session if need be, and takes one input.
    fn run(&self, input: Input) -> Result<()> {
        self.load(None)?;
        self.decide(input)
    }

    /// Decides, stores, tells. When storing fails the session is forgotten, to be read anew (R2).
    fn decide(&self, input: Input) -> Result<()> {
        let Some(mut session) = self.session.take() else {
            return Err(Error::RustError("no session was read".to_owned()));
        };
        let decision = session.handle(platform::now(), input);
        if let Err(error) = Store::of(&self.state).apply(&decision.store) {
            for socket in self.state.get_websockets() {
                close(&socket, CloseCode::Internal, "storage");
            }
            return Err(error);
        }
        self.session.replace(Some(session));
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
        Ok(())
    }

    /// Sets the alarm for the earliest deadline, unless it rings before that anyway (R5).
    async fn set_alarm(&self) {
        let due = match self.session.borrow().as_ref() {
            Some(session) => session.poll_timeout().map(|(at, _)| at),
            // It could not be read or stored: somebody must look again, though nobody comes. Unless
            // this is an object that was only asked whether it is one.
            None => {
                let exists = Store::of(&self.state).exists().unwrap_or(true);
                exists.then(|| platform::now() + READ_AGAIN)
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
        let wait = i64::try_from(at.since(platform::now()).0).unwrap_or(i64::MAX);
        if let Err(error) = self.state.storage().set_alarm(wait).await {
            self.alarm.set(None);
            tracing::error!(%error, "the alarm could not be set");
        }
    }
}

fn close(socket: &WebSocket, code: CloseCode, reason: &str) {
    // The socket may be closed already, which is what was wanted.
    let _ = socket.close(Some(code.code()), Some(reason));
}
