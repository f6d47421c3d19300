//! What a listener would say of a line, by the E-model.
//!
//! ITU-T G.107 rates a line by one number, R, from 0 to about 93, and its Annex B gives the mean
//! opinion score that belongs to it. The full model wants the codec's tables; what is here is its
//! common short form (PingPlotter's, as in baresip up to 2019), for a line whose only faults are
//! delay, jitter and loss.

use super::raw::{known, within};

/// R of a line without any fault: G.107's default values.
pub const R_MOST: f64 = 93.2;

/// What codec and jitter buffer delay at least, in milliseconds.
const OWN_DELAY: f64 = 10.0;

/// R per per cent of packets lost.
const R_PER_LOSS: f64 = 2.5;

/// R, 0…[`R_MOST`], of a round trip and jitter in milliseconds and a loss in per cent.
///
/// Jitter counts twice, for the buffer that takes it up; from 160 ms on, where people begin to
/// interrupt each other, delay costs four times as much. What is not a number costs nothing here.
pub fn r_factor(rtt_ms: f64, jitter_ms: f64, loss_pct: f64) -> f64 {
    let sane = |value: f64| known(within(value, 0.0, 1e9)).unwrap_or(0.0);
    let delay = sane(rtt_ms) + 2.0 * sane(jitter_ms) + OWN_DELAY;
    let of_delay = if delay < 160.0 {
        delay / 40.0
    } else {
        (delay - 120.0) / 10.0
    };
    within(R_MOST - of_delay - R_PER_LOSS * sane(loss_pct), 0.0, R_MOST)
}

/// The mean opinion score, 1…4.5, of an R: G.107 Annex B.
///
/// Between 0 and 6.5 the formula falls below 1, its own lowest value; there it is 1.
pub fn mos(r: f64) -> f64 {
    if r >= 100.0 {
        4.5
    } else if r > 0.0 {
        within(
            1.0 + 0.035 * r + 7e-6 * r * (r - 60.0) * (100.0 - r),
            1.0,
            4.5,
        )
    } else {
        1.0
    }
}
