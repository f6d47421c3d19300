//! `PROVIDERS`: the operator's list, read and checked.

use serde::Deserialize;

use super::Provider;
use crate::protocol::ids::{ProviderName, is_plain_name};
use crate::protocol::server::ProviderKind;

/// One entry of `PROVIDERS` as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    name: String,
    kind: ProviderKind,
    #[serde(default = "first")]
    priority: u32,
    #[serde(default = "base_score")]
    base_score: u8,
    #[serde(default = "first")]
    min_participants: u32,
    #[serde(default)]
    max_participants: Option<u32>,
    #[serde(default = "yes")]
    is_active: bool,
}

const fn first() -> u32 {
    1
}

const fn base_score() -> u8 {
    80
}

const fn yes() -> bool {
    true
}

/// What is wrong with `PROVIDERS`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProvidersError {
    /// Not a JSON list of providers.
    #[error("it is a JSON list as [{{\"name\": \"p2p\", \"kind\": \"p2p\"}}]: {0}")]
    Malformed(String),
    /// Nothing to pick from.
    #[error("it is an empty list; it names at least one provider")]
    Empty,
    /// A name that cannot be one.
    #[error("[{0}].name is \"{1}\"; a name is 1 to 128 characters of A-Z, a-z, 0-9, _ and -")]
    BadName(usize, String),
    /// Two of one name.
    #[error("[{0}].name is \"{1}\", which an earlier entry has; names are unique")]
    Twice(usize, String),
    /// A provider that this version has no adapter for.
    #[error("[{0}].kind is \"{1}\"; this version has an adapter for \"p2p\" only")]
    NoAdapter(usize, &'static str),
    /// A score out of range.
    #[error("[{0}].baseScore is {1}; it is 0 to 100")]
    BadScore(usize, u8),
}

/// Reads `PROVIDERS`.
pub fn parse(json: &str) -> Result<Vec<Provider>, ProvidersError> {
    let entries: Vec<Entry> =
        serde_json::from_str(json).map_err(|e| ProvidersError::Malformed(e.to_string()))?;
    let mut providers: Vec<Provider> = Vec::new();
    for (i, entry) in entries.into_iter().enumerate() {
        if !is_plain_name(&entry.name) {
            return Err(ProvidersError::BadName(i, entry.name));
        }
        if providers.iter().any(|p| p.name.as_str() == entry.name) {
            return Err(ProvidersError::Twice(i, entry.name));
        }
        if entry.base_score > 100 {
            return Err(ProvidersError::BadScore(i, entry.base_score));
        }
        match entry.kind {
            ProviderKind::P2p => {}
            ProviderKind::Sfu => return Err(ProvidersError::NoAdapter(i, "sfu")),
            ProviderKind::Vendor => return Err(ProvidersError::NoAdapter(i, "vendor")),
        }
        providers.push(Provider {
            name: ProviderName(entry.name),
            kind: entry.kind,
            priority: entry.priority,
            base_score: entry.base_score,
            min_participants: entry.min_participants,
            max_participants: entry.max_participants,
            is_active: entry.is_active,
        });
    }
    if providers.is_empty() {
        Err(ProvidersError::Empty)
    } else {
        Ok(providers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_entry_is_a_name_and_a_kind() {
        assert_eq!(
            parse(r#"[{"name":"p2p","kind":"p2p"}]"#),
            Ok(vec![Provider::p2p()])
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_where_it_stands() {
        let error = |json| parse(json).unwrap_err().to_string();
        assert_eq!(
            error("[]"),
            "it is an empty list; it names at least one provider"
        );
        assert!(error("{").starts_with("it is a JSON list"));
        assert!(error(r#"[{"name":"p2p","kind":"p2p","prio":1}]"#).contains("prio"));
        assert_eq!(
            error(r#"[{"name":"p2p","kind":"p2p"},{"name":"p2p","kind":"p2p"}]"#),
            "[1].name is \"p2p\", which an earlier entry has; names are unique"
        );
        assert_eq!(
            error(r#"[{"name":"daily","kind":"vendor"}]"#),
            "[0].kind is \"vendor\"; this version has an adapter for \"p2p\" only"
        );
    }
}
