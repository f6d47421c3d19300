//! What participants report of their quality.

use super::Life;
use super::decision::Turn;
use crate::protocol::client::Quality;
use crate::protocol::ids::ParticipantId;

/// Scores below this are poor: the rating `good` begins here.
const GOOD_SCORE: f64 = 60.0;

impl Life {
    /// Keeps the last report, and since when it is poor.
    pub(super) fn quality(&mut self, turn: &mut Turn, id: &ParticipantId, quality: Quality) {
        if self.is_stale(turn, id, quality.epoch) || quality.epoch != self.record.epoch {
            return;
        }
        if !(0.0..=100.0).contains(&quality.score) {
            let message = "\"score\" is 0 to 100";
            return self.error(turn, id, "bad_field", message);
        }
        let Some(participant) = self.participants.get_mut(id) else {
            return;
        };
        let record = &mut participant.record;
        record.poor_since = match quality.score < GOOD_SCORE {
            // What is measured while the session moves neither begins nor ends anything.
            _ if quality.switching => record.poor_since,
            true => record.poor_since.or(Some(turn.now)),
            false => None,
        };
        record.quality = Some(quality);
        turn.changed.insert(id.clone());
    }
}
