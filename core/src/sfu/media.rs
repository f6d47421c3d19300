//! What whoever opened a leg wishes, at any time, and what it makes of the media.

use super::incoming::Incoming;
use super::outgoing::{Outgoing, Sender};
use super::{Habit, Wanted};
use crate::protocol::client::Source;
use crate::time::Millis;

/// Something that is wished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A source is to be sent; live where there is a track.
    Publish {
        /// Which.
        source: Source,
        /// Whether there is a track.
        live: bool,
        /// How high its pictures are.
        height: u32,
    },
    /// A source is sent no more.
    Unpublish(Source),
    /// What limits the sender of a source lets it send, or not.
    Limit(Source, bool),
    /// Exactly this is wanted.
    Want(Vec<Wanted>),
}

/// What is published and what is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    pub(crate) outgoing: Outgoing,
    pub(crate) incoming: Incoming,
}

impl Media {
    /// Nothing is. `sign` stands before the height in a reference.
    pub(crate) const fn new(habit: Habit, sign: char) -> Self {
        Self {
            outgoing: Outgoing::new(habit),
            incoming: Incoming::new(habit, sign),
        }
    }

    /// Something is wished. Whose sender is to be given its present track.
    pub(crate) fn wish(&mut self, now: Millis, wish: Wish) -> Option<Source> {
        let (source, sender) = match wish {
            Wish::Publish {
                source,
                live,
                height,
            } => (source, self.outgoing.publish(now, source, live, height)),
            Wish::Unpublish(source) => (source, self.outgoing.unpublish(now, source)),
            Wish::Limit(source, active) => {
                self.outgoing.limit(now, source, active);
                return None;
            }
            Wish::Want(wanted) => {
                self.incoming.want(wanted);
                return None;
            }
        };
        (sender == Sender::Replace).then_some(source)
    }

    /// The connection is another one.
    pub(crate) fn begin(&mut self) {
        self.outgoing.begin();
        self.incoming.begin();
    }
}
