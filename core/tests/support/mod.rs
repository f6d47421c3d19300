//! A session with everything around it that the Worker would be: storage, sockets, a clock that
//! jumps, and the tabs of the people in it.
//!
//! After every input the [`World`] checks what must always hold: a session restored from storage is
//! the one in memory, `seq` is +1, no socket is told anything after its close, and the epoch of an
//! incarnation does not change.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod shell;
pub(crate) mod table;
mod tabs;

use std::collections::BTreeMap;

use samewire_core::protocol::client::ClientFrame;
use samewire_core::protocol::ids::{Incarnation, ParticipantId, SessionId, SocketId};
use samewire_core::protocol::server::{ProviderKind, Role};
use samewire_core::provider::Provider;
use samewire_core::session::fold::{Folded, step};
use samewire_core::session::{
    Answer, Ask, Claims, Decision, Ice, Input, Mint, Pending, Refused, SameUser, Session, Settings,
    Tell, TimerReason, Write,
};
use samewire_core::time::Millis;
use samewire_core::tuning::Tuning;
use serde_json::{Map, Value, json};
use table::Table;

/// When every world begins.
pub(crate) const BEGIN: Millis = Millis(1_000_000);

/// When every token ends, unless a test says otherwise.
pub(crate) const TOKEN_ENDS: Millis = Millis(1_000_000_000);

/// A socket as its client knows it.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) pending: Pending,
    pub(crate) beat: Option<Millis>,
    /// Every frame that came.
    pub(crate) frames: Vec<Value>,
    /// How many of them were read.
    pub(crate) read: usize,
    /// Code and reason, when the session closed it.
    pub(crate) closed: Option<(u16, &'static str)>,
    /// Whether the session was told that it is gone.
    gone: bool,
    /// Whose it is, once it was welcomed.
    pub(crate) participant: Option<String>,
}

/// A tab: what a client keeps between sockets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tab {
    pub(crate) sockets: usize,
    pub(crate) participant: String,
    pub(crate) incarnation: String,
    pub(crate) secret: String,
    pub(crate) last_seq: u64,
}

/// A session and all around it.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) now: Millis,
    pub(crate) settings: Settings,
    pub(crate) session: Session,
    pub(crate) table: Table,
    pub(crate) wires: BTreeMap<String, Wire>,
    pub(crate) tabs: BTreeMap<String, Tab>,
    minted: u64,
    seqs: BTreeMap<String, u64>,
    /// What was told of each epoch of each incarnation: its provider.
    epochs: BTreeMap<(String, u64), String>,
    /// The last committed epoch of each incarnation.
    committed: BTreeMap<String, u64>,
    /// When the TURN credentials that are minted end.
    pub(crate) ice_ends: Option<Millis>,
    /// What the session asked its shell for, and was not given yet.
    pub(crate) asked: Vec<Ask>,
    /// The answer to the last operator.
    pub(crate) answer: Option<Result<Answer, Refused>>,
    /// The log, folded.
    folded: Option<Folded>,
}

pub(crate) fn settings() -> Settings {
    Settings {
        providers: vec![Provider::p2p()],
        tuning: Tuning::default(),
        same_user: SameUser::Allow,
    }
}

pub(crate) fn claims(user: &str) -> Claims {
    Claims {
        user: user.into(),
        name: user.to_uppercase(),
        role: Role::Participant,
        expires_at: TOKEN_ENDS,
        token: format!("jti-{user}").as_str().into(),
        lasts: Millis(0),
        session: None,
    }
}

pub(crate) fn hello(instance: &str) -> Value {
    json!({"type": "hello", "protocol": 1, "instance": instance,
           "drivers": ["p2p", "janus", "daily"]})
}

/// Peer-to-peer for three, then an SFU, then a vendor.
pub(crate) fn three_providers() -> Vec<Provider> {
    let other = |name: &str, kind, priority| Provider {
        name: name.into(),
        kind,
        priority,
        ..Provider::p2p()
    };
    vec![
        Provider::p2p(),
        other("janus", ProviderKind::Sfu, 2),
        other("daily", ProviderKind::Vendor, 3),
    ]
}

