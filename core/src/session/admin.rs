//! What operators do: switch and pin, change, remove, end.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::decision::{Answer, Refused, Turn, Write};
use super::log::{EndReason, Event};
use super::record::{Barred, Whom};
use super::{Life, Session, Settings};
use crate::protocol::close::CloseCode;
use crate::protocol::http::{Lock, SessionPatch, SwitchRequest};
use crate::protocol::ids::{ParticipantId, TokenId, UserId};
use crate::protocol::server::{LeaveReason, ServerMessage};
use crate::provider::Provider;
use crate::provider::cause::Cause;
use crate::provider::rule::{Demand, choose, out};
use crate::time::Millis;

/// The most characters of a title.
pub const MAX_TITLE_CHARS: usize = 128;

/// What an operator wants of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// Move everyone to this provider, and keep them there.
    Switch(SwitchRequest),
    /// Change what it is.
    Patch(SessionPatch),
    /// Remove somebody, and bar them: the token they came with, or the user.
    Remove {
        /// Whom.
        participant: ParticipantId,
        /// Whether all tokens of that user are barred from this session.
        user: bool,
    },
    /// End it.
    End,
}

impl Session {
    pub(super) fn act(&mut self, turn: &mut Turn, act: Act) -> Result<Answer, Refused> {
        let Some(life) = &mut self.life else {
            return Err(Refused::NoSession);
        };
        match act {
            Act::Switch(request) => {
                let providers = &self.settings.providers;
                life.switch_to(turn, providers, &request)
            }
            Act::Patch(patch) => life.patch(turn, &self.settings, patch),
            Act::Remove { participant, user } => {
                let barred = life.bar(turn, &participant, user)?;
                self.barred
                    .retain(|b| b.until > turn.now && barred.iter().all(|new| new.whom != b.whom));
                self.barred.extend(barred);
                turn.store(Write::Barred(self.barred.clone()));
                Ok(Answer::Done)
            }
            Act::End => {
                life.dismiss(turn);
                turn.end(EndReason::Deleted);
                Ok(Answer::Done)
            }
        }
    }

    /// Whether these may not come, or come back.
    pub fn is_barred(&self, token: &TokenId, user: &UserId, now: Millis) -> bool {
        self.barred.iter().any(|barred| {
            barred.until > now
                && match &barred.whom {
                    Whom::Token(name) => name == token,
                    Whom::User(name) => name == user,
                }
        })
    }
}

impl Life {
    /// An operator's switch is exempt from rank and bars, not from what is out of the question.
    fn switch_to(
        &mut self,
        turn: &mut Turn,
        providers: &[Provider],
        request: &SwitchRequest,
    ) -> Result<Answer, Refused> {
        let to = &request.provider;
        let target = providers.iter().find(|p| p.name == *to);
        let conflict = |why: String| Err(Refused::Conflict(why));
        let Some(target) = target else {
            let known: Vec<_> = providers.iter().map(|p| p.name.as_str()).collect();
            return conflict(format!(
                "there is no provider \"{to}\"; there are {}",
                known.join(", ")
            ));
        };
        if let Some(why) = self.with_demand(turn.now, &[], None, |demand| out(target, demand)) {
            return conflict(format!(
                "\"{to}\" is out of the question here ({}): {}",
                why.code(),
                why.words()
            ));
        }
        if self.senders().next().is_none() {
            return conflict("nobody is in the session who could move".to_owned());
        }
        if self.record.lock == Some(Lock::Stay) {
            return conflict(
                "the session is locked to where it is; PATCH {\"lock\": null} unlocks it"
                    .to_owned(),
            );
        }
        if let Some(switch) = &self.record.switch {
            let why = format!(
                "a switch to \"{}\" is under way in epoch {}; ask again when it is done",
                switch.provider, switch.epoch.0
            );
            return conflict(why);
        }
        if *to == self.record.provider && self.record.recovery.is_none() {
            return conflict(format!("the session is on \"{to}\" already"));
        }
        let evidence = request
            .reason
            .as_ref()
            .map(|reason| json!({"reason": reason.chars().take(256).collect::<String>()}));
        if self.record.recovery.is_some() {
            // Media is dead: there is nothing that a barrier could protect.
            self.try_from_now(turn);
            self.move_urgently(turn, providers, to, Cause::Operator, evidence);
            self.pin(turn, turn.by_name());
        } else {
            self.prepare(turn, providers, to, Cause::Operator, None, evidence);
            if let Some(switch) = &mut self.record.switch {
                switch.pins = Some(turn.by_name());
            }
        }
        Ok(Answer::Switching(self.record.issued))
    }

    /// Keeps the session where an operator has moved it, through failures too, until it is unpinned.
    pub(super) fn pin(&mut self, turn: &mut Turn, by: String) {
        self.record.pinned = Some(by.clone());
        turn.session_changed = true;
        let event = Event::Pinned {
            provider: self.record.provider.clone(),
            operator: by,
        };
        turn.log(&self.record, event);
    }

