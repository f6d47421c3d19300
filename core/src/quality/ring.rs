//! The last samples, in memory.

use super::sample::Sample;

/// How many samples are kept: ten minutes of one every three seconds.
pub const KEPT: usize = 200;

/// The last [`KEPT`] samples.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    samples: Vec<Sample>,
    /// Where the next one goes once it is full: where the oldest is.
    next: usize,
}

impl Ring {
    /// Keeps a sample; the oldest goes when there are [`KEPT`].
    pub fn push(&mut self, sample: Sample) {
        if self.samples.len() < KEPT {
            self.samples.push(sample);
        } else if let Some(oldest) = self.samples.get_mut(self.next) {
            *oldest = sample;
            self.next = (self.next + 1) % KEPT;
        }
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Sample> {
        let (newer, older) = self.samples.split_at(self.next.min(self.samples.len()));
        older.iter().chain(newer)
    }

    /// The last one.
    pub fn last(&self) -> Option<&Sample> {
        let (newer, older) = self.samples.split_at(self.next.min(self.samples.len()));
        newer.last().or(older.last())
    }
}
