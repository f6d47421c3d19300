//! `hello`: who comes, who comes back, and who cannot be let in.

use super::decision::Turn;
use super::input::{Claims, Mint};
use super::log::By;
use super::presence::Presence;
use super::record::SecretHash;
use super::refusal::{Refusal, check};
use super::{Life, Pending, SameUser, Session, Settings};
use crate::protocol::client::{Hello, Resume};
use crate::protocol::close::CloseCode;
use crate::protocol::ids::{Instance, ParticipantId, SocketId};
use crate::protocol::server::LeaveReason;
use crate::provider::Provider;
use crate::provider::cause::Held;
use crate::provider::rule::{NoProvider, Out, choose, out};
use crate::time::Millis;

/// The socket that says `hello`.
#[derive(Clone, Copy)]
pub(super) struct Door<'a> {
    pub(super) socket: &'a SocketId,
    /// When it was accepted.
    pub(super) opened: Millis,
}

/// Who came, and in what way.
pub(super) struct Arrival {
    pub(super) id: ParticipantId,
    pub(super) way: Way,
}

/// In what way a `hello` came in.
pub(super) enum Way {
    /// Somebody who was not here.
    New,
    /// A tab that was here and begins again: its generation grows. The secret is the one by which
    /// it showed who it is, if it did.
    Anew(Option<SecretHash>),
    /// A tab that goes on where its last socket ended, by this secret.
    Resumed(SecretHash),
}

impl Session {
    pub(super) fn hello(
        &mut self,
        turn: &mut Turn,
        socket: &SocketId,
        pending: Pending,
        hello: Hello,
        mint: Mint,
    ) {
        match self.admit(turn, socket, pending, hello, &mint) {
            Ok(arrival) => {
                if let Some(life) = &mut self.life {
                    life.welcome(turn, &arrival, &mint);
                }
            }
            Err(refusal) => refusal.tell(turn, socket),
        }
    }

    fn admit(
        &mut self,
        turn: &mut Turn,
        socket: &SocketId,
        pending: Pending,
        hello: Hello,
        mint: &Mint,
    ) -> Result<Arrival, Refusal> {
        let Pending { claims, opened } = pending;
        let door = Door { socket, opened };
        check(&hello, &claims)?;
        if self.is_barred(&claims.token, &claims.user, turn.now) {
            return Err(Refusal::Barred);
        }
        let expired = claims.expires_at <= turn.now;
        if let Some(life) = &mut self.life
            && let Some(id) = life.tab(&claims, &hello.instance)
        {
            turn.by = By::Participant { id: id.clone() };
            if life.has_newer_socket(&id, opened) {
                return Err(Refusal::Late);
            }
            // The tab is counted already: it replaces its own socket before anything else (R8).
            let proven = life.proves_resume(&id, hello.resume.as_ref());
            if expired && !proven {
                return Err(Refusal::Expired);
            }
            let resume = hello
                .resume
                .clone()
                .filter(|resume| proven && life.can_replay(&id, resume));
            return match resume {
                Some(resume) => Ok(life.resume(turn, door, id, &claims, hello, &resume)),
                None => {
                    let used = hello.resume.as_ref().filter(|_| proven);
                    let way = Way::Anew(used.map(|resume| SecretHash::of(&resume.secret)));
                    life.begin_anew(turn, door, &id, claims, hello, &self.settings)?;
                    Ok(Arrival { id, way })
                }
            };
        }
        if expired {
            return Err(Refusal::Expired);
        }
        turn.by = By::Participant {
            id: mint.participant.clone(),
        };
        let same_user = self.settings.same_user;
        match &mut self.life {
            Some(life) => {
                let old = life
                    .who_makes_way(same_user, &claims)
                    .ok_or(Refusal::SameUser)?;
                life.check_room(turn, &self.settings.providers, &old, &hello)?;
                life.make_way(turn, &old);
            }
            none => {
                let life = Life::begin(&self.id, &self.settings, &claims, &hello, mint, turn)?;
                *none = Some(life);
            }
        }
        let id = mint.participant.clone();
        if let Some(life) = &mut self.life {
            life.add(turn, door, claims, hello, mint);
        }
        Ok(Arrival { id, way: Way::New })
    }
}

impl Life {
    /// The participant that this tab of this user is.
    fn tab(&self, claims: &Claims, instance: &Instance) -> Option<ParticipantId> {
        self.participants
            .values()
            .find(|p| p.record.user == claims.user && p.record.instance == *instance)
            .map(|p| p.record.id.clone())
    }

    /// Whether a socket that was accepted later than `opened` is the tab's already. What an abandoned
    /// socket said may still arrive, and must not end the one that came after it (R8).
    fn has_newer_socket(&self, id: &ParticipantId, opened: Millis) -> bool {
        self.participants
            .get(id)
            .is_some_and(|p| p.record.socket.is_some() && p.record.socket_opened > opened)
    }

    /// Whether the tab knows the secret it was given (R33).
    fn proves_resume(&self, id: &ParticipantId, resume: Option<&Resume>) -> bool {
        let (Some(resume), Some(participant)) = (resume, self.participants.get(id)) else {
            return false;
        };
        let record = &participant.record;
        let previous = record.previous_secret.as_ref();
        resume.participant == *id
            && resume.incarnation == self.record.incarnation
            && (record.secret.matches(&resume.secret)
                || previous.is_some_and(|secret| secret.matches(&resume.secret)))
    }

    fn can_replay(&self, id: &ParticipantId, resume: &Resume) -> bool {
        self.participants
            .get(id)
            .is_some_and(|p| p.mailbox.can_replay(resume.last_seq))
    }

