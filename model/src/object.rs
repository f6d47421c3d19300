//! The shell around the core, as the Worker is one: it stores, tells, and sets the alarm, in that
//! order, and may die after any of them.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use samewire_core::protocol::ids::{SessionId, SocketId};
use samewire_core::protocol::server::Role;
use samewire_core::session::{Ask, Claims, Input, Pending, Session, Tell, Write};
use samewire_core::time::Millis;

use crate::Mutant;
use crate::scenario::settings;
use crate::table::{Table, digest};
use crate::wire::{Told, Who, provider_of, read};

/// What an object knows while it is awake.
#[derive(Debug)]
pub struct Memory {
    session: Session,
    digest: u64,
    /// Its next deadline.
    pub due: Option<Millis>,
}

/// Credentials that were asked for: whose, for which epoch, of which provider.
pub type Asked = (Who, Option<u64>, u8);

/// One thing to be done.
#[derive(Debug)]
pub enum Out {
    /// Store this, all or nothing.
    Store(Vec<Write>),
    /// Tell a socket this.
    Send(Who, Told),
    /// Close a socket with this code.
    Close(Who, u16),
    /// Find out what was asked for: credentials of whom, for which epoch, of which provider.
    Ask(Vec<Asked>),
    /// Set the alarm for the next deadline.
    Alarm,
}

/// An object: what it has stored, and, while it is awake, what it knows and has still to do.
#[derive(Clone, Debug)]
pub struct Object {
    /// The tables.
    pub table: Arc<Table>,
    /// The tables as they were when it decided what it has not yet done.
    pub before: Arc<Table>,
    /// What it knows; nothing while it is evicted or dead.
    pub memory: Option<Arc<Memory>>,
    /// What it has decided and not yet done.
    pub tail: VecDeque<(u64, Arc<Out>)>,
    /// When its alarm rings.
    pub alarm: Option<Millis>,
    /// Which providers are switched on.
    pub active: [bool; 3],
    /// Whether the SFU has an adapter.
    pub adapter: bool,
    /// The credentials that its shell is making; what it dies over is lost.
    pub asked: VecDeque<Asked>,
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        let digest = |object: &Self| {
            let mut hasher = DefaultHasher::new();
            object.hash(&mut hasher);
            hasher.finish()
        };
        digest(self) == digest(other)
    }
}

impl Hash for Object {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.table.hash(hasher);
        self.memory.as_ref().map(|m| m.digest).hash(hasher);
        if !self.tail.is_empty() {
            self.before.hash(hasher);
        }
        self.tail.len().hash(hasher);
        self.tail.iter().for_each(|(digest, _)| digest.hash(hasher));
        (self.alarm, self.active, &self.asked).hash(hasher);
    }
}

/// Whom the token of a tab is for.
pub fn claims(tab: u8) -> Claims {
    Claims {
        user: format!("u{tab}").as_str().into(),
        name: String::new(),
        role: Role::Participant,
        expires_at: Millis(u64::MAX),
        token: Default::default(),
        lasts: Millis(0),
        session: None,
    }
}

fn room() -> SessionId {
    SessionId::parse("room").unwrap()
}

impl Object {
    /// One that nobody has ever come to.
    pub fn new(adapter: bool) -> Self {
        Self {
            adapter,
            asked: VecDeque::new(),
            table: Arc::default(),
            before: Arc::default(),
            memory: None,
            tail: VecDeque::new(),
            alarm: None,
            active: [true; 3],
        }
    }

    /// Takes one input and decides; nothing is done yet.
    pub fn take(
        &mut self,
        now: Millis,
        mut input: Input,
        open: impl FnOnce() -> BTreeMap<SocketId, Pending>,
        mutant: Mutant,
        may_die: bool,
    ) {
        mutant.twist_input(&mut input, &self.table);
        self.before = self.table.clone();
        let mut session = match &self.memory {
            Some(memory) if !mutant.hides_switch(&input) => memory.session.clone(),
            _ => {
                let mut stored = self.table.load();
                if mutant.hides_switch(&input)
                    && let Some(record) = &mut stored.session
                {
                    record.switch = None;
                }
                Session::restore(
                    room(),
                    settings(self.active, self.adapter),
                    stored,
                    open(),
                    now,
                )
            }
        };
        let decision = session.handle(now, input);
        let mut writes = decision.store;
        mutant.twist_writes(&mut writes);
        let mut outs = Vec::new();
        if !writes.is_empty() {
            outs.push(Out::Store(writes));
        }
        outs.extend(decision.tell.into_iter().map(|tell| match tell {
            Tell::Frame(to, text) => Out::Send(Who::parse(to.as_str()).unwrap(), read(&text)),
            Tell::Close(to, code, _) => Out::Close(Who::parse(to.as_str()).unwrap(), code.code()),
        }));
        if mutant == Mutant::ToldBeforeStored && !outs.is_empty() {
            let at = outs.len() - 1;
            if matches!(outs.first(), Some(Out::Store(_))) {
                outs[..=at].rotate_left(1);
            }
        }
        let asked: Vec<Asked> = decision.ask.iter().filter_map(credentials).collect();
        if !asked.is_empty() {
            outs.push(Out::Ask(asked));
        }
        outs.push(Out::Alarm);
        // Where it cannot die in between, all of it is done at once, and nobody asks which it was.
        let name = |out: &Out| if may_die { digest(out) } else { 0 };
        self.tail = outs
            .into_iter()
            .map(|out| (name(&out), Arc::new(out)))
            .collect();
        self.memory = Some(Arc::new(Memory {
            digest: digest(&session),
            due: session.poll_timeout().map(|(at, _)| at),
            session,
        }));
    }

    /// Sets the alarm, unless it rings before that anyway.
    pub fn set_alarm(&mut self) {
        let due = self.memory.as_ref().and_then(|memory| memory.due);
        if let Some(due) = due
            && self.alarm.is_none_or(|rings| rings > due)
        {
            self.alarm = Some(due);
        }
    }
}

impl Default for Object {
    fn default() -> Self {
        Self::new(false)
    }
}

/// What is asked for, where that is credentials.
fn credentials(ask: &Ask) -> Option<Asked> {
    match ask {
        Ask::Credentials {
            participant,
            epoch,
            provider,
        } => {
            let whose = Who::parse(participant.as_str())?;
            Some((
                whose,
                epoch.map(|epoch| epoch.0),
                provider_of(provider.as_str()),
            ))
        }
        Ask::Token(_) | Ask::IceServers(_) | Ask::EndRoom(_) => None,
    }
}
