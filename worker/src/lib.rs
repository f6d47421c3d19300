//! The shell at the edge.
//!
//! A request comes to [`routes`], which knows who may ask for what ([`access`], [`token`]) and
//! answers by itself or asks the session's object. [`session_object`] is that object: it reads what
//! was stored, hands every event to the core's `Session`, stores what the core decided, and tells
//! whom the core named. **It decides nothing itself.** Every change of a session goes by its [`outbox`]
//! to the one [`index_object`], which knows all that are live.
//!
//! What can be tested without a Worker compiles natively: [`config`], [`ice`], [`token`],
//! [`issue`], [`access`], [`outbox`], [`problem`], [`sfu`] but for its calls. The rest needs workerd and is tested in it, under `tests/integration`.

pub mod access;
pub mod config;
pub mod ice;
pub mod issue;
pub mod outbox;
pub mod problem;
pub mod sfu;
mod sign;
pub mod token;

#[cfg(target_arch = "wasm32")]
mod answer;
#[cfg(target_arch = "wasm32")]
mod http;
#[cfg(target_arch = "wasm32")]
mod index;
#[cfg(target_arch = "wasm32")]
mod index_object;
#[cfg(target_arch = "wasm32")]
mod internal;
#[cfg(target_arch = "wasm32")]
mod log;
#[cfg(target_arch = "wasm32")]
mod platform;
#[cfg(target_arch = "wasm32")]
mod routes;
#[cfg(target_arch = "wasm32")]
mod session_object;
#[cfg(target_arch = "wasm32")]
mod store;
#[cfg(target_arch = "wasm32")]
mod turn;

#[cfg(target_arch = "wasm32")]
mod entry {
    use worker::{Context, Env, Request, Response, Result, event};

    /// Answers every request that is not a page.
    #[event(fetch)]
    async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
        crate::log::init(&env);
        crate::routes::answer(request, env).await
    }
}