/// The same, and the SFU has an adapter.
pub(crate) fn an_sfu_with_credentials() -> Vec<Provider> {
    let mut providers = three_providers();
    providers[1].needs_credentials = true;
    providers
}

/// The types of frames, for comparing what was told at a glance.
pub(crate) fn types(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|f| f["type"].as_str().unwrap()).collect()
}

/// The numbers of frames.
pub(crate) fn seqs(frames: &[Value]) -> Vec<u64> {
    frames.iter().map(|f| f["seq"].as_u64().unwrap()).collect()
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(settings())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let session = Session::restore(
            id(),
            settings.clone(),
            Default::default(),
            BTreeMap::new(),
            BEGIN,
        );
        Self {
            now: BEGIN,
            settings,
            session,
            table: Table::default(),
            wires: BTreeMap::new(),
            tabs: BTreeMap::new(),
            minted: 0,
            seqs: BTreeMap::new(),
            epochs: BTreeMap::new(),
            committed: BTreeMap::new(),
            ice_ends: None,
            asked: Vec::new(),
            answer: None,
            folded: None,
        }
    }

    /// A world whose session has these people in it, who have read everything.
    pub(crate) fn of(people: &[&str]) -> Self {
        let mut world = Self::new();
        world.join_all(people);
        world
    }

    /// The same with three providers, of which the SFU has credentials for everyone.
    pub(crate) fn with_an_sfu(people: &[&str]) -> Self {
        let mut world = Self::with(Settings {
            providers: an_sfu_with_credentials(),
            ..settings()
        });
        world.join_all(people);
        world
    }

    /// The same with three providers.
    pub(crate) fn hybrid(people: &[&str]) -> Self {
        let mut world = Self::with(Settings {
            providers: three_providers(),
            ..settings()
        });
        world.join_all(people);
        world
    }

    pub(crate) fn join_all(&mut self, people: &[&str]) {
        people.iter().for_each(|name| drop(self.join(name)));
        people.iter().for_each(|name| drop(self.heard(name)));
    }

    pub(crate) fn handle(&mut self, input: Input) -> Decision {
        let decision = self.session.handle(self.now, input);
        self.table.apply(&decision.store);
        self.table.check();
        for write in &decision.store {
            if let Write::Log(entry) = write {
                self.folded = step(self.folded.take(), entry);
            }
        }
        self.asked.extend(decision.ask.iter().cloned());
        self.answer.clone_from(&decision.answer);
        for tell in &decision.tell {
            match tell {
                Tell::Frame(to, text) => self.deliver(to.as_str(), text),
                Tell::Close(to, code, reason) => {
                    let wire = self.wires.get_mut(to.as_str()).unwrap();
                    assert_eq!(wire.closed, None, "{to} is closed once");
                    wire.closed = Some((code.code(), reason));
                }
            }
        }
        if self.table.kept.len() < 100 || self.minted.is_multiple_of(20) {
            self.check();
        }
        decision
    }

    fn deliver(&mut self, socket: &str, text: &str) {
        let frame: Value = serde_json::from_str(text).unwrap();
        let wire = self.wires.get_mut(socket).unwrap();
        assert_eq!(wire.closed, None, "{socket} is told {text} after its close");
        let seq = frame["seq"].as_u64().unwrap();
        if frame["type"] == "welcome" {
            assert_eq!(wire.participant, None, "{socket} is welcomed once");
            let participant = frame["participant"].as_str().unwrap().to_owned();
            let last = self.seqs.insert(participant.clone(), seq).unwrap_or(0);
            assert!(
                seq > last,
                "welcome of {socket} goes back from {last} to {seq}"
            );
            wire.participant = Some(participant);
        } else if let Some(participant) = &wire.participant {
            let last = self.seqs.insert(participant.clone(), seq).unwrap();
            assert_eq!(seq, last + 1, "{socket}: {text}");
        } else {
            assert_eq!(seq, 0, "{socket} is nobody's: {text}");
        }
        let told = match frame["type"].as_str() {
            Some("prepare" | "commit") => Some(&frame),
            Some("welcome" | "session") => Some(&frame["session"]),
            _ => None,
        };
        let told = told.map(|t| {
            let provider = t["provider"].as_str().unwrap().to_owned();
            (t["epoch"].as_u64().unwrap(), provider)
        });
        let of = frame["session"]["incarnation"].to_string();
        wire.frames.push(frame);
        if let Some((epoch, provider)) = told {
            let incarnation = match self.session.snapshot(self.now) {
                Some(snapshot) => json!(snapshot.incarnation).to_string(),
                None => of,
            };
            self.note(incarnation, epoch, provider);
        }
    }

    fn check(&mut self) {
        let mut now = self.snapshot();
        let restored = self.restored(self.open_sockets());
        let mut stored = restored
            .snapshot(self.now)
            .map_or(Value::Null, |s| json!(s));
        if let (Some(now), Some(stored)) = (now.as_object_mut(), stored.as_object_mut()) {
            // Leases differ: when a socket was heard is not stored.
            check_fold(now, self.folded.as_ref().expect("a folded life"));
            assert!(now.remove("timers").is_some() && stored.remove("timers").is_some());
            let incarnation = now["incarnation"].to_string();
            let epoch = now["epoch"].as_u64().unwrap();
            let provider = now["provider"].as_str().unwrap().to_owned();
            let last = self.committed.entry(incarnation.clone()).or_insert(0);
            assert!(epoch >= *last, "epochs only grow");
            *last = epoch;
            self.note(incarnation, epoch, provider);
        }
        assert_eq!(now, stored, "what is stored is what is known");
    }

    /// One epoch, one provider: nobody is ever told two things of it.
    fn note(&mut self, incarnation: String, epoch: u64, provider: String) {
        let known = self.epochs.entry((incarnation, epoch));
        let known = known.or_insert_with(|| provider.clone());
        assert_eq!(*known, provider, "epoch {epoch} is told twice");
    }

    pub(crate) fn open_sockets(&self) -> Vec<String> {
        let open = self
            .wires
            .iter()
            .filter(|(_, w)| w.closed.is_none() && !w.gone);
        open.map(|(socket, _)| socket.clone()).collect()
    }

    pub(crate) fn restored(&self, surviving: Vec<String>) -> Session {
        let sockets = surviving
            .into_iter()
            .map(|socket| {
                (
                    SocketId(socket.clone()),
                    self.wires[&socket].pending.clone(),
                )
            })
            .collect();
        Session::restore(
            id(),
            self.settings.clone(),
            self.table.load(),
            sockets,
            self.now,
        )
    }

    /// The object is evicted and comes back; its sockets live on.
    pub(crate) fn hibernate(&mut self) {
        self.session = self.restored(self.open_sockets());
    }

    /// The object is killed, with all sockets but these. No close is ever reported.
    pub(crate) fn kill_but(&mut self, surviving: &[&str]) {
        let surviving: Vec<_> = surviving.iter().map(|name| self.socket(name)).collect();
        for (socket, wire) in &mut self.wires {
            wire.gone |= !surviving.contains(socket);
        }
        self.session = self.restored(self.open_sockets());
    }

    pub(crate) fn kill(&mut self) {
        self.kill_but(&[]);
    }

    pub(crate) fn mint(&mut self) -> Mint {
        self.minted += 1;
        Mint {
            participant: ParticipantId(format!("p{:03}", self.minted)),
            incarnation: Incarnation(format!("life-{:03}", self.minted)),
            secret: format!("secret-{:03}", self.minted),
            ice: Ice {
                servers: vec![json!({"urls": "stun:stun.example"})],
                expires_at: self.ice_ends,
            },
        }
    }

    pub(crate) fn open(&mut self, socket: &str, claims: Claims) -> Decision {
        let pending = Pending {
            claims: claims.clone(),
            opened: self.now,
        };
        let wire = Wire {
            pending,
            beat: None,
            frames: Vec::new(),
            read: 0,
            closed: None,
            gone: false,
            participant: None,
        };
        self.wires.insert(socket.to_owned(), wire);
        self.handle(Input::Opened {
            socket: socket.into(),
            claims,
        })
    }

    /// A text frame on a socket.
    pub(crate) fn raw(&mut self, socket: &str, text: &str) -> Decision {
        let mint = self.mint();
        let frame = ClientFrame::decode(text);
        self.handle(Input::Received {
            socket: socket.into(),
            frame,
            mint,
        })
    }

    pub(crate) fn closed(&mut self, socket: &str) -> Decision {
        self.wires.get_mut(socket).unwrap().gone = true;
        self.handle(Input::Closed {
            socket: socket.into(),
        })
    }

    /// The alarm rings.
    pub(crate) fn tick(&mut self) -> Decision {
        let open = self.open_sockets();
        let heard = open
            .into_iter()
            .filter_map(|socket| Some((SocketId(socket.clone()), self.wires[&socket].beat?)))
            .collect();
        let decision = self.handle(Input::Tick { heard });
        // A deadline that stays due would ring the alarm for ever.
        let due = self.session.poll_timeout();
        assert!(
            due.is_none_or(|(at, _)| at > self.now),
            "still due: {due:?} at {:?}",
            self.now
        );
        decision
    }

    pub(crate) fn advance(&mut self, span: u64) {
        self.now = self.now + Millis(span);
    }

    /// Jumps to the earliest deadline and rings the alarm; says how long that took, and which.
    pub(crate) fn advance_to_next_timer(&mut self) -> (u64, TimerReason) {
        let (at, reason) = self.session.poll_timeout().expect("a timer");
        let span = at.since(self.now).0;
        self.advance(span);
        self.tick();
        (span, reason)
    }

    pub(crate) fn snapshot(&self) -> Value {
        self.session
            .snapshot(self.now)
            .map_or(Value::Null, |s| json!(s))
    }

    /// The snapshot's entry of one.
    pub(crate) fn person(&self, name: &str) -> Value {
        let id = &self.tabs[name].participant;
        let snapshot = self.snapshot();
        let mut all = snapshot["participants"].as_array().into_iter().flatten();
        all.find(|p| p["id"] == **id)
            .cloned()
            .unwrap_or(Value::Null)
    }
}

