//! Every decision of Samewire.

pub mod link;
pub mod negotiation;
pub mod protocol;
pub mod provider;
pub mod session;
pub mod time;
pub mod tuning;
