//! The network and the clock: descriptions and candidates travel in two channels, each in order,
//! either overtaking the other; every direction has delays of its own.

use std::collections::BTreeMap;

use samewire_core::negotiation::{
    Activity, Candidate, Description, Input, Kind, Message, Negotiation, OfferId, Output, Role,
    Signalling,
};

use super::Prng;
use super::connection::{Connection, IceCandidate, Op, Outcome, Sdp, Track};

/// How the harness may be told to do it wrong, to prove that it notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    Right,
    BothPolite,
    BothImpolite,
    /// An offer that arrives while the answer is being applied is judged at once, and ignored.
    PendingAnswerIsNotStable,
    /// ICE that fails while signalling is not stable is left alone.
    RestartsOnlyWhenStable,
    /// Candidates go straight to the connection.
    CandidatesAreNotKept,
    /// Nobody is told that signals were lost.
    LossIsNotTold,
}

/// What a page or its network does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    AddTrack,
    RemoveTrack,
    IceFails,
}

#[derive(Debug)]
enum Event {
    Act(usize, Act),
    Fire(usize),
    Complete(usize),
    Gathered(usize, IceCandidate),
    Deliver(usize, u32, Message<Sdp, IceCandidate>),
    Cut,
    Reconnected,
}

struct Peer {
    negotiation: Negotiation<Sdp, IceCandidate>,
    connection: Connection,
    role: Role,
    gathered: Vec<IceCandidate>,
    restart_from: Option<String>,
    glares: u32,
    errors: Vec<String>,
    channels: [u64; 2],
    busy: bool,
}

pub struct World {
    now: u64,
    order: u64,
    events: BTreeMap<(u64, u64), Event>,
    random: Prng,
    peers: [Peer; 2],
    next_track: Track,
    variant: Variant,
    /// Messages of an earlier link never arrive.
    link: u32,
    link_is_up: bool,
}

impl World {
    pub fn new(seed: u64, variant: Variant) -> Self {
        let roles = match variant {
            Variant::BothPolite => [Role::Polite, Role::Polite],
            Variant::BothImpolite => [Role::Impolite, Role::Impolite],
            _ => [Role::Impolite, Role::Polite],
        };
        let peer = |name, role| Peer {
            negotiation: Negotiation::new(role),
            connection: Connection::new(name),
            role,
            gathered: Vec::new(),
            restart_from: None,
            glares: 0,
            errors: Vec::new(),
            channels: [0, 0],
            busy: false,
        };
        Self {
            now: 0,
            order: 0,
            events: BTreeMap::new(),
            random: Prng::new(seed),
            peers: [peer("a", roles[0]), peer("b", roles[1])],
            next_track: 0,
            variant,
            link: 0,
            link_is_up: true,
        }
    }

    pub fn random(&mut self) -> &mut Prng {
        &mut self.random
    }

    pub fn act(&mut self, at: u64, side: usize, act: Act) {
        self.schedule(at, Event::Act(side, act));
    }

    /// Everything in flight between the two is lost at `at`; at `until` both know.
    pub fn cut(&mut self, at: u64, until: u64) {
        self.schedule(at, Event::Cut);
        self.schedule(until, Event::Reconnected);
    }

    pub fn glares(&self) -> u32 {
        self.peers.iter().map(|peer| peer.glares).sum()
    }

    fn schedule(&mut self, at: u64, event: Event) {
        self.order += 1;
        self.events.insert((at.max(self.now), self.order), event);
    }

