//! A connection that follows JSEP (RFC 9429) and the WebRTC specification as far as perfect
//! negotiation can notice: one chain of operations that complete later, implicit rollback, when
//! `negotiationneeded` fires, ICE credentials that a restart replaces and a rollback does not forget.

use std::collections::{BTreeSet, VecDeque};

use samewire_core::negotiation::{Kind, Signalling};

pub type Track = u32;

/// What an SDP says here: the sender's ICE fragment, and which of its tracks each m-line sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sdp {
    pub kind: Kind,
    pub ufrag: String,
    pub sends: Vec<Option<Track>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceCandidate {
    pub ufrag: String,
    pub number: u32,
}

#[derive(Clone, Debug)]
pub enum Op {
    SetLocal,
    SetRemote(Sdp),
    RollbackLocal,
    AddCandidate {
        candidate: IceCandidate,
        ignoring: bool,
    },
}

#[derive(Debug)]
pub enum Outcome {
    LocalSet(Sdp),
    RemoteSet,
    RolledBack,
    Failed(Signalling),
    CandidateAdded,
    CandidateFailed { ignoring: bool },
}

#[derive(Clone, Debug)]
struct Transceiver {
    line: Option<usize>,
    /// The m-line exists since this side's pending offer only.
    line_is_pending: bool,
    sends: Option<Track>,
}

pub struct Connection {
    name: &'static str,
    pub signalling: Signalling,
    transceivers: Vec<Transceiver>,
    pub current_local: Option<Sdp>,
    pub current_remote: Option<Sdp>,
    pending_local: Option<Sdp>,
    pending_remote: Option<Sdp>,
    to_replace: Option<BTreeSet<String>>,
    credentials: u32,
    pub chain: VecDeque<Op>,
    needed: bool,
    check_when_chain_is_empty: bool,
    /// An event task is to be queued.
    pub fire_needed: bool,
    /// The fragment whose gathering has begun, to be read by the world.
    pub gather: Option<String>,
    pub remote_candidates: Vec<IceCandidate>,
}

