//! `hello`: who comes, who comes back, and who cannot be let in.

use std::collections::{BTreeMap, VecDeque};

use super::decision::Turn;
use super::input::{Claims, Mint};
use super::mailbox::Mailbox;
use super::record::{ParticipantRecord, SecretHash, SessionRecord};
use super::roster::Participant;
use super::{Life, Pending, Session, Settings};
use crate::protocol::client::{Hello, Resume};
use crate::protocol::close::CloseCode;
use crate::protocol::ids::{
    Epoch, Generation, Instance, Ordinal, ParticipantId, SessionId, SocketId, is_plain_name,
};
use crate::protocol::server::{Mode, Role};
use crate::protocol::{MAX_DRIVERS, MAX_NAME_BYTES, PROTOCOL_VERSION};
use crate::provider::Provider;
use crate::provider::rule::{Demand, NoProvider, choose};
use crate::time::Millis;

/// Why a `hello` is refused.
enum Refusal {
    Protocol(&'static str, String),
    Expired,
    Late,
    NoProvider(NoProvider),
}

/// The socket that says `hello`.
#[derive(Clone, Copy)]
struct Door<'a> {
    socket: &'a SocketId,
    /// When it was accepted.
    opened: Millis,
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
                    life.welcome(turn, &arrival, &mint, &self.settings);
                }
            }
            Err(Refusal::Protocol(code, message)) => {
                turn.refuse(socket, CloseCode::Protocol, code, message);
            }
            Err(Refusal::Expired) => turn.refuse(
                socket,
                CloseCode::Unauthorised,
                "unauthorised",
                "the token has expired; it admits to a resume only".to_owned(),
            ),
            Err(Refusal::Late) => turn.refuse(
                socket,
                CloseCode::Replaced,
                "replaced",
                "a newer socket of this tab is here".to_owned(),
            ),
            Err(Refusal::NoProvider(NoProvider::Full)) => {
                turn.refuse(
                    socket,
                    CloseCode::TooMany,
                    "full",
                    NoProvider::Full.to_string(),
                );
            }
            Err(Refusal::NoProvider(NoProvider::Unsupported)) => turn.refuse(
                socket,
                CloseCode::Protocol,
                "unsupported",
                NoProvider::Unsupported.to_string(),
            ),
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
        let expired = claims.expires_at <= turn.now;
        if let Some(life) = &mut self.life
            && let Some(id) = life.tab(&claims, &hello.instance)
        {
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
                Some(resume) => Ok(life.resume(turn, door, id, hello, &resume)),
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
        match &mut self.life {
            Some(life) => life.check_room(&self.settings.providers, None, &hello)?,
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

fn check(hello: &Hello, claims: &Claims) -> Result<(), Refusal> {
    if hello.protocol != PROTOCOL_VERSION {
        let message = format!(
            "protocol is {}; this server speaks {PROTOCOL_VERSION}",
            hello.protocol
        );
        return Err(Refusal::Protocol("protocol_version", message));
    }
    if !is_plain_name(hello.instance.as_str()) {
        let message = "\"instance\" is 1 to 128 characters of A-Z, a-z, 0-9, _ and -".to_owned();
        return Err(Refusal::Protocol("bad_field", message));
    }
    let device = hello
        .device
        .iter()
        .flat_map(|device| [&device.browser, &device.os, &device.kind, &device.network]);
    let too_long = device.flatten().any(|text| text.len() > MAX_NAME_BYTES);
    let strange = !hello
        .drivers
        .iter()
        .all(|name| is_plain_name(name.as_str()));
    if too_long || strange || hello.drivers.len() > MAX_DRIVERS {
        let message = format!(
            "\"drivers\" is at most {MAX_DRIVERS} names, and what \"device\" says has at most {MAX_NAME_BYTES} bytes each"
        );
        return Err(Refusal::Protocol("bad_field", message));
    }
    match claims.role {
        Role::Participant => Ok(()),
        Role::Host | Role::Viewer => {
            let message = "this version serves calls; the role must be \"participant\"".to_owned();
            Err(Refusal::Protocol("unsupported", message))
        }
    }
}

impl Life {
    /// Begins a life: the one place that gives a session its first epoch and provider.
    fn begin(
        id: &SessionId,
        settings: &Settings,
        claims: &Claims,
        hello: &Hello,
        mint: &Mint,
        turn: &mut Turn,
    ) -> Result<Self, Refusal> {
        let wishes = claims.session.clone().unwrap_or_default();
        let mut record = SessionRecord {
            incarnation: mint.incarnation.clone(),
            epoch: Epoch(1),
            provider: Provider::p2p().name,
            kind: Provider::p2p().kind,
            mode: wishes.mode.unwrap_or(Mode::Call),
            title: wishes.title,
            tuning: wishes.tuning,
            p2p_limit: wishes.p2p_limit,
            next_ordinal: Ordinal(1),
            began_at: turn.now,
            empty_since: None,
        };
        let tuning = record.tuning(settings.tuning);
        let demand = Demand {
            people: 1,
            drivers: &[&hello.drivers],
            tuning: &tuning,
        };
        let provider = choose(&settings.providers, demand).map_err(Refusal::NoProvider)?;
        record.provider = provider.name.clone();
        record.kind = provider.kind;
        turn.session_changed = true;
        Ok(Self {
            id: id.clone(),
            record,
            tuning,
            participants: BTreeMap::new(),
            chat: VecDeque::new(),
        })
    }

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

    /// Whether there is a provider for everyone here and one more, or for everyone here when the one
    /// who says `hello` is among them.
    fn check_room(
        &self,
        providers: &[Provider],
        returning: Option<&ParticipantId>,
        hello: &Hello,
    ) -> Result<(), Refusal> {
        let others = self
            .participants
            .values()
            .filter(|p| Some(&p.record.id) != returning);
        let mut drivers: Vec<_> = others.map(|p| &p.record.drivers).collect();
        drivers.push(&hello.drivers);
        let people = u32::try_from(drivers.len()).unwrap_or(u32::MAX);
        let demand = Demand {
            people,
            drivers: &drivers,
            tuning: &self.tuning,
        };
        match choose(providers, demand) {
            Ok(_) if hello.drivers.contains(&self.record.provider) => Ok(()),
            Ok(_) => Err(Refusal::NoProvider(NoProvider::Unsupported)),
            Err(error) => Err(Refusal::NoProvider(error)),
        }
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
        if hello.device.is_some() {
            participant.record.device.clone_from(&hello.device);
        }
        turn.changed.insert(id.clone());
    }

    /// Goes on where the tab's last socket ended. Its media, and its generation, stay as they are.
    fn resume(
        &mut self,
        turn: &mut Turn,
        door: Door<'_>,
        id: ParticipantId,
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
        self.check_room(&settings.providers, Some(id), &hello)?;
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
            participant.mailbox.drop_all();
        }
        self.forget_seen(turn, id);
        self.announce(turn, id);
        Ok(())
    }

    fn add(&mut self, turn: &mut Turn, door: Door<'_>, claims: Claims, hello: Hello, mint: &Mint) {
        let ordinal = self.record.next_ordinal;
        self.record.next_ordinal = ordinal.next();
        self.record.empty_since = None;
        turn.session_changed = true;
        let record = ParticipantRecord {
            id: mint.participant.clone(),
            user: claims.user,
            name: claims.name,
            role: claims.role,
            instance: hello.instance,
            ordinal,
            generation: Generation(1),
            drivers: hello.drivers,
            socket: Some(door.socket.clone()),
            socket_opened: door.opened,
            away_since: None,
            secret: SecretHash::of(&mint.secret),
            previous_secret: None,
            connected: false,
            sees: Default::default(),
            tracks: Vec::new(),
            hidden: false,
            device: hello.device,
        };
        let participant = Participant {
            record,
            since: turn.now,
            mailbox: Mailbox::default(),
        };
        self.participants
            .insert(mint.participant.clone(), participant);
    }
}
