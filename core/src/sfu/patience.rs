//! How long the machines wait, and how often they ask.

use crate::time::Millis;

/// So long has a server for an answer that depends on nobody else, with what the browser does for the
/// call before: a machine that sets up several connections at once takes a second or two for that.
pub const ANSWER_WITHIN: Millis = Millis(5_000);

/// So long for a track of somebody else: a server may wait five seconds for its first packet.
pub const TRACK_WITHIN: Millis = Millis(6_000);

/// For so long a call is made again that fails for the moment; then the leg has failed. As long as a
/// switch is prepared: later nobody waits for it.
pub const BUDGET: Millis = Millis(5_000);

/// So long a server is asked whether it knows a session whose media stopped: that speaks against it.
pub const LOOK_BUDGET: Millis = Millis(1_500);

/// So long have ICE and DTLS, from the first answer on.
pub const CONNECT_WITHIN: Millis = Millis(8_000);

/// The first pause before something is asked again; each is twice as long as the one before.
pub const FIRST_PAUSE: Millis = Millis(100);

/// The longest pause before a track is asked for again that is not there yet.
pub const LONGEST_PAUSE: Millis = Millis(2_000);

/// The longest time that a server may tell us to wait when it is full.
pub const LONGEST_FULL: Millis = Millis(2_000);

/// Cloudflare forgets a track that was silent for 30 s. So long before, it is published anew rather
/// than trusted to be there still.
pub const COLLECTED_AFTER: Millis = Millis(25_000);

/// So long after a layer was asked for that did not come it is asked for again; then twice as long.
pub const LAYER_AGAIN: Millis = Millis(500);

/// So often a layer is asked for: its sender may not send it at all.
pub const LAYER_TRIES: u32 = 4;

/// So often Janus is told that we are there; it forgets a session after 60 s.
pub const KEEPALIVE_EVERY: Millis = Millis(20_000);

/// The pause after so many failures.
pub fn pause(failures: u32) -> Millis {
    let times = 1 << failures.saturating_sub(1).min(10);
    Millis(FIRST_PAUSE.0 * times).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<u64> = (1..8).map(|failures| pause(failures).0).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
