//! How far ICE and DTLS of a connection are.

use super::patience::CONNECT_WITHIN;
use crate::time::Millis;

/// What a peer connection says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// ICE and DTLS are up.
    Connected,
    /// Nothing came for a while; it may come back.
    Disconnected,
    /// It will not come back by itself.
    Failed,
}

/// ICE and DTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Nothing was negotiated.
    None,
    /// Something was; by this time it is up, or there is no way.
    Connecting(Millis),
    /// It is up.
    Up,
}

impl Way {
    /// Something was negotiated: from now on ICE and DTLS have their time.
    pub(crate) fn negotiated(&mut self, now: Millis) {
        if *self == Way::None {
            *self = Way::Connecting(now + CONNECT_WITHIN);
        }
    }

    /// It is up. Whether that is new. (A browser may be faster than whoever tells that the answer was applied.)
    pub(crate) fn up(&mut self) -> bool {
        core::mem::replace(self, Way::Up) != Way::Up
    }

    /// When its time is over.
    pub(crate) const fn until(self) -> Option<Millis> {
        match self {
            Way::Connecting(until) => Some(until),
            Way::None | Way::Up => None,
        }
    }
}
