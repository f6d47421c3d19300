//! How fast a socket may talk: a token bucket of `FRAME_BURST` frames, exact in whole milliseconds.

use crate::time::Millis;
use crate::tuning::Tuning;

/// One socket's bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// When it will be, or was, full again.
    full_at: Millis,
}

impl Bucket {
    /// A full one.
    pub const fn full(now: Millis) -> Self {
        Self { full_at: now }
    }

    /// Takes one frame out, or says how long to wait for the next. What is refused costs nothing, so
    /// that whoever waits is let in: a limit locks nobody out (R7).
    pub fn take(&mut self, now: Millis, tuning: &Tuning) -> Result<(), Millis> {
        let whole = tuning
            .frame_every
            .0
            .saturating_mul(u64::from(tuning.frame_burst));
        let most = now + Millis(whole);
        // A clock that went back finds it empty, not in debt.
        self.full_at = self.full_at.clamp(now, most);
        let full_at = self.full_at + tuning.frame_every;
        if full_at > most {
            return Err(full_at - most);
        }
        self.full_at = full_at;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_120_is_let_through_and_the_next_is_told_how_long_to_wait() {
        let mut bucket = Bucket::full(Millis(5_000));
        for _ in 0..120 {
            assert_eq!(bucket.take(Millis(5_000), &Tuning::default()), Ok(()));
        }
        assert_eq!(
            bucket.take(Millis(5_000), &Tuning::default()),
            Err(Millis(100))
        );
        assert_eq!(
            bucket.take(Millis(5_099), &Tuning::default()),
            Err(Millis(1))
        );
        assert_eq!(bucket.take(Millis(5_100), &Tuning::default()), Ok(()));
        assert_eq!(
            bucket.take(Millis(5_100), &Tuning::default()),
            Err(Millis(100))
        );
    }

    #[test]
    fn ten_a_second_go_on_for_ever_and_a_pause_fills_the_bucket_to_its_brim_only() {
        let mut bucket = Bucket::full(Millis(0));
        for n in 0..10_000 {
            assert_eq!(bucket.take(Millis(n * 100), &Tuning::default()), Ok(()));
        }
        let later = Millis(100_000_000);
        assert_eq!(
            (0..500)
                .filter(|_| bucket.take(later, &Tuning::default()).is_ok())
                .count(),
            120
        );
    }

    #[test]
    fn r7_what_is_refused_costs_nothing() {
        let mut bucket = Bucket::full(Millis(0));
        while bucket.take(Millis(0), &Tuning::default()).is_ok() {}
        for _ in 0..1_000 {
            assert_eq!(bucket.take(Millis(50), &Tuning::default()), Err(Millis(50)));
        }
        assert_eq!(bucket.take(Millis(100), &Tuning::default()), Ok(()));
    }
}
