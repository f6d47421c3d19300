//! Ways to carry media, and the one rule that picks among them.
//!
//! [`Provider`] is what the operator configured; [`rule`] ranks them for a session. Nothing else
//! picks a provider, and no client ever does.

pub mod config;
pub mod rule;

use crate::protocol::ids::ProviderName;
use crate::protocol::server::ProviderKind;

/// A way to carry media, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its name, unique in the list.
    pub name: ProviderName,
    /// How it carries media.
    pub kind: ProviderKind,
    /// Lower is preferred.
    pub priority: u32,
    /// The score it has before anything is learned: 0…100.
    pub base_score: u8,
    /// How many people it is good for, at least.
    pub min_participants: u32,
    /// How many people it is good for, at most; steers, never forbids. P2P without one takes
    /// `P2P_PARTICIPANT_LIMIT`.
    pub max_participants: Option<u32>,
    /// Whether it may be picked at all.
    pub is_active: bool,
}

impl Provider {
    /// Peer-to-peer as it is without any configuration.
    pub fn p2p() -> Self {
        Self {
            name: ProviderName("p2p".to_owned()),
            kind: ProviderKind::P2p,
            priority: 1,
            base_score: 80,
            min_participants: 1,
            max_participants: None,
            is_active: true,
        }
    }
}
