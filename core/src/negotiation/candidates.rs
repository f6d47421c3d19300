//! Candidates that wait for their description (R23).

use super::message::Candidate;

/// How many generations of candidates are kept; beyond it the oldest is forgotten. Two are in flight
/// at most (an ignored restart and its successor), the rest is room for a hurried renegotiation.
pub const MAX_UFRAGS: usize = 8;

/// How many candidates of one generation are kept. A host with many interfaces and relays has tens.
pub const MAX_CANDIDATES_PER_UFRAG: usize = 64;

/// Candidates by user name fragment, oldest fragment first.
#[derive(Debug)]
pub(super) struct Kept<C> {
    by_ufrag: Vec<(Option<String>, Vec<Candidate<C>>)>,
}

impl<C> Default for Kept<C> {
    fn default() -> Self {
        Self {
            by_ufrag: Vec::new(),
        }
    }
}

impl<C> Kept<C> {
    /// Keeps one; what exceeds the bounds is forgotten, because a flood must not cost memory.
    pub(super) fn keep(&mut self, candidate: Candidate<C>) {
        let known = self
            .by_ufrag
            .iter_mut()
            .find(|(ufrag, _)| *ufrag == candidate.ufrag);
        if let Some((_, candidates)) = known {
            if candidates.len() < MAX_CANDIDATES_PER_UFRAG {
                candidates.push(candidate);
            }
            return;
        }
        if self.by_ufrag.len() >= MAX_UFRAGS {
            self.by_ufrag.remove(0);
        }
        self.by_ufrag
            .push((candidate.ufrag.clone(), vec![candidate]));
    }

    /// Takes out those which belong to a description with these fragments, and those of none.
    pub(super) fn take(&mut self, ufrags: &[String]) -> Vec<Candidate<C>> {
        let mut taken = Vec::new();
        let mut left = Vec::new();
        for (ufrag, candidates) in self.by_ufrag.drain(..) {
            let belongs = match &ufrag {
                Some(ufrag) => ufrags.contains(ufrag),
                None => true,
            };
            if belongs {
                taken.extend(candidates);
            } else {
                left.push((ufrag, candidates));
            }
        }
        self.by_ufrag = left;
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
        for generation in 0..=MAX_UFRAGS {
            for body in 0..1_000 {
                kept.keep(candidate(&generation.to_string(), body));
            }
        }
        assert_eq!(kept.take(&["0".to_owned()]), []);
        assert_eq!(kept.take(&["1".to_owned()]).len(), MAX_CANDIDATES_PER_UFRAG);
    }
}
