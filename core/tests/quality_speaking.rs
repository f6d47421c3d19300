//! Who speaks, decided from levels that are looked at every half second.

use proptest::prelude::*;
use samewire_core::quality::speaking::{BEGINS, GOES_ON, PAUSE};
use samewire_core::quality::{Heard, Voice};
use samewire_core::time::Millis;

/// A look that knows the level of the moment only.
const fn level(level: f64) -> Heard {
    Heard {
        level,
        energy: f64::NAN,
        duration: f64::NAN,
    }
}

#[test]
fn nobody_speaks_before_anything_was_heard() {
    assert!(!Voice::default().speaks(Millis(0)));
    assert!(!Voice::default().speaks(Millis(u64::MAX)));
}

#[test]
fn speaking_begins_at_its_level_and_not_below() {
    let mut voice = Voice::default();
    voice.hear(Millis(0), level(BEGINS - 0.001));
    assert!(!voice.speaks(Millis(0)));
    voice.hear(Millis(500), level(BEGINS));
    assert!(voice.speaks(Millis(500)));
}

#[test]
fn speaking_ends_a_pause_after_the_last_loud_sound_to_the_millisecond() {
    let mut voice = Voice::default();
    voice.hear(Millis(1_000), level(0.3));
    voice.hear(Millis(1_500), level(0.0));
    assert!(voice.speaks(Millis(1_000 + PAUSE.0 - 1)));
    assert!(!voice.speaks(Millis(1_000 + PAUSE.0)));
}

#[test]
fn whoever_speaks_goes_on_softly_but_nobody_begins_so() {
    let mut voice = Voice::default();
    voice.hear(Millis(0), level(GOES_ON));
    assert!(!voice.speaks(Millis(0)));
    voice.hear(Millis(500), level(0.3));
    for look in 2..100 {
        voice.hear(Millis(look * 500), level(GOES_ON));
        assert!(voice.speaks(Millis(look * 500)));
    }
    // After a pause it would have to begin again.
    voice.hear(Millis(50_000), level(GOES_ON / 2.0));
    voice.hear(Millis(52_000), level(GOES_ON));
    assert!(!voice.speaks(Millis(52_000)));
}

#[test]
fn a_word_between_two_looks_is_heard_by_its_energy() {
    let mut voice = Voice::default();
    let total = |energy, duration| Heard {
        level: 0.0,
        energy,
        duration,
    };
    voice.hear(Millis(0), total(0.0, 10.0));
    voice.hear(Millis(500), total(0.0, 10.5));
    assert!(!voice.speaks(Millis(500)));
    // A tenth of a second at a level of 0.2.
    voice.hear(Millis(1_000), total(0.2 * 0.2 * 0.1, 11.0));
    assert!(voice.speaks(Millis(1_000)));
}

#[test]
fn totals_that_go_back_are_those_of_another_connection_and_no_sound() {
    let mut voice = Voice::default();
    let total = |energy, duration| Heard {
        level: f64::NAN,
        energy,
        duration,
    };
    voice.hear(Millis(0), total(0.0, 100.0));
    voice.hear(Millis(500), total(0.0, 0.5));
    assert!(!voice.speaks(Millis(500)));
    voice.hear(Millis(1_000), total(0.01, 1.0));
    assert!(voice.speaks(Millis(1_000)));
}

#[test]
fn what_is_unknown_is_silence() {
    let mut voice = Voice::default();
    voice.hear(Millis(0), level(f64::NAN));
    voice.hear(Millis(500), level(f64::NAN));
    assert!(!voice.speaks(Millis(500)));
    voice.hear(Millis(1_000), level(0.5));
    assert!(voice.speaks(Millis(1_000)));
}

proptest! {
    #[test]
    fn whatever_is_said_nobody_speaks_longer_than_a_pause_after_it(
        looks in prop::collection::vec((any::<f64>(), any::<f64>(), any::<f64>(), 0..2_000u64), 0..50)
    ) {
        let mut voice = Voice::default();
        let mut now = 0;
        for (level, energy, duration, later) in looks {
            now += later;
            voice.hear(Millis(now), Heard { level, energy, duration });
        }
        prop_assert!(!voice.speaks(Millis(now + PAUSE.0)));
    }
}
