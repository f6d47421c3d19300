//! Short lists put in order, and small sets and maps made of what comes.
//!
//! The standard library sorts with some three kilobytes of code for every type that is sorted, and it
//! sorts whatever is collected into a set or map. For a session's few hundred participants that is
//! no faster, and all of it would be in the Worker.

/// Sorts by a key; what has the same key stays as it was. By insertion: for lists as long as there are
/// participants, not pairs of them.
pub(crate) fn sort_by_key<T, K: Ord>(list: &mut [T], key: impl Fn(&T) -> &K) {
    for end in 1..list.len() {
        let mut at = end;
        while let Some([before, this]) = at.checked_sub(1).and_then(|from| list.get(from..=at))
            && key(before) > key(this)
        {
            list.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// Makes a set or a map of what comes, one after the other.
pub(crate) fn collected<T, C: Default + Extend<T>>(all: impl Iterator<Item = T>) -> C {
    let mut collection = C::default();
    collection.extend(all);
    collection
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_sorted_as_the_standard_library_sorts_it() {
        for length in 0..9_u64 {
            for seed in 0..200_u64 {
                let mut ours: Vec<(u64, u64)> = (0..length)
                    .map(|i| (seed.wrapping_mul(6_364_136_223 + i * 977) % 5, i))
                    .collect();
                let mut theirs = ours.clone();
                sort_by_key(&mut ours, |pair| &pair.0);
                theirs.sort_by_key(|pair| pair.0);
                assert_eq!(ours, theirs);
            }
        }
    }
}