/// What the log says is what the snapshot shows.
fn check_fold(snapshot: &Map<String, Value>, folded: &Folded) {
    let switch = folded
        .switch
        .as_ref()
        .map(|(epoch, provider)| json!([epoch, provider]));
    let of_snapshot = &snapshot.get("switch").cloned().unwrap_or_default();
    let of_snapshot = of_snapshot
        .is_object()
        .then(|| json!([of_snapshot["epoch"], of_snapshot["provider"]]));
    assert_eq!(of_snapshot, switch, "the log's switch");
    for (key, value) in [
        ("incarnation", json!(folded.incarnation)),
        ("epoch", json!(folded.epoch)),
        ("provider", json!(folded.provider)),
        ("kind", json!(folded.kind)),
        ("state", json!(folded.state)),
        ("title", json!(folded.title)),
        ("lock", json!(folded.lock)),
        ("pinnedBy", json!(folded.pinned_by)),
    ] {
        let shown = snapshot.get(key).cloned().unwrap_or_default();
        assert_eq!(shown, value, "the log's {key}");
    }
    let mut people: Vec<_> = folded.participants.values().collect();
    people.sort_by_key(|p| p.ordinal);
    let people: Vec<_> = people
        .iter()
        .map(|p| json!([p.id, p.generation, p.connection, p.tracks, p.hidden]))
        .collect();
    let shown: Vec<_> = snapshot["participants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| {
            json!([
                p["id"],
                p["generation"],
                p["connection"],
                p["tracks"],
                p["hidden"]
            ])
        })
        .collect();
    assert_eq!(shown, people, "the log's people");
}

fn id() -> SessionId {
    SessionId::parse("room-1").unwrap()
}