    fn patch(
        &mut self,
        turn: &mut Turn,
        settings: &Settings,
        patch: SessionPatch,
    ) -> Result<Answer, Refused> {
        if let Some(Some(title)) = &patch.title
            && !(1..=MAX_TITLE_CHARS).contains(&title.chars().count())
        {
            return Err(Refused::Bad(format!(
                "\"title\" has 1 to {MAX_TITLE_CHARS} characters; null takes it away"
            )));
        }
        if let Some(Some(limit)) = patch.p2p_limit
            && !(1..=1_000).contains(&limit)
        {
            return Err(Refused::Bad(format!(
                "\"p2pLimit\" is {limit}; it is a whole number of people from 1 to 1000"
            )));
        }
        if patch.lock == Some(Some(Lock::Relay)) {
            self.could_be_relayed(turn, &settings.providers)?;
        }
        let record = &mut self.record;
        let before = (record.title.clone(), record.lock, record.p2p_limit);
        if let Some(title) = patch.title {
            record.title = title;
        }
        if let Some(lock) = patch.lock {
            record.lock = lock;
        }
        if let Some(limit) = patch.p2p_limit {
            record.p2p_limit = limit;
            self.tuning = record.tuning(settings.tuning);
        }
        if before
            != (
                self.record.title.clone(),
                self.record.lock,
                self.record.p2p_limit,
            )
        {
            let event = Event::Changed {
                title: self.record.title.clone(),
                lock: self.record.lock,
                p2p_limit: self.record.p2p_limit,
            };
            turn.log(&self.record, event);
            turn.session_changed = true;
        }
        let switch = self.record.switch.as_mut();
        let would_pin = switch.and_then(|switch| switch.pins.take_if(|_| patch.unpin));
        let was_pinned = self.record.pinned.take_if(|_| patch.unpin);
        if would_pin.or(was_pinned).is_some() {
            turn.log(&self.record, Event::Unpinned);
            turn.session_changed = true;
        }
        if turn.session_changed {
            self.tell_state(turn);
        }
        Ok(Answer::Done)
    }

    /// A lock that nothing could keep is none.
    fn could_be_relayed(&self, turn: &Turn, providers: &[Provider]) -> Result<(), Refused> {
        let relayed = |demand: Demand<'_>| {
            let demand = Demand {
                relay_only: true,
                ..demand
            };
            choose(providers, demand).map(|_| ())
        };
        let outcome = self.with_demand(turn.now, &[], None, relayed);
        outcome.map_err(|why| Refused::Conflict(why.to_string()))
    }

    fn tell_state(&mut self, turn: &mut Turn) {
        let message = ServerMessage::Session {
            session: self.state(),
            switch: self.prepared_leg(turn.now),
            credentials: None,
        };
        self.tell_all(turn, &message);
    }

    /// Removes somebody; says whom to bar, and until when.
    fn bar(
        &mut self,
        turn: &mut Turn,
        id: &ParticipantId,
        user: bool,
    ) -> Result<Vec<Barred>, Refused> {
        let Some(participant) = self.participants.get(id) else {
            return Err(Refused::NoParticipant);
        };
        let record = &participant.record;
        // A token without a name, of an older version, is told from no other.
        let user = user || record.token == TokenId::default();
        let barred = if user {
            // A token lasts a day at most, and one that was just made may be on its way.
            let until = turn.now + MAX_TOKEN_LIFE;
            let whom = Whom::User(record.user.clone());
            vec![Barred { whom, until }]
        } else {
            let until = record.token_expires_at;
            let whom = Whom::Token(record.token.clone());
            let mut tokens = record.earlier_tokens.clone();
            tokens.push(Barred { whom, until });
            tokens
        };
        let event = Event::Barred {
            participant: id.clone(),
            user,
        };
        turn.log(&self.record, event);
        let same: Vec<_> = self
            .participants
            .values()
            .filter(|p| {
                barred.iter().any(|barred| match &barred.whom {
                    Whom::Token(token) => p.record.token == *token,
                    Whom::User(user) => p.record.user == *user,
                })
            })
            .map(|p| p.record.id.clone())
            .collect();
        for id in same {
            self.send_away(turn, &id, CloseCode::Removed, "removed");
            self.remove(turn, &id, LeaveReason::Removed);
        }
        Ok(barred)
    }

    /// Says good-bye to everyone.
    fn dismiss(&mut self, turn: &mut Turn) {
        let everyone: Vec<_> = self.participants.keys().cloned().collect();
        for id in everyone {
            self.send_away(turn, &id, CloseCode::Ended, "ended");
        }
    }

    fn send_away(
        &mut self,
        turn: &mut Turn,
        id: &ParticipantId,
        code: CloseCode,
        reason: &'static str,
    ) {
        let bye = ServerMessage::Bye {
            reason: reason.to_owned(),
            retry_after_ms: None,
        };
        self.tell_once(turn, id, &bye);
        if let Some(socket) = self
            .participants
            .get(id)
            .and_then(|p| p.record.socket.clone())
        {
            turn.close(&socket, code, reason);
        }
    }
}

/// The longest that a token lasts: `ttlSeconds` is at most a day.
const MAX_TOKEN_LIFE: Millis = Millis::from_secs(86_400);
