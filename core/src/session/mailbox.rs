//! What one participant is still to be told.
//!
//! Every frame to a participant is numbered here. Frames that change what the client knows are kept
//! until they are acknowledged, so that a resume can tell them again; answers to a single frame are
//! numbered and not kept.

use std::collections::VecDeque;

use super::record::{Cursor, Fence, Kept};
use crate::protocol::ids::{MessageId, Seq};

/// A reader that has not acknowledged this many frames is too slow.
pub(super) const MAX_UNACKNOWLEDGED_FRAMES: usize = 256;

/// A reader that has not acknowledged this many bytes is too slow.
pub(super) const MAX_UNACKNOWLEDGED_BYTES: usize = 256 * 1024;

#[derive(Clone, Debug, Default)]
pub(super) struct Mailbox {
    cursor: Cursor,
    kept: VecDeque<(Seq, Kept)>,
    bytes: usize,
}

impl Mailbox {
    pub(super) const fn cursor(&self) -> Cursor {
        self.cursor
    }

    pub(super) fn restore_cursor(&mut self, cursor: Cursor) {
        self.cursor = cursor;
    }

    pub(super) fn restore_kept(&mut self, seq: Seq, kept: Kept) {
        self.bytes = self.bytes.saturating_add(kept.message.0.len());
        self.kept.push_back((seq, kept));
    }

    pub(super) fn unacknowledged(&self) -> usize {
        self.kept.len()
    }

    /// The number of the next frame.
    pub(super) fn number(&mut self) -> Seq {
        self.cursor.seq = self.cursor.seq.next();
        self.cursor.seq
    }

    /// Keeps a frame that was just numbered.
    pub(super) fn keep(&mut self, seq: Seq, kept: Kept) {
        self.restore_kept(seq, kept);
    }

    pub(super) fn is_too_full(&self) -> bool {
        self.kept.len() >= MAX_UNACKNOWLEDGED_FRAMES || self.bytes >= MAX_UNACKNOWLEDGED_BYTES
    }

    /// Forgets frames up to `seq`, which cannot be told again then; says whether there were any.
    pub(super) fn acknowledge(&mut self, seq: Seq) -> bool {
        let before = self.kept.len();

        while let Some((_, kept)) = self.kept.pop_front_if(|(n, _)| *n <= seq) {
            self.bytes = self.bytes.saturating_sub(kept.message.0.len());
        }
        let forgot = self.kept.len() < before;
        if forgot {
            self.cursor.dropped = self.cursor.dropped.max(seq.min(self.cursor.seq));
        }
        forgot
    }

    /// Gives up on telling any of these frames again: the next resume must be a snapshot.
    pub(super) fn drop_all(&mut self) {
        self.kept.clear();
        self.bytes = 0;
        self.cursor.dropped = self.cursor.seq;
    }

    /// Whether all that followed `last_seq` can be told again.
    pub(super) fn can_replay(&self, last_seq: Seq) -> bool {
        last_seq >= self.cursor.dropped && last_seq <= self.cursor.seq
    }

    /// Takes out what is unacknowledged and still holds, for it to be numbered anew.
    pub(super) fn take_unheard(&mut self, holds: impl Fn(&Fence) -> bool) -> Vec<Kept> {
        self.bytes = 0;
        std::mem::take(&mut self.kept)
            .into_iter()
            .filter(|(_, kept)| kept.fence.as_ref().is_none_or(&holds))
            .map(|(_, kept)| kept)
            .collect()
    }

    /// Notes a client's `id`; says whether it is new.
    pub(super) fn receive(&mut self, id: MessageId) -> bool {
        let new = id > self.cursor.last_id;
        if new {
            self.cursor.last_id = id;
        }
        new
    }
}
