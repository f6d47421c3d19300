//! Candidates that wait for their description (R23).

use super::message::Candidate;

/// How many candidates are kept in all; beyond it the oldest is forgotten.
pub const MAX_CANDIDATES: usize = 256;

/// How many candidates of one generation are kept. A host with many interfaces and relays has tens.
pub const MAX_CANDIDATES_PER_UFRAG: usize = 64;

/// Candidates in order of arrival.
#[derive(Debug)]
pub(super) struct Kept<C>(Vec<Candidate<C>>);

impl<C> Default for Kept<C> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<C> Kept<C> {
    /// Keeps one; what exceeds the bounds is forgotten, because a flood must not cost memory.
    pub(super) fn keep(&mut self, candidate: Candidate<C>) {
        let same = self.0.iter().filter(|one| one.ufrag == candidate.ufrag);
        if same.count() >= MAX_CANDIDATES_PER_UFRAG {
            return;
        }
        if self.0.len() >= MAX_CANDIDATES {
            self.0.remove(0);
        }
        self.0.push(candidate);
    }

    /// Takes out those which belong to a description with these fragments, and those of none.
    pub(super) fn take(&mut self, ufrags: &[String]) -> Vec<Candidate<C>> {
        let mut taken = Vec::new();
        for candidate in core::mem::take(&mut self.0) {
            let belongs = match &candidate.ufrag {
                Some(ufrag) => ufrags.contains(ufrag),
                None => true,
            };
            if belongs {
                taken.push(candidate);
            } else {
                self.0.push(candidate);
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(ufrag: &str, body: u32) -> Candidate<u32> {
        Candidate {
            ufrag: Some(ufrag.to_owned()),
            body,
        }
    }

    #[test]
    fn r23_candidates_wait_for_their_own_description_and_keep_their_order() {
        let mut kept = Kept::default();
        kept.keep(candidate("a", 1));
        kept.keep(candidate("b", 2));
        kept.keep(candidate("a", 3));
        let bodies: Vec<u32> = kept
            .take(&["a".to_owned()])
            .into_iter()
            .map(|candidate| candidate.body)
            .collect();
        assert_eq!(bodies, [1, 3]);
        assert_eq!(kept.take(&["a".to_owned()]), []);
        assert_eq!(kept.take(&["b".to_owned()]), [candidate("b", 2)]);
    }

    #[test]
    fn r23_a_flood_of_candidates_is_bounded_and_the_oldest_generation_goes_first() {
        let mut kept = Kept::default();
        let generations = MAX_CANDIDATES / MAX_CANDIDATES_PER_UFRAG;
        for generation in 0..=generations {
            for body in 0..1_000 {
                kept.keep(candidate(&generation.to_string(), body));
            }
        }
        assert_eq!(kept.take(&["0".to_owned()]), []);
        assert_eq!(kept.take(&["1".to_owned()]).len(), MAX_CANDIDATES_PER_UFRAG);
    }
}