    /// Runs to the end of all events, then says what is wrong, if anything.
    pub fn run(&mut self) -> Result<(), String> {
        let mut steps = 0;
        while let Some(((at, _), event)) = self.events.pop_first() {
            self.now = at;
            self.step(event);
            steps += 1;
            if steps > 20_000 {
                return Err("never comes to rest".to_owned());
            }
        }
        self.verdict()
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Act(side, act) => self.page(side, act),
            Event::Fire(side) => {
                if self.peers[side].connection.may_fire() {
                    self.feed(side, Input::NegotiationNeeded);
                }
            }
            Event::Complete(side) => self.complete(side),
            Event::Gathered(side, candidate) => {
                self.peers[side].gathered.push(candidate.clone());
                self.feed(side, Input::LocalCandidate(candidate));
            }
            Event::Deliver(side, link, message) => {
                if link == self.link {
                    self.receive(side, message);
                }
            }
            Event::Cut => {
                self.link += 1;
                self.link_is_up = false;
            }
            Event::Reconnected => {
                self.link_is_up = true;
                if self.variant != Variant::LossIsNotTold {
                    self.feed(0, Input::SignalsLost);
                    self.feed(1, Input::SignalsLost);
                }
            }
        }
        for side in [0, 1] {
            self.drive(side);
        }
    }

    fn page(&mut self, side: usize, act: Act) {
        self.next_track += 1;
        let track = self.next_track;
        let connection = &mut self.peers[side].connection;
        match act {
            Act::AddTrack => connection.add_track(track),
            Act::RemoveTrack => connection.remove_track(),
            Act::IceFails => {
                let Some(local) = connection.local_description() else {
                    return;
                };
                let stable = connection.signalling == Signalling::Stable;
                self.peers[side].restart_from = Some(local.ufrag);
                if stable || self.variant != Variant::RestartsOnlyWhenStable {
                    self.feed(side, Input::RestartIce);
                }
            }
        }
    }

    fn receive(&mut self, side: usize, message: Message<Sdp, IceCandidate>) {
        let peer = &mut self.peers[side];
        match &message {
            Message::Description(description) => {
                let applying =
                    matches!(peer.negotiation.activity(), Activity::ApplyingAnswer { .. });
                if self.variant == Variant::PendingAnswerIsNotStable
                    && description.kind == Kind::Offer
                    && peer.role == Role::Impolite
                    && applying
                {
                    return;
                }
            }
            Message::Candidate(candidate) => {
                if self.variant == Variant::CandidatesAreNotKept {
                    peer.connection.chain.push_back(Op::AddCandidate {
                        candidate: candidate.body.clone(),
                        ignoring: false,
                    });
                    return;
                }
            }
        }
        self.feed(side, Input::Received(message));
    }

    fn complete(&mut self, side: usize) {
        let peer = &mut self.peers[side];
        peer.busy = false;
        let input = match peer.connection.complete() {
            Some(Outcome::LocalSet(sdp)) => Some(Input::LocalDescriptionSet(sdp)),
            Some(Outcome::RemoteSet) => Some(Input::RemoteDescriptionSet),
            Some(Outcome::RolledBack) => Some(Input::RolledBack),
            Some(Outcome::Failed(signalling)) => Some(Input::OperationFailed(signalling)),
            Some(Outcome::CandidateFailed { ignoring }) => {
                Some(Input::CandidateFailed { ignoring })
            }
            Some(Outcome::CandidateAdded) | None => None,
        };
        if let Some(input) = input {
            self.feed(side, input);
        }
        self.peers[side].connection.chain_moved();
    }

    /// Starts what the connection has begun of itself.
    fn drive(&mut self, side: usize) {
        let now = self.now;
        if !self.peers[side].busy && !self.peers[side].connection.chain.is_empty() {
            self.peers[side].busy = true;
            let takes = self.random.below(8);
            self.schedule(now + takes, Event::Complete(side));
        }
        if core::mem::take(&mut self.peers[side].connection.fire_needed) {
            self.schedule(now, Event::Fire(side));
        }
        if let Some(ufrag) = self.peers[side].connection.gather.take() {
            for number in 0..3 {
                let after = self.random.below(10);
                let ufrag = ufrag.clone();
                self.schedule(
                    now + after,
                    Event::Gathered(side, IceCandidate { ufrag, number }),
                );
            }
        }
    }

    fn feed(&mut self, side: usize, input: Input<Sdp, IceCandidate>) {
        self.peers[side].negotiation.handle(input);
        while let Some(output) = self.peers[side].negotiation.poll_output() {
            self.execute(side, output);
        }
    }

    fn execute(&mut self, side: usize, output: Output<Sdp, IceCandidate>) {
        let connection = &mut self.peers[side].connection;
        match output {
            Output::SetLocalDescription(_) => connection.chain.push_back(Op::SetLocal),
            Output::SetRemoteDescription(_, sdp) => connection.chain.push_back(Op::SetRemote(sdp)),
            Output::Rollback(_) => connection.chain.push_back(Op::RollbackLocal),
            Output::AddCandidate {
                candidate,
                ignoring,
            } => connection.chain.push_back(Op::AddCandidate {
                candidate: candidate.body,
                ignoring,
            }),
            Output::RestartIce => connection.restart_ice(),
            Output::SendDescription { kind, offer, body } => self.send(side, kind, offer, body),
            Output::ResendDescription { kind, offer } => {
                if let Some(body) = connection.standing(kind) {
                    self.send(side, kind, offer, body);
                }
            }
            Output::SendCandidate(body) => {
                let ufrag = Some(body.ufrag.clone());
                self.post(side, 1, Message::Candidate(Candidate { ufrag, body }));
            }
            Output::Negotiated { .. } => {}
            Output::Glare { .. } => self.peers[side].glares += 1,
            Output::Error(failure) => self.peers[side].errors.push(format!("{failure:?}")),
        }
    }

    fn send(&mut self, side: usize, kind: Kind, offer: OfferId, body: Sdp) {
        assert_eq!(kind, body.kind);
        let ufrags = vec![body.ufrag.clone()];
        self.post(
            side,
            0,
            Message::Description(Description {
                kind,
                offer,
                ufrags,
                body,
            }),
        );
    }

    fn post(&mut self, side: usize, channel: usize, message: Message<Sdp, IceCandidate>) {
        if !self.link_is_up {
            return;
        }
        let delay = self.random.below(41);
        let at = self.peers[side].channels[channel].max(self.now + delay);
        self.peers[side].channels[channel] = at;
        self.schedule(at, Event::Deliver(1 - side, self.link, message));
    }

    fn verdict(&self) -> Result<(), String> {
        for side in [0, 1] {
            let (peer, other) = (&self.peers[side], &self.peers[1 - side]);
            let name = ["a", "b"][side];
            if let Some(error) = peer.errors.first() {
                return Err(format!("{name}: error {error}"));
            }
            if peer.connection.signalling != Signalling::Stable || !peer.negotiation.is_settled() {
                return Err(format!(
                    "{name}: not stable: {:?}, {:?}",
                    peer.connection.signalling,
                    peer.negotiation.activity()
                ));
            }
            let local = peer.connection.current_local.as_ref();
            let remote = other.connection.current_remote.as_ref();
            let said = local.map(|sdp| (&sdp.ufrag, &sdp.sends));
            if said != remote.map(|sdp| (&sdp.ufrag, &sdp.sends)) {
                return Err(format!("{name}: {local:?} is known as {remote:?}"));
            }
            let sent = local.map_or(Vec::new(), |sdp| sdp.sends.clone());
            let sent = sent.into_iter().flatten().collect();
            if peer.connection.tracks() != sent {
                return Err(format!("{name}: sends {sent:?}"));
            }
            let ufrag = local.map_or("", |sdp| sdp.ufrag.as_str());
            if peer.restart_from.as_deref() == Some(ufrag) {
                return Err(format!("{name}: ICE was not restarted from {ufrag}"));
            }
            let lost_some = self.link > 0;
            for candidate in &peer.gathered {
                let there = other.connection.remote_candidates.contains(candidate);
                if candidate.ufrag == ufrag && !there && !lost_some {
                    return Err(format!("{name}: {candidate:?} did not arrive"));
                }
            }
        }
        Ok(())
    }
}
