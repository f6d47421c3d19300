//! What travels, in as few words as the model needs.
//!
//! What the session tells is read from the JSON that it tells it in. What tabs say is handed to it
//! decoded; that text becomes it is tested elsewhere.

use std::fmt;

use samewire_core::protocol::client::{
    self, Chat, ClientMessage, Connected, Failed, FailureReason, Hello, Operation, Probe, Ready,
    Signal,
};
use samewire_core::protocol::ids::{
    Epoch, Generation, Incarnation, Instance, MessageId, ParticipantId, ProviderName, Seq, SocketId,
};
use serde::Deserialize;
use serde_json::Value;

/// The providers of every scenario, best first.
pub const PROVIDERS: [&str; 3] = ["p2p", "sfu", "vendor"];

/// A socket, and the participant that its `hello` makes if it makes one: a tab, and which of the
/// tab's sockets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Who {
    /// The tab.
    pub tab: u8,
    /// Its how-manieth socket, from 1.
    pub dial: u8,
}

impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.tab, self.dial)
    }
}

impl Who {
    /// Reads its text.
    pub fn parse(text: &str) -> Option<Self> {
        let (tab, dial) = text.split_once('.')?;
        Some(Self {
            tab: tab.parse().ok()?,
            dial: dial.parse().ok()?,
        })
    }

    /// As the name of a socket.
    pub fn socket(self) -> SocketId {
        SocketId(format!("{self:?}"))
    }

    /// As the name of a participant.
    pub fn participant(self) -> ParticipantId {
        ParticipantId(format!("{self:?}"))
    }
}

/// A provider's place in [`PROVIDERS`].
pub fn provider_of(name: &str) -> u8 {
    PROVIDERS.iter().position(|p| *p == name).unwrap() as u8
}

/// The provider at that place.
pub fn provider_named(provider: u8) -> ProviderName {
    PROVIDERS[provider as usize].into()
}

/// An epoch and its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leg {
    /// The epoch.
    pub epoch: u64,
    /// Its provider's place in [`PROVIDERS`].
    pub provider: u8,
}

/// What is told of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer {
    /// Who.
    pub who: Who,
    /// The number given on arrival.
    pub ordinal: u32,
    /// How often that tab came anew.
    pub generation: u32,
}

/// A frame of the session, with its number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Told {
    /// Its number.
    pub seq: u64,
    /// What it says.
    pub frame: Frame,
}

/// What a frame of the session says, as far as the model's tabs care.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Frame {
    /// `welcome`.
    Welcome(Welcome),
    /// `session`: where it is, and what it prepares.
    Session(Leg, Option<Leg>),
    /// `prepare`.
    Prepare(Leg),
    /// `commit`.
    Commit(Leg),
    /// `abort` of an epoch.
    Abort(u64),
    /// `chat`: whose, and its number.
    Chat(Who, u64),
    /// `signal`: whose, of which epoch and which generation of the sender.
    Signal(Who, u64, u32),
    /// `participant_joined` or `participant_updated`.
    Peer(Peer),
    /// `participant_left`.
    Left(Who),
    /// `standby`: what of.
    Standby(u8),
    /// `standby_release`.
    StandbyRelease,
    /// `probe`.
    Probe,
    /// The socket ends here, with this code.
    Closed(u16),
    /// Anything else.
    Other,
}

/// A `welcome`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Welcome {
    /// As whom.
    pub me: Peer,
    /// In which life: the socket whose `hello` began it.
    pub life: Who,
    /// For the next resume: the socket it was made for.
    pub secret: Who,
    /// Whether the tab goes on where it was.
    pub resumed: bool,
    /// The last number of a `chat` or `signal` that arrived.
    pub last_id: u64,
    /// Where the session is.
    pub at: Leg,
    /// What it prepares.
    pub prepared: Option<Leg>,
    /// Everyone, unless resumed.
    pub peers: Vec<Peer>,
    /// The lines so far, unless resumed.
    pub chat: Vec<(Who, u64)>,
}

/// What a tab says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Say {
    /// `hello`, with what it takes to resume.
    Hello(Option<Resume>),
    /// `ready` for this epoch.
    Ready(u64),
    /// `failed` of this epoch.
    Failed(Leg),
    /// `connected` in this epoch.
    Connected(u64),
    /// `chat` with this number.
    Chat(u64),
    /// `signal` to somebody as it knows them, in this epoch, with its own generation and a number.
    Signal(Peer, u64, u32, u64),
    /// `probe`: the answer to one.
    Probe,
    /// `leave`.
    Leave,
}

/// What it takes to resume.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resume {
    /// Who the tab was.
    pub participant: Who,
    /// In which life.
    pub life: Who,
    /// Its secret.
    pub secret: Who,
    /// The last frame it has handled.
    pub last_seq: u64,
}

#[derive(Deserialize)]
struct Raw {
    seq: u64,
    #[serde(rename = "type")]
    kind: String,
    epoch: Option<u64>,
    provider: Option<String>,
    session: Option<RawSession>,
    switch: Option<RawLeg>,
    participant: Option<RawParticipant>,
    #[serde(default)]
    participants: Vec<RawView>,
    #[serde(default)]
    chat: Vec<RawLine>,
    from: Option<String>,
    id: Option<u64>,
    ordinal: Option<u32>,
    generation: Option<u32>,
    resume_secret: Option<String>,
    resumed: Option<bool>,
    last_id: Option<u64>,
}

