//! One Durable Object per session: the shell around [`samewire_core::session::Session`].
//!
//! **Every input is decided, stored and told in one synchronous stretch.** No other event of the
//! object can run in between, because nothing is awaited; and the runtime's output gate holds back
//! what is told until what was stored is durable. When storing fails nothing is told, the sockets
//! are closed, and the next event reads the session anew from what was stored (R2).
//!
//! An error that leaves a WebSocket handler wedges that socket for good, so none does: it is logged,
//! and the socket closed.

mod credentials;
mod inner;
mod publish;
mod renewal;
mod requests;
mod sockets;

use std::rc::Rc;

use samewire_core::protocol::client::{ClientFrame, ClientMessage, DecodeError};
use samewire_core::protocol::close::CloseCode;
use samewire_core::session::{Input, Mint};
use worker::{
    DurableObject, Env, Error, Request, Response, Result, State, WebSocket,
    WebSocketIncomingMessage, WebSocketRequestResponsePair, durable_object,
};

use inner::Inner;

/// One session's object.
#[durable_object]
pub struct SessionObject {
    /// Shared with what is under way: asking Cloudflare, telling the index.
    inner: Rc<Inner>,
}

impl DurableObject for SessionObject {
    fn new(state: State, env: Env) -> Self {
        if let Ok(pair) = WebSocketRequestResponsePair::new("ping", "pong") {
            state.set_websocket_auto_response(&pair);
        }
        Self {
            inner: Rc::new(Inner::new(state, env)),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        self.inner.wake("fetch");
        let response = self.inner.answer(&request);
        self.inner.settle().await;
        response
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> Result<()> {
        self.inner.wake("message");
        let frame = match &message {
            WebSocketIncomingMessage::String(text) => ClientFrame::decode(text),
            WebSocketIncomingMessage::Binary(_) => Err(DecodeError::Binary),
        };
        // Names are dear: randomness comes from the platform.
        let mint = match &frame {
            Ok(ClientFrame {
                message: ClientMessage::Hello(_),
                ..
            }) => self.inner.mint(&socket),
            Ok(_) | Err(_) => Mint::default(),
        };
        self.inner.on_socket(&socket, |socket| Input::Received {
            socket,
            frame,
            mint,
        });
        self.inner.settle().await;
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        _code: usize,
        _reason: String,
        _was_clean: bool,
    ) -> Result<()> {
        self.inner.wake("close");
        self.inner
            .on_socket(&socket, |socket| Input::Closed { socket });
        sockets::close(&socket, CloseCode::Normal, "");
        self.inner.settle().await;
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, error: Error) -> Result<()> {
        self.inner.wake("error");
        tracing::debug!(%error, "a socket broke");
        self.inner
            .on_socket(&socket, |socket| Input::Closed { socket });
        self.inner.settle().await;
        Ok(())
    }

    async fn alarm(&self) -> Result<Response> {
        self.inner.wake("alarm");
        self.inner.rang();
        self.inner.settle().await;
        Response::ok("")
    }
}
