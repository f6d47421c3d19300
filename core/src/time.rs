//! Time as the core knows it: a number that comes in with every input.

use core::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// A moment, or a span, in whole milliseconds.
///
/// As a moment it counts from the Unix epoch in the Worker and from any fixed origin in the browser
/// and in tests; the core only ever compares moments of one origin. Arithmetic saturates: a clock
/// that jumps cannot make the core panic.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// The span of `seconds` seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// The span since `earlier`; zero when `earlier` is in the future.
    pub const fn since(self, earlier: Millis) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Millis {
    type Output = Millis;

    fn add(self, span: Millis) -> Millis {
        Millis(self.0.saturating_add(span.0))
    }
}

impl Sub for Millis {
    type Output = Millis;

    fn sub(self, span: Millis) -> Millis {
        Millis(self.0.saturating_sub(span.0))
    }
}
