//! Ways to carry media, and the one rule that picks among them.
//!
//! [`Provider`] is what the operator configured and the registry learned; [`rule`] ranks them for a
//! session, whose [`bars`] say what it went through with each, and [`cause`] says when it may leave
//! the one it is on. Nothing else picks a provider, and no client ever does.

pub mod bars;
pub mod cause;
pub mod config;
pub mod rule;

use serde_json::{Map, Value};

use crate::protocol::ids::ProviderName;
use crate::protocol::server::ProviderKind;

/// A way to carry media: as configured, and what the registry learned of it since.
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
    /// Its score now, 0…100, from the registry; the base score before anything is learned.
    pub score: u8,
    /// Whether the registry has taken it out for now, for its health or its outcomes.
    pub ejected: bool,
    /// Where its health is asked for.
    pub health_url: Option<String>,
    /// What its adapter is told: an object. Only its member `public` is ever served.
    pub config: Value,
    /// The name of the secret that its adapter signs with; never the secret itself.
    pub secret: Option<String>,
    /// Whether it has an adapter that makes credentials for everyone who is to use it. Set by the shell,
    /// which knows the adapters.
    pub needs_credentials: bool,
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
            score: 80,
            ejected: false,
            health_url: None,
            config: Value::Object(Map::new()),
            secret: None,
            needs_credentials: false,
        }
    }

    /// The part of its configuration that anyone may see.
    pub fn public_config(&self) -> Option<&Value> {
        self.config.get("public")
    }
}