    /// Whether there is a provider for everyone here and one more, who says `hello` in the place of
    /// `replaced`.
    fn check_room(
        &self,
        turn: &Turn,
        providers: &[Provider],
        replaced: &[ParticipantId],
        hello: &Hello,
    ) -> Result<(), Refusal> {
        if replaced.is_empty() && self.participants.len() >= self.tuning.max_participants as usize {
            return Err(Refusal::NoProvider(NoProvider::Full));
        }
        let target = self.record.switch.as_ref().map(|switch| &switch.provider);
        let places = |p: &&Provider| p.name == self.record.provider || Some(&p.name) == target;
        let left_out: Vec<_> =
            self.with_demand(turn.now, replaced, Some(&hello.drivers), |demand| {
                choose(providers, demand).map_err(Refusal::NoProvider)?;
                let places = providers.iter().filter(places);
                Ok(places.filter_map(|p| out(p, demand)).collect())
            })?;
        // A session that may not be moved takes only those who can come where it is, and where it goes.
        if self.held() == Held::Free {
            return Ok(());
        }
        for why in left_out {
            match why {
                Out::Inactive | Out::Ejected => {}
                Out::TooManyForP2p => return Err(Refusal::NoProvider(NoProvider::Full)),
                Out::NoDriver | Out::RelayOnly | Out::NotAllowed => {
                    return Err(Refusal::NoProvider(NoProvider::Unsupported));
                }
            }
        }
        Ok(())
    }

    /// Attaches a tab by a new socket, and sends its old one away (R8).
    fn attach(&mut self, turn: &mut Turn, id: &ParticipantId, door: Door<'_>, hello: &Hello) {
        let Some(participant) = self.participants.get_mut(id) else {
            return;
        };
        if let Some(old) = participant.record.socket.replace(door.socket.clone()) {
            turn.close(&old, CloseCode::Replaced, "replaced");
        }
        participant.record.socket_opened = door.opened;
        participant.record.away_since = None;
        participant.since = turn.now;
        // What was given to its last socket may never have arrived.
        participant.record.grants.clear();
        if hello.device.is_some() {
            participant.record.device.clone_from(&hello.device);
        }
        turn.changed.insert(id.clone());
        self.answered(turn, id);
    }

    /// Goes on where the tab's last socket ended. Its media, and its generation, stay as they are.
    fn resume(
        &mut self,
        turn: &mut Turn,
        door: Door<'_>,
        id: ParticipantId,
        claims: &Claims,
        hello: Hello,
        resume: &Resume,
    ) -> Arrival {
        let was_away = self
            .participants
            .get(&id)
            .is_some_and(|p| p.record.socket.is_none());
        self.attach(turn, &id, door, &hello);
        if let Some(participant) = self.participants.get_mut(&id) {
            participant.mailbox.acknowledge(resume.last_seq);
            let record = &mut participant.record;
            // The renewal of the same token may never have arrived: what it shows is what it has.
            if record.token == claims.token || claims.expires_at > turn.now {
                record.take_token(&claims.token, claims.expires_at, claims.lasts, turn.now);
            }
        }
        if was_away {
            self.announce(turn, &id);
        }
        Arrival {
            id,
            way: Way::Resumed(SecretHash::of(&resume.secret)),
        }
    }

    /// Begins again with a tab that has forgotten everything: a reload.
    fn begin_anew(
        &mut self,
        turn: &mut Turn,
        door: Door<'_>,
        id: &ParticipantId,
        claims: Claims,
        hello: Hello,
        settings: &Settings,
    ) -> Result<(), Refusal> {
        self.check_room(turn, &settings.providers, std::slice::from_ref(id), &hello)?;
        self.attach(turn, id, door, &hello);
        if let Some(participant) = self.participants.get_mut(id) {
            let record = &mut participant.record;
            record.name = claims.name;
            record.role = claims.role;
            record.generation = record.generation.next();
            record.drivers = hello.drivers;
            record.connected = false;
            record.sees.clear();
            record.tracks.clear();
            record.hidden = false;
            record.report = None;
            record.blind.clear();
            record.lost = false;
            record.prepared = None;
            record.quality = None;
            record.poor_since = None;
            record.take_token(&claims.token, claims.expires_at, claims.lasts, turn.now);
            participant.mailbox.drop_all();
        }
        self.release(turn, id);
        self.forget_seen(turn, id);
        self.announce(turn, id);
        Ok(())
    }

    /// Which tabs make way for one more of their user; none where that one may not come (R9).
    fn who_makes_way(&self, policy: SameUser, claims: &Claims) -> Option<Vec<ParticipantId>> {
        let here = self
            .participants
            .values()
            .filter(|p| p.record.user == claims.user);
        let here: Vec<_> = here.map(|p| p.record.id.clone()).collect();
        match policy {
            SameUser::Allow => Some(Vec::new()),
            // A ghost, whose socket and media are gone, is not here.
            SameUser::Reject => here
                .iter()
                .all(|id| self.presence_of(id) == Presence::Gone)
                .then_some(here),
            SameUser::Takeover => Some(here),
        }
    }

    fn make_way(&mut self, turn: &mut Turn, old: &[ParticipantId]) {
        for id in old {
            let socket = self.participants.get(id).map(|p| p.record.socket.clone());
            if let Some(socket) = socket.flatten() {
                turn.close(&socket, CloseCode::Replaced, "taken over");
            }
            self.remove(turn, id, LeaveReason::Replaced);
        }
    }
}