#[derive(Deserialize)]
struct RawLeg {
    epoch: u64,
    provider: String,
}

#[derive(Deserialize)]
struct RawSession {
    incarnation: String,
    epoch: u64,
    provider: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawParticipant {
    Id(String),
    View(RawView),
}

#[derive(Deserialize)]
struct RawView {
    id: String,
    ordinal: u32,
    generation: u32,
}

#[derive(Deserialize)]
struct RawLine {
    from: String,
    id: u64,
}

fn leg(epoch: u64, provider: &str) -> Leg {
    Leg {
        epoch,
        provider: provider_of(provider),
    }
}

fn peer(view: &RawView) -> Peer {
    Peer {
        who: Who::parse(&view.id).unwrap(),
        ordinal: view.ordinal,
        generation: view.generation,
    }
}

/// Reads a frame of the session.
pub fn read(text: &str) -> Told {
    let raw: Raw = serde_json::from_str(text).unwrap();
    let this = || leg(raw.epoch.unwrap(), raw.provider.as_deref().unwrap());
    let session = |s: &RawSession| leg(s.epoch, &s.provider);
    let prepared = raw.switch.as_ref().map(|l| leg(l.epoch, &l.provider));
    let from = || Who::parse(raw.from.as_deref().unwrap()).unwrap();
    let frame = match (raw.kind.as_str(), &raw.participant) {
        ("welcome", Some(RawParticipant::Id(me))) => {
            let at = raw.session.as_ref().unwrap();
            Frame::Welcome(Welcome {
                me: Peer {
                    who: Who::parse(me).unwrap(),
                    ordinal: raw.ordinal.unwrap(),
                    generation: raw.generation.unwrap(),
                },
                life: Who::parse(&at.incarnation).unwrap(),
                secret: Who::parse(raw.resume_secret.as_deref().unwrap()).unwrap(),
                resumed: raw.resumed.unwrap(),
                last_id: raw.last_id.unwrap(),
                at: session(at),
                prepared,
                peers: raw.participants.iter().map(peer).collect(),
                chat: raw
                    .chat
                    .iter()
                    .map(|line| (Who::parse(&line.from).unwrap(), line.id))
                    .collect(),
            })
        }
        ("session", _) => Frame::Session(session(raw.session.as_ref().unwrap()), prepared),
        ("prepare", _) => Frame::Prepare(this()),
        ("commit", _) => Frame::Commit(this()),
        ("abort", _) => Frame::Abort(raw.epoch.unwrap()),
        ("chat", _) => Frame::Chat(from(), raw.id.unwrap()),
        ("signal", _) => Frame::Signal(from(), raw.epoch.unwrap(), raw.generation.unwrap()),
        ("participant_joined" | "participant_updated", Some(RawParticipant::View(view))) => {
            Frame::Peer(peer(view))
        }
        ("participant_left", Some(RawParticipant::View(view))) => Frame::Left(peer(view).who),
        ("standby", _) => Frame::Standby(provider_of(raw.provider.as_deref().unwrap())),
        ("standby_release", _) => Frame::StandbyRelease,
        ("probe", _) => Frame::Probe,
        _ => Frame::Other,
    };
    Told {
        seq: raw.seq,
        frame,
    }
}

/// What a tab says, as the session is handed it.
pub fn message(who: Who, say: &Say) -> ClientMessage {
    match say {
        Say::Hello(resume) => ClientMessage::Hello(Hello {
            protocol: 1,
            instance: Instance(format!("tab-{}", who.tab)),
            drivers: PROVIDERS.map(Into::into).into(),
            resume: resume.as_ref().map(|resume| client::Resume {
                participant: resume.participant.participant(),
                incarnation: Incarnation(format!("{:?}", resume.life)),
                secret: format!("{:?}", resume.secret),
                last_seq: Seq(resume.last_seq),
            }),
            device: None,
        }),
        Say::Ready(epoch) => ClientMessage::Ready(Ready {
            epoch: Epoch(*epoch),
        }),
        Say::Failed(Leg { epoch, provider }) => ClientMessage::Failed(Failed {
            epoch: Epoch(*epoch),
            provider: provider_named(*provider),
            operation: Operation::Media,
            reason: FailureReason::Ice,
            attempt: 1,
            detail: None,
        }),
        Say::Connected(epoch) => ClientMessage::Connected(Connected {
            epoch: Epoch(*epoch),
            elapsed_ms: 0,
            sees: Default::default(),
            gap_ms: None,
        }),
        Say::Chat(id) => ClientMessage::Chat(Chat {
            id: MessageId(*id),
            text: "x".to_owned(),
        }),
        Say::Signal(to, epoch, generation, id) => ClientMessage::Signal(Signal {
            id: MessageId(*id),
            to: to.who.participant(),
            epoch: Epoch(*epoch),
            generation: Generation(*generation),
            to_generation: Generation(to.generation),
            payload: Value::Null,
        }),
        Say::Probe => ClientMessage::Probe(Probe {
            nonce: String::new(),
        }),
        Say::Leave => ClientMessage::Leave,
    }
}
