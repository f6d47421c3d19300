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

    /// Takes one back that the session did not handle: it is to be said again, under another id,
    /// because a later one may have arrived.
    pub fn take(&mut self, id: u64) -> Option<String> {
        let at = self.texts.iter().position(|(known, _)| *known == id)?;
        Some(self.texts.remove(at).1)
    }

    /// The echo came, or a refusal.
    pub fn confirm(&mut self, id: u64) {
        self.texts.retain(|(known, _)| *known != id);
    }

    /// The server has seen everything up to here: said or refused, it is not to be sent again.
    pub fn confirm_up_to(&mut self, last_id: u64) {
        self.texts.retain(|(id, _)| *id > last_id);
    }

    /// We are somebody else now, to whom the old ids mean nothing: each text takes a fresh one.
    pub fn renumber(&mut self, mut mint: impl FnMut() -> u64) {
        for (id, _) in &mut self.texts {
            *id = mint();
        }
    }

    /// What waits, in order, to be sent once more.
    pub fn waiting(&self) -> impl Iterator<Item = (u64, &str)> {
        self.texts.iter().map(|(id, text)| (*id, text.as_str()))
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
        assert_eq!(chats.waiting().collect::<Vec<_>>(), [(2, "2"), (9, "9")]);
        chats.confirm_up_to(2);
        assert_eq!(chats.waiting().collect::<Vec<_>>(), [(9, "9")]);
        chats.confirm_up_to(9);
        assert_eq!(chats.waiting().count(), 0);
    }

    #[test]
    fn somebody_new_says_what_waits_under_fresh_ids_in_the_old_order() {
        let mut chats = Unconfirmed::default();
        for id in [2, 5, 9] {
            chats.remember(id, id.to_string());
        }
        chats.confirm(5);
        chats.renumber({
            let mut last = 20;
            move || {
                last += 1;
                last
            }
        });
        let waiting: Vec<_> = chats.waiting().collect();
        assert_eq!(waiting, [(21, "2"), (22, "9")]);
    }

    #[test]
    fn what_the_server_refused_makes_room_again() {
        let mut chats = Unconfirmed::default();
        for id in 1..=100 {
            assert!(chats.remember(id, String::new()));
        }
        assert!(!chats.remember(101, String::new()));
        chats.confirm(50);
        assert!(chats.remember(102, String::new()));
        chats.confirm_up_to(102);
        assert_eq!(chats.waiting().count(), 0);
    }

    #[test]
    fn what_came_too_fast_is_taken_back_and_waits_for_nothing() {
        let mut chats = Unconfirmed::default();
        for id in [2, 5] {
            chats.remember(id, id.to_string());
        }
        assert_eq!(chats.take(5).as_deref(), Some("5"));
        assert_eq!(chats.take(5), None);
        assert_eq!(chats.waiting().collect::<Vec<_>>(), [(2, "2")]);
    }

    #[test]
    fn r35_what_waits_is_bounded() {
        let mut chats = Unconfirmed::default();
        let taken = (1..=200).filter(|id| chats.remember(*id, String::new()));
        assert_eq!(taken.count(), MAX_UNCONFIRMED);
    }
}
