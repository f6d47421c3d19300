//! What the Worker asks, answered.

use std::rc::Rc;

use samewire_core::protocol::SUBPROTOCOL;
use samewire_core::protocol::http::SwitchResponse;
use samewire_core::protocol::ids::{LogSeq, SessionId, SocketId};
use samewire_core::session::{Act, Answer, Claims, Input, Session};
use serde_json::json;
use uuid::Uuid;
use worker::{Headers, Request, Response, Result, WebSocketPair};

use super::inner::Inner;
use super::sockets::{Attachment, attach};
use crate::answer::{self, Answered, List, respond};
use crate::ice::Fetched;
use crate::internal::{self, Ask, Holder, View};
use crate::platform;
use crate::problem::ApiError;
use crate::store::Store;

impl Inner {
    /// Answers the Worker.
    pub(super) fn answer(self: &Rc<Self>, request: &Request) -> Result<Response> {
        let (id, ask) = internal::read(request)?;
        match ask {
            Ask::Connect { claims, turn } => self.accept(&id, claims, turn),
            Ask::Look(view, holder) => respond(self.look(&id, view, holder.as_ref())),
            Ask::Events { after, limit } => respond(self.events(&id, after, limit)),
            Ask::Act { by, act } => respond(self.act(&id, by, act)),
            Ask::Barred(holder) => {
                let barred = self.exists()? && {
                    self.load(Some(&id))?;
                    self.is_barred(&holder)
                };
                answer::json(&barred)
            }
        }
    }

    fn accept(
        self: &Rc<Self>,
        id: &SessionId,
        claims: Claims,
        turn: Option<Fetched>,
    ) -> Result<Response> {
        let store = Store::open(&self.state)?;
        if store.id()?.as_ref() != Some(id) {
            store.set_id(id)?;
        }
        let pair = WebSocketPair::new()?;
        let socket = SocketId(Uuid::new_v4().simple().to_string());
        // Read first, so that the new socket is not taken for one that was there before.
        self.load(Some(id))?;
        self.state
            .accept_websocket_with_tags(&pair.server, &[socket.as_str()]);
        let attachment = Attachment {
            claims: claims.clone(),
            opened: platform::now(),
            turn,
        };
        attach(&pair.server, &socket, &attachment)?;
        self.run(Input::Opened { socket, claims })?;
        let headers = Headers::new();
        headers.set("sec-websocket-protocol", SUBPROTOCOL)?;
        Ok(Response::from_websocket(pair.client)?.with_headers(headers))
    }

    fn look(self: &Rc<Self>, id: &SessionId, view: View, holder: Option<&Holder>) -> Answered {
        self.read(id)?;
        if holder.is_some_and(|holder| self.is_barred(holder)) {
            return Err(ApiError::removed().into());
        }
        let session = self.session.borrow();
        let session = session.as_ref().ok_or(ApiError::Internal)?;
        let found = match view {
            View::Snapshot => session
                .snapshot(platform::now())
                .map(|snapshot| answer::json(&snapshot)),
            View::Health => session.health().map(|health| answer::json(&health)),
            View::Alerts => session.alerts().map(|rows| {
                let next = None::<()>;
                answer::json(&List { rows, next })
            }),
        };
        Ok(found.ok_or_else(|| not_alive(id))??)
    }

    fn events(self: &Rc<Self>, id: &SessionId, after: LogSeq, limit: u32) -> Answered {
        self.read(id)?;
        let store = Store::of(&self.state);
        let mut rows = store.events(after, limit.saturating_add(1))?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        // Numbers have no gap: the last of this page is known by how many there are.
        let next = match (more, rows.last()) {
            (true, Some(last)) => Some(seq_of(last.get())?),
            (true, None) | (false, _) => None,
        };
        Ok(answer::json(&List { rows, next })?)
    }

    fn act(self: &Rc<Self>, id: &SessionId, by: String, act: Act) -> Answered {
        self.read(id)?;
        match self.run(Input::Admin { by, act })? {
            Some(Ok(Answer::Switching(epoch))) => {
                Ok(answer::json(&SwitchResponse { epoch })?.with_status(202))
            }
            Some(Ok(Answer::Done)) => Ok(answer::json(&json!({}))?),
            Some(Err(refused)) => Err(ApiError::from(refused).into()),
            None => Err(ApiError::Internal.into()),
        }
    }

    /// Reads the session, if it was ever one: to ask must not make an object of what is none.
    fn read(self: &Rc<Self>, id: &SessionId) -> std::result::Result<(), answer::Failure> {
        if !self.exists()? {
            return Err(not_alive(id).into());
        }
        Ok(self.load(Some(id))?)
    }

    fn exists(&self) -> Result<bool> {
        Store::of(&self.state).exists()
    }

    fn is_barred(&self, holder: &Holder) -> bool {
        let now = platform::now();
        let barred = |session: &Session| session.is_barred(&holder.token, &holder.user, now);
        self.session.borrow().as_ref().is_some_and(barred)
    }
}

fn not_alive(id: &SessionId) -> ApiError {
    ApiError::NotFound(format!("no session \"{id}\" is alive"))
}

/// The number of a stored entry.
fn seq_of(entry: &str) -> std::result::Result<LogSeq, serde_json::Error> {
    #[derive(serde::Deserialize)]
    struct Numbered {
        seq: LogSeq,
    }
    serde_json::from_str::<Numbered>(entry).map(|numbered| numbered.seq)
}
