//! What a close code means.

/// Why a link is not to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// A newer socket of the same tab took over.
    Replaced,
    /// The token is not good for this session, or no longer.
    Unauthorised,
    /// Removed by the session's owner.
    Removed,
    /// The session was ended.
    Ended,
    /// The session takes no more people.
    TooMany,
    /// The server speaks another protocol, or no provider serves everyone.
    Unsupported,
    /// We left.
    Left,
}

impl End {
    /// Whether an `error` right before it says why. An operator's act is no error of ours.
    pub const fn is_explained_by_an_error(self) -> bool {
        match self {
            Self::Replaced | Self::Unauthorised | Self::TooMany | Self::Unsupported => true,
            Self::Removed | Self::Ended | Self::Left => false,
        }
    }
}

/// What follows from a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Connect again.
    Reconnect,
    /// Do not.
    Stop(End),
}

/// The table of `docs/protocol.md`. Every code that forbids nothing there, or is not in it — 1001,
/// 1006, 1013, a proxy's — is an accident of the way, and the way is tried again.
pub const fn of_close(code: u16) -> Verdict {
    match code {
        4000 => Verdict::Stop(End::Replaced),
        4001 => Verdict::Stop(End::Unauthorised),
        4003 => Verdict::Stop(End::Removed),
        4004 => Verdict::Stop(End::Ended),
        4008 => Verdict::Stop(End::TooMany),
        4009 => Verdict::Stop(End::Unsupported),
        _ => Verdict::Reconnect,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_that_forbid_reconnection_are_those_of_the_table() {
        let stops: Vec<u16> = (0..=u16::MAX)
            .filter(|code| of_close(*code) != Verdict::Reconnect)
            .collect();
        assert_eq!(stops, [4000, 4001, 4003, 4004, 4008, 4009]);
    }
}
