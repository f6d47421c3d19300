//! Two negotiations over two simulated connections and a seeded network.

mod connection;
mod prng;
mod world;

pub use prng::Prng;
pub use world::{Act, Variant, World};
