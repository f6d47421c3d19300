//! Credentials that are renewed over the socket before they end (R33, R34).
//!
//! The core decides when, and the shell makes them: what it made comes back as
//! [`super::Input::Renewed`]. A renewal never shortens what somebody has, and never re-admits anybody.

use super::Life;
use super::decision::{Ask, Turn};
use super::input::{Ice, Renewal};
use super::record::{Barred, ParticipantRecord, Whom};
use crate::protocol::ids::{ParticipantId, TokenId};
use crate::protocol::server::ServerMessage;
use crate::time::Millis;

/// How many tokens are remembered that somebody came with before.
const EARLIER_TOKENS: usize = 8;

/// The least time between two renewals of one credential.
const NOT_SOONER: Millis = Millis::from_secs(1);

/// Half of the time from now to an end.
pub(super) fn half_way(now: Millis, ends: Millis) -> Millis {
    let half = Millis(ends.since(now).0 / 2).max(NOT_SOONER);
    now + half
}

impl ParticipantRecord {
    /// Notes the token that somebody came with, and when it is renewed: at half of its life.
    pub(super) fn take_token(&mut self, name: &TokenId, ends: Millis, lasts: Millis, now: Millis) {
        self.keep_earlier_token(name, now);
        // What renewed it may be in somebody's hands still, and ends later: that is until when it is barred.
        self.token_expires_at = match self.token == *name {
            true => self.token_expires_at.max(ends),
            false => ends,
        };
        self.token = name.clone();
        self.token_lasts = lasts;
        self.renew_token_at = (lasts > Millis(0)).then(|| half_way(now, ends));
    }

    /// Notes the token that another one takes the place of. The oldest of many is forgotten: who shows
    /// that many can be barred as a user only.
    fn keep_earlier_token(&mut self, by: &TokenId, now: Millis) {
        let whom = Whom::Token(by.clone());
        self.earlier_tokens
            .retain(|earlier| earlier.until > now && earlier.whom != whom);
        if self.token != *by && self.token != TokenId::default() && self.token_expires_at > now {
            self.earlier_tokens.push(Barred {
                whom: Whom::Token(self.token.clone()),
                until: self.token_expires_at,
            });
            if self.earlier_tokens.len() > EARLIER_TOKENS {
                self.earlier_tokens.remove(0);
            }
        }
    }

    /// Notes until when somebody's TURN credentials are good, and when they are renewed.
    pub(super) fn take_ice(&mut self, ice: &Ice, now: Millis) {
        self.renew_ice_at = ice.expires_at.map(|ends| half_way(now, ends));
    }
}

impl Life {
    /// Asks for what is half-way to its end. Who is away gets new ones with the next `welcome`.
    pub(super) fn look_at_renewals(&mut self, turn: &mut Turn) {
        for (id, participant) in &mut self.participants {
            let record = &mut participant.record;
            if record.socket.is_none() {
                continue;
            }
            if record
                .renew_token_at
                .take_if(|at| *at <= turn.now)
                .is_some()
            {
                turn.decision.ask.push(Ask::Token(id.clone()));
                // Should the shell die over it, it is asked again.
                record.renew_token_at = Some(half_way(turn.now, record.token_expires_at));
                turn.changed.insert(id.clone());
            }
            if record.renew_ice_at.take_if(|at| *at <= turn.now).is_some() {
                turn.decision.ask.push(Ask::IceServers(id.clone()));
                record.renew_ice_at = Some(turn.now + ASK_AGAIN);
                turn.changed.insert(id.clone());
            }
        }
    }

    /// Takes what the shell made, and hands it to whom it is for.
    pub(super) fn renewed(&mut self, turn: &mut Turn, id: &ParticipantId, what: Renewal) {
        let Some(participant) = self.participants.get_mut(id) else {
            return;
        };
        let record = &mut participant.record;
        turn.changed.insert(id.clone());
        match what {
            Renewal::Ice(ice) => {
                record.take_ice(&ice, turn.now);
                let message = ServerMessage::IceServers {
                    ice_servers: ice.servers,
                };
                self.tell_once(turn, id, &message);
            }
            Renewal::Token { token, expires_at } => {
                if expires_at < record.token_expires_at {
                    return;
                }
                let (name, lasts) = (record.token.clone(), record.token_lasts);
                record.take_token(&name, expires_at, lasts, turn.now);
                let message = ServerMessage::Token { token, expires_at };
                self.tell_once(turn, id, &message);
            }
            Renewal::Failed { again_in, ice } => {
                let again = Some(turn.now + again_in.max(NOT_SOONER));
                if ice {
                    record.renew_ice_at = again;
                } else {
                    record.renew_token_at = again;
                }
            }
        }
    }

    /// When something is renewed.
    pub(super) fn renewal_deadlines(&self) -> impl Iterator<Item = Millis> {
        self.participants
            .values()
            .filter(|p| p.record.socket.is_some())
            .flat_map(|p| {
                let grants = p.record.grants.values().map(|grant| grant.ask_at);
                [p.record.renew_token_at, p.record.renew_ice_at]
                    .into_iter()
                    .chain(grants)
            })
            .flatten()
    }
}

/// When TURN credentials are asked for again, should the shell have died over making them.
const ASK_AGAIN: Millis = Millis::from_secs(30);
