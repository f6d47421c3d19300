//! Who speaks: from the sound's level, as `getStats` tells it, to yes or no.
//!
//! **It begins at a level that a quiet room does not reach, and ends only after a pause that no
//! sentence has.** In between a softer level suffices to go on, so that it does not flicker.
//!
//! Levels are linear, 0…1, as `audioLevel` is. That one is of a moment, and a look every half second
//! misses words; the energy that has come in since the look before misses none. The louder of the two
//! counts. What is unknown is NaN, and silence.

use crate::time::Millis;

/// Somebody begins to speak at this level, −40 dB of the loudest.
pub const BEGINS: f64 = 0.01;
/// Somebody who speaks goes on at this level.
pub const GOES_ON: f64 = 0.005;
/// So long after the last sound that was loud enough somebody still speaks.
pub const PAUSE: Millis = Millis(1_200);

/// What a look at `getStats` says of one sound.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// `audioLevel`.
    pub level: f64,
    /// `totalAudioEnergy`: grows by the square of the level times the seconds it lasted.
    pub energy: f64,
    /// `totalSamplesDuration`, in seconds.
    pub duration: f64,
}

/// One sound, look by look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Voice {
    energy: f64,
    duration: f64,
    loud_at: Option<Millis>,
}

impl Voice {
    /// Takes a look. Totals that went back belong to a new connection and count from there (R32).
    pub fn hear(&mut self, now: Millis, heard: Heard) {
        let energy = heard.energy - self.energy;
        let duration = heard.duration - self.duration;
        (self.energy, self.duration) = (heard.energy, heard.duration);
        let mean = if energy >= 0.0 && duration > 0.0 {
            (energy / duration).sqrt()
        } else {
            0.0
        };
        let least = if self.speaks(now) { GOES_ON } else { BEGINS };
        if heard.level >= least || mean >= least {
            self.loud_at = Some(now);
        }
    }

    /// Whether it is somebody who speaks.
    pub fn speaks(&self, now: Millis) -> bool {
        self.loud_at
            .is_some_and(|loud_at| now.0 < loud_at.0.saturating_add(PAUSE.0))
    }
}