impl Connection {
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            signalling: Signalling::Stable,
            transceivers: Vec::new(),
            current_local: None,
            current_remote: None,
            pending_local: None,
            pending_remote: None,
            to_replace: None,
            credentials: 0,
            chain: VecDeque::new(),
            needed: false,
            check_when_chain_is_empty: false,
            fire_needed: false,
            gather: None,
            remote_candidates: Vec::new(),
        }
    }

    pub fn local_description(&self) -> Option<Sdp> {
        self.pending_local.clone().or(self.current_local.clone())
    }

    /// The pending offer or the current answer.
    pub fn standing(&self, kind: Kind) -> Option<Sdp> {
        let description = match kind {
            Kind::Offer => &self.pending_local,
            Kind::Answer => &self.current_local,
        };
        description.clone().filter(|sdp| sdp.kind == kind)
    }

    pub fn tracks(&self) -> BTreeSet<Track> {
        self.transceivers.iter().filter_map(|t| t.sends).collect()
    }

    /// `addTrack`: takes the first transceiver that sends nothing.
    pub fn add_track(&mut self, track: Track) {
        match self.transceivers.iter_mut().find(|t| t.sends.is_none()) {
            Some(free) => free.sends = Some(track),
            None => self.transceivers.push(Transceiver {
                line: None,
                line_is_pending: false,
                sends: Some(track),
            }),
        }
        self.update_needed();
    }

    pub fn remove_track(&mut self) {
        if let Some(sending) = self.transceivers.iter_mut().find(|t| t.sends.is_some()) {
            sending.sends = None;
            self.update_needed();
        }
    }

    pub fn restart_ice(&mut self) {
        let held = [&self.current_local, &self.pending_local];
        self.to_replace = Some(
            held.into_iter()
                .flatten()
                .map(|sdp| sdp.ufrag.clone())
                .collect(),
        );
        self.update_needed();
    }

    /// "Check if negotiation is needed".
    fn is_needed(&self) -> bool {
        let Some(local) = &self.current_local else {
            return !self.transceivers.is_empty();
        };
        let restart = self
            .to_replace
            .as_ref()
            .is_some_and(|replaced| replaced.contains(&local.ufrag));
        restart
            || self.transceivers.iter().any(|t| match t.line {
                None => true,
                Some(line) => local.sends.get(line).copied().flatten() != t.sends,
            })
    }

    /// "Update the negotiation-needed flag".
    fn update_needed(&mut self) {
        if !self.chain.is_empty() {
            self.check_when_chain_is_empty = true;
        } else if self.signalling == Signalling::Stable {
            if !self.is_needed() {
                self.needed = false;
            } else if !self.needed {
                self.needed = true;
                self.fire_needed = true;
            }
        }
    }

    /// The queued task: whether the event fires now.
    pub fn may_fire(&mut self) -> bool {
        if !self.chain.is_empty() {
            self.check_when_chain_is_empty = true;
            self.needed = false;
            return false;
        }
        self.signalling == Signalling::Stable && self.needed
    }

    /// The head of the chain completes. The chain moves on only after its reaction: see
    /// [`Connection::chain_moved`].
    pub fn complete(&mut self) -> Option<Outcome> {
        let op = self.chain.pop_front()?;
        Some(match op {
            Op::SetLocal => self.set_local(),
            Op::SetRemote(sdp) => self.set_remote(sdp),
            Op::RollbackLocal => {
                self.rollback();
                self.became_stable();
                Outcome::RolledBack
            }
            Op::AddCandidate {
                candidate,
                ignoring,
            } => {
                let known = [&self.current_remote, &self.pending_remote]
                    .into_iter()
                    .flatten()
                    .any(|sdp| sdp.ufrag == candidate.ufrag);
                if known {
                    self.remote_candidates.push(candidate);
                    Outcome::CandidateAdded
                } else {
                    Outcome::CandidateFailed { ignoring }
                }
            }
        })
    }

    pub fn chain_moved(&mut self) {
        if self.chain.is_empty() && self.check_when_chain_is_empty {
            self.check_when_chain_is_empty = false;
            self.update_needed();
        }
    }

    fn fresh_ufrag(&mut self) -> String {
        self.credentials += 1;
        format!("{}{}", self.name, self.credentials)
    }

    fn set_local(&mut self) -> Outcome {
        let current = self.current_local.as_ref().map(|sdp| sdp.ufrag.clone());
        match self.signalling {
            Signalling::Stable => {
                let restart = self
                    .to_replace
                    .as_ref()
                    .zip(current.as_ref())
                    .is_some_and(|(replaced, ufrag)| replaced.contains(ufrag));
                let ufrag = match current {
                    Some(ufrag) if !restart => ufrag,
                    Some(_) | None => self.begin_gathering(),
                };
                let mut lines = self.current_local.as_ref().map_or(0, |sdp| sdp.sends.len());
                for transceiver in &mut self.transceivers {
                    if transceiver.line.is_none() {
                        transceiver.line = Some(lines);
                        transceiver.line_is_pending = true;
                        lines += 1;
                    }
                }
                let sdp = self.describe(Kind::Offer, ufrag, lines);
                self.pending_local = Some(sdp.clone());
                self.signalling = Signalling::HaveLocalOffer;
                Outcome::LocalSet(sdp)
            }
            Signalling::HaveRemoteOffer => {
                let offered = self.pending_remote.take().unwrap();
                let restarted = self
                    .current_remote
                    .as_ref()
                    .is_none_or(|sdp| sdp.ufrag != offered.ufrag);
                let ufrag = match current {
                    Some(ufrag) if !restarted => ufrag,
                    Some(_) | None => self.begin_gathering(),
                };
                let sdp = self.describe(Kind::Answer, ufrag, offered.sends.len());
                self.current_local = Some(sdp.clone());
                self.current_remote = Some(offered);
                self.became_stable();
                Outcome::LocalSet(sdp)
            }
            Signalling::HaveLocalOffer | Signalling::Closed => Outcome::Failed(self.signalling),
        }
    }

    fn begin_gathering(&mut self) -> String {
        let ufrag = self.fresh_ufrag();
        self.gather = Some(ufrag.clone());
        ufrag
    }

    fn describe(&self, kind: Kind, ufrag: String, lines: usize) -> Sdp {
        let mut sends = vec![None; lines];
        for transceiver in &self.transceivers {
            if let Some(line) = transceiver.line {
                sends[line] = transceiver.sends;
            }
        }
        Sdp { kind, ufrag, sends }
    }

    fn set_remote(&mut self, sdp: Sdp) -> Outcome {
        let agreed = self
            .current_remote
            .as_ref()
            .map_or(0, |sdp| sdp.sends.len());
        match (sdp.kind, self.signalling) {
            (Kind::Offer, Signalling::Stable | Signalling::HaveLocalOffer) => {
                if self.signalling == Signalling::HaveLocalOffer {
                    self.rollback();
                }
                if sdp.sends.len() < agreed {
                    return Outcome::Failed(self.signalling);
                }
                for line in agreed..sdp.sends.len() {
                    match self.transceivers.iter_mut().find(|t| t.line.is_none()) {
                        Some(compatible) => compatible.line = Some(line),
                        None => self.transceivers.push(Transceiver {
                            line: Some(line),
                            line_is_pending: false,
                            sends: None,
                        }),
                    }
                }
                self.pending_remote = Some(sdp);
                self.signalling = Signalling::HaveRemoteOffer;
                Outcome::RemoteSet
            }
            (Kind::Answer, Signalling::HaveLocalOffer) => {
                let offered = self.pending_local.clone().unwrap();
                if offered.sends.len() != sdp.sends.len() {
                    return Outcome::Failed(self.signalling);
                }
                for transceiver in &mut self.transceivers {
                    transceiver.line_is_pending = false;
                }
                self.current_local = self.pending_local.take();
                self.current_remote = Some(sdp);
                self.became_stable();
                Outcome::RemoteSet
            }
            (Kind::Offer, Signalling::HaveRemoteOffer | Signalling::Closed)
            | (
                Kind::Answer,
                Signalling::Stable | Signalling::HaveRemoteOffer | Signalling::Closed,
            ) => Outcome::Failed(self.signalling),
        }
    }

    fn rollback(&mut self) {
        self.pending_local = None;
        for transceiver in &mut self.transceivers {
            if transceiver.line_is_pending {
                transceiver.line = None;
                transceiver.line_is_pending = false;
            }
        }
        self.signalling = Signalling::Stable;
    }

    fn became_stable(&mut self) {
        self.signalling = Signalling::Stable;
        let replaced = self.to_replace.as_ref().zip(self.current_local.as_ref());
        if replaced.is_some_and(|(old, local)| !old.contains(&local.ufrag)) {
            self.to_replace = None;
        }
        self.needed = false;
        self.update_needed();
        // The operation that brought us here is still on the chain as far as the page can see.
        if !self.is_needed() {
            self.fire_needed = false;
        }
    }
}
