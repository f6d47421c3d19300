//! Which of a pair's connections a signal is about.
//!
//! **The number of a pair's connection only grows, and both ends go to the highest that either has
//! named.** So two who make it anew at once, or one after the other, end up with the same one, and
//! what was said about an earlier one is dropped.
//!
//! It stands in the payload of a `signal`, which the session does not read, and begins at 0 with
//! every epoch and generation of either end. A payload with a number and nothing else asks whoever
//! initiates for an offer: the first on a connection that is new to it, or an ICE restart.

/// The number of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nth(pub u32);

/// What a signal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A connection that is no more.
    Past,
    /// The one we have.
    Present,
    /// One that they have made: ours is to be made anew.
    Newer,
}

impl Nth {
    /// That of the connection after this one.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// What a signal with the number `said` is about.
    pub fn judge(self, said: Self) -> About {
        match said.cmp(&self) {
            core::cmp::Ordering::Less => About::Past,
            core::cmp::Ordering::Equal => About::Present,
            core::cmp::Ordering::Greater => About::Newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r23_what_was_said_about_an_earlier_connection_is_past() {
        assert_eq!(Nth(2).judge(Nth(1)), About::Past);
        assert_eq!(Nth(2).judge(Nth(2)), About::Present);
        assert_eq!(Nth(2).judge(Nth(3)), About::Newer);
        assert_eq!(Nth(u32::MAX).next(), Nth(u32::MAX));
    }

    /// Both ends make the connection anew at will, over signals that are delayed and lost; the last
    /// one of each arrives.
    #[test]
    fn two_who_make_it_anew_at_once_end_with_the_same_one() {
        for order in 0..64_u32 {
            let (mut ana, mut ben) = (Nth(0), Nth(0));
            let hear = |own: &mut Nth, said: Nth| {
                if own.judge(said) == About::Newer {
                    *own = said;
                }
            };
            for bit in 0..6 {
                if order >> bit & 1 == 0 {
                    ana = ana.next();
                } else {
                    ben = ben.next();
                    hear(&mut ana, ben);
                }
            }
            hear(&mut ben, ana);
            hear(&mut ana, ben);
            assert_eq!(ana, ben);
        }
    }
}
