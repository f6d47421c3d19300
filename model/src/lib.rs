//! The session core under a model checker.
//!
//! [`samewire_core`] decides and does nothing else, so everything around it can be played: the object
//! that stores and tells, its alarm, the sockets, and the tabs at their other ends. Here they are
//! played in every order there is. The state of the model is all of that at one moment; a [`Step`]
//! is one thing that may happen next; stateright walks through all orders of steps that a
//! [`Scenario`] allows, and looks at every state for what must always hold.
//!
//! What may happen: a socket loses what is under way on it; two sockets of one tab overtake each
//! other; a tab that comes back says again what was not acknowledged; the object dies after any
//! output, stored or told, and is rebuilt from its tables; it is evicted between two events; its
//! alarm rings in time, late, or twice; a close is reported long after its socket was replaced.
//!
//! **The core is the real one, and the tables hold its own records. What is played is only the shell,
//! the network and the tabs; a state is known by a digest of all of it.**
//!
//! A checker that finds nothing may be one that looks at nothing. So there are [`Mutant`]s: shells
//! with one mistake each, which the same laws must find. They live here and not in the core.
//!
//! In reading order:
//!
//! - [`scenario`]: who is there, and how much of each kind of trouble.
//! - [`state`] and [`steps`]: everything at one moment, and what may happen next.
//! - [`object`] and [`table`]: the shell around the core, as the Worker is one, and what it stores.
//! - [`tab`] and [`wire`]: the client, and what travels.
//! - [`laws`] and [`witness`]: what must always hold, and what is remembered to judge it by.
//! - [`mutant`]: the broken shells.
//! - [`walk`]: one order of steps that is fair, for what a switch must end as however it is killed.
//!
//! The binary `judge` says whether what clients saw of a session can have happened one thing at a time.
//!
//! `make model` walks further than `make test` does.

// All of this is a test: where an assumption of the model is wrong, a panic is the best it can do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
// It plays a part of the protocol, and says which; the rest is as good as anything new.
#![allow(clippy::wildcard_enum_match_arm)]

pub mod laws;
pub mod mutant;
pub mod object;
pub mod scenario;
pub mod state;
pub mod steps;
pub mod tab;
pub mod table;
pub mod walk;
pub mod wire;
pub mod witness;

pub use mutant::Mutant;
pub use scenario::Scenario;
pub use state::State;
pub use steps::Step;
