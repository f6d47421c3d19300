//! What a session has to tell the index of live sessions, kept until the index knows it.
//!
//! A change of the session's [`Brief`] is noted in the transaction of the decision that made it and
//! sent after that, so no kill of either side loses it: what is pending is sent again by the alarm.

use samewire_core::protocol::http::Brief;
use samewire_core::protocol::ids::{Incarnation, SessionId};
use samewire_core::session::Write;
use samewire_core::time::Millis;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// The last news, and whether the index knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    /// The news; none before a first life.
    pub news: Option<News>,
    /// Whether the index is still to be told.
    pub pending: bool,
}

/// What the index is told. Of one life, the higher version is the newer; of two lives, the later
/// incarnation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    /// The session as it is.
    Live(Row),
    /// The life is over.
    Ended {
        /// Of which session.
        id: SessionId,
        /// Which life.
        incarnation: Incarnation,
        /// After which versions.
        version: u64,
    },
}

/// A row of `GET /v1/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The session in short.
    #[serde(flatten)]
    pub brief: Brief,
    /// When it changed last.
    pub updated_at: Millis,
    /// How often it has changed.
    pub version: u64,
}

/// What a row says beside its brief; what the end of a life says has this `version` too.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Beside {
    news: Kind,
    updated_at: Option<Millis>,
    version: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Live,
    Ended,
}

/// Of which life an end is.
#[derive(Deserialize)]
struct Life {
    id: SessionId,
    incarnation: Incarnation,
}

/// Read part by part from its text: a derived reader of a flattened or tagged one reads everything a
/// second time in its own way, and so would have every reader in the Worker twice.
impl<'de> Deserialize<'de> for News {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fn read(text: &str) -> serde_json::Result<News> {
            let beside: Beside = serde_json::from_str(text)?;
            let version = beside.version;
            Ok(match beside.news {
                Kind::Live => News::Live(Row {
                    brief: serde_json::from_str(text)?,
                    updated_at: beside
                        .updated_at
                        .ok_or_else(|| serde_json::Error::missing_field("updatedAt"))?,
                    version,
                }),
                Kind::Ended => {
                    let Life { id, incarnation } = serde_json::from_str(text)?;
                    News::Ended {
                        id,
                        incarnation,
                        version,
                    }
                }
            })
        }
        read(Box::<RawValue>::deserialize(deserializer)?.get()).map_err(D::Error::custom)
    }
}

impl News {
    /// Of which session it is.
    pub const fn id(&self) -> &SessionId {
        match self {
            Self::Live(row) => &row.brief.id,
            Self::Ended { id, .. } => id,
        }
    }

    /// What orders the news of one session.
    pub const fn order(&self) -> (&Incarnation, u64) {
        match self {
            Self::Live(row) => (&row.brief.incarnation, row.version),
            Self::Ended {
                incarnation,
                version,
                ..
            } => (incarnation, *version),
        }
    }
}

impl Outbox {
    /// What is to be told, now that the session is `brief`; none where that is known.
    pub fn changed(&self, brief: Option<Brief>, now: Millis) -> Option<Self> {
        let version = self.news.as_ref().map_or(0, |news| news.order().1);
        let version = version.saturating_add(1);
        let news = match (brief, &self.news) {
            (Some(brief), Some(News::Live(row))) if row.brief == brief => return None,
            (Some(brief), _) => News::Live(Row {
                brief,
                updated_at: now,
                version,
            }),
            (None, Some(News::Live(row))) => News::Ended {
                id: row.brief.id.clone(),
                incarnation: row.brief.incarnation.clone(),
                version,
            },
            (None, None | Some(News::Ended { .. })) => return None,
        };
        Some(Self {
            news: Some(news),
            pending: true,
        })
    }

    /// Notes that the index knows what was sent; says whether that is the last news.
    pub fn acknowledged(&mut self, sent: &News) -> bool {
        let known = self.news.as_ref() == Some(sent);
        if known {
            self.pending = false;
        }
        known
    }
}

/// Whether a write can change a brief. Heartbeats, signals and chat make none that can, and so cost
/// not even a comparison.
pub const fn may_change(write: &Write) -> bool {
    match write {
        Write::Session(_)
        | Write::Participant(_)
        | Write::Gone(_)
        | Write::End(_)
        | Write::Sweep => true,
        Write::Cursor(..)
        | Write::Keep(..)
        | Write::Forget(..)
        | Write::Chat(_)
        | Write::Log(_)
        | Write::Barred(_)
        | Write::ForgetLog(..) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use samewire_core::protocol::ids::Epoch;
    use samewire_core::protocol::server::{LifeState, ProviderKind};

    use super::*;

    fn brief(epoch: u64) -> Brief {
        Brief {
            id: SessionId::parse("room").unwrap(),
            incarnation: "one".into(),
            epoch: Epoch(epoch),
            provider: "p2p".into(),
            kind: ProviderKind::P2p,
            state: LifeState::Active,
            title: None,
            participants: 1,
            users: BTreeSet::from(["ana".into()]),
            started_at: Millis(1),
            alerts: Vec::new(),
        }
    }

    #[test]
    fn only_a_change_is_told_and_an_end_once() {
        let none = Outbox::default();
        assert_eq!(none.changed(None, Millis(1)), None);
        let began = none.changed(Some(brief(1)), Millis(1)).unwrap();
        assert!(began.pending);
        assert_eq!(began.changed(Some(brief(1)), Millis(2)), None);
        let moved = began.changed(Some(brief(2)), Millis(2)).unwrap();
        assert_eq!(moved.news.as_ref().unwrap().order().1, 2);
        let over = moved.changed(None, Millis(3)).unwrap();
        assert!(matches!(over.news, Some(News::Ended { version: 3, .. })));
        assert_eq!(over.changed(None, Millis(4)), None);
    }

    #[test]
    fn an_acknowledgement_of_older_news_leaves_the_newer_pending() {
        let began = Outbox::default()
            .changed(Some(brief(1)), Millis(1))
            .unwrap();
        let mut moved = began.changed(Some(brief(2)), Millis(2)).unwrap();
        assert!(!moved.acknowledged(&began.news.unwrap()));
        assert!(moved.pending);
        let news = moved.news.clone().unwrap();
        assert!(moved.acknowledged(&news) && !moved.pending);
    }

    #[test]
    fn news_are_stored_and_read_back() {
        let began = Outbox::default()
            .changed(Some(brief(1)), Millis(1))
            .unwrap();
        let json = serde_json::to_string(&began).unwrap();
        assert_eq!(
            json,
            concat!(
                r#"{"news":{"news":"live","id":"room","incarnation":"one","epoch":1,"#,
                r#""provider":"p2p","kind":"p2p","state":"active","participants":1,"users":["ana"],"#,
                r#""startedAt":1,"alerts":[],"updatedAt":1,"version":1},"pending":true}"#
            )
        );
        assert_eq!(serde_json::from_str::<Outbox>(&json).unwrap(), began);
        let over = began.changed(None, Millis(3)).unwrap();
        let json = serde_json::to_string(&over).unwrap();
        assert_eq!(
            json,
            r#"{"news":{"news":"ended","id":"room","incarnation":"one","version":2},"pending":true}"#
        );
        assert_eq!(serde_json::from_str::<Outbox>(&json).unwrap(), over);
    }
}
