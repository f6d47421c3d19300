//! Chat messages that wait for their echo, which is their acknowledgement.

/// How many wait at most; beyond it the sender is told to wait (R35).
pub const MAX_UNCONFIRMED: usize = 100;

/// Texts by id, ascending: ids only grow, and so few wait that a list beats a tree in every respect,
/// the size of the client above all.
#[derive(Debug, Default)]
pub struct Unconfirmed {
    texts: Vec<(u64, String)>,
}

impl Unconfirmed {
    /// Remembers one; false when too many wait already.
    pub fn remember(&mut self, id: u64, text: String) -> bool {
        if self.texts.len() >= MAX_UNCONFIRMED {
            return false;
        }
        self.texts.push((id, text));
        true
    }

    /// The echo came.
    pub fn confirm(&mut self, id: u64) {
        self.texts.retain(|(known, _)| *known != id);
    }

    /// What the server has not seen, in order, to be sent once more. What it has seen will be echoed.
    pub fn after(&self, last_id: u64) -> impl Iterator<Item = (u64, &str)> {
        self.texts
            .iter()
            .filter(move |(id, _)| *id > last_id)
            .map(|(id, text)| (*id, text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_did_not_arrive_is_sent_again_and_in_order() {
        let mut chats = Unconfirmed::default();
        for id in [2, 5, 9] {
            assert!(chats.remember(id, id.to_string()));
        }
        chats.confirm(5);
        assert_eq!(chats.after(2).collect::<Vec<_>>(), [(9, "9")]);
        assert_eq!(chats.after(0).collect::<Vec<_>>(), [(2, "2"), (9, "9")]);
        assert_eq!(chats.after(u64::MAX).count(), 0);
    }

    #[test]
    fn r35_what_waits_is_bounded() {
        let mut chats = Unconfirmed::default();
        let taken = (1..=200).filter(|id| chats.remember(*id, String::new()));
        assert_eq!(taken.count(), MAX_UNCONFIRMED);
    }
}
