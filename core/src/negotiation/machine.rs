//! The machine.

use std::collections::VecDeque;

use super::candidates::Kept;
use super::inputs::{Action, Failure, Input, Output, Role, Signalling};
use super::message::{Candidate, Description, Kind, Message, OfferId};

/// How many descriptions may wait for the one in flight. Two honest peers never reach four.
pub const MAX_WAITING: usize = 32;

/// The operation in flight: the serial queue's head (R22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// None.
    Idle,
    /// Our offer is being made: the pattern's `makingOffer`.
    MakingOffer,
    /// Their offer is being applied.
    ApplyingOffer {
        /// Its number.
        offer: OfferId,
        /// Its user name fragments.
        ufrags: Vec<String>,
    },
    /// Our answer is being made.
    MakingAnswer {
        /// The number of the offer it answers.
        offer: OfferId,
    },
    /// Their answer is being applied: the pattern's `isSettingRemoteAnswerPending`.
    ApplyingAnswer {
        /// Its user name fragments.
        ufrags: Vec<String>,
    },
    /// An operation failed half-way and its offer is being taken back.
    RollingBack,
}

/// What the connection is agreed on, kept beside what each state makes valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agreement {
    Stable,
    HaveLocalOffer,
    HaveRemoteOffer(OfferId),
    Closed,
}

/// Perfect negotiation for one connection. See the [module](super).
#[derive(Debug)]
pub struct Negotiation<D, C> {
    role: Role,
    agreement: Agreement,
    activity: Activity,
    waiting: VecDeque<Description<D>>,
    outputs: VecDeque<Output<D, C>>,
    /// `negotiationneeded` came while an offer could not be made.
    wanted: bool,
    /// The pattern's `ignoreOffer`.
    ignoring: bool,
    /// The last offer we made.
    own_offer: OfferId,
    /// The highest offer of theirs that was judged.
    their_offer: OfferId,
    /// The offer our present local description answers, when it is an answer.
    answered: Option<OfferId>,
    /// The fragments of the remote description in force; none before the first.
    remote: Option<Vec<String>>,
    /// Those of the last one both sides agreed on, to come back to after a rollback.
    agreed_remote: Option<Vec<String>>,
    kept: Kept<C>,
    held: Vec<C>,
}

impl<D, C> Negotiation<D, C> {
    /// A negotiation on a fresh connection.
    pub fn new(role: Role) -> Self {
        Self {
            role,
            agreement: Agreement::Stable,
            activity: Activity::Idle,
            waiting: VecDeque::new(),
            outputs: VecDeque::new(),
            wanted: false,
            ignoring: false,
            own_offer: OfferId(0),
            their_offer: OfferId(0),
            answered: None,
            remote: None,
            agreed_remote: None,
            kept: Kept::default(),
            held: Vec::new(),
        }
    }

    /// The operation in flight.
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Whether nothing is in flight, waiting or wanted, and both sides agree.
    pub fn is_settled(&self) -> bool {
        self.activity == Activity::Idle
            && self.agreement == Agreement::Stable
            && self.waiting.is_empty()
            && !self.wanted
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output<D, C>> {
        self.outputs.pop_front()
    }

    /// Takes note of what happened. Total: what makes no sense in this state is ignored.
    pub fn handle(&mut self, input: Input<D, C>) {
        if self.agreement == Agreement::Closed {
            return;
        }
        match input {
            Input::NegotiationNeeded => self.wanted = true,
            Input::Received(Message::Description(description)) => self.enqueue(description),
            Input::Received(Message::Candidate(candidate)) => self.candidate(candidate),
            Input::LocalCandidate(candidate) => self.local_candidate(candidate),
            Input::LocalDescriptionSet(body) => self.local_set(body),
            Input::RemoteDescriptionSet => self.remote_set(),
            Input::RolledBack => self.rolled_back(),
            Input::OperationFailed(signalling) => self.failed(signalling),
            Input::CandidateFailed { ignoring } => {
                if !ignoring && !self.ignoring {
                    self.tell(Output::Error(Failure::Candidate));
                }
            }
            Input::RestartIce => self.tell(Output::RestartIce),
            Input::SignalsLost => self.signals_lost(),
            Input::Closed => self.close(),
        }
        self.advance();
    }

    fn tell(&mut self, output: Output<D, C>) {
        self.outputs.push_back(output);
    }

    fn enqueue(&mut self, description: Description<D>) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(description);
        } else {
            self.tell(Output::Error(Failure::Overflow));
        }
    }

    /// Starts what can be started. A description that waits goes before an offer of our own: it may
    /// make the offer unnecessary.
    fn advance(&mut self) {
        while self.activity == Activity::Idle {
            if let Some(description) = self.waiting.pop_front() {
                self.judge(description);
            } else if self.wanted && self.agreement == Agreement::Stable {
                self.wanted = false;
                self.activity = Activity::MakingOffer;
                self.tell(Output::SetLocalDescription(Kind::Offer));
            } else {
                return;
            }
        }
    }

    /// Decides about a description now that nothing is in flight. Judged here and not on arrival, an
    /// answer that was pending has been applied, and an offer of ours that failed does not count.
    fn judge(&mut self, description: Description<D>) {
        let Description {
            kind,
            offer,
            ufrags,
            body,
        } = description;
        match kind {
            Kind::Answer => {
                let ours = self.agreement == Agreement::HaveLocalOffer && offer == self.own_offer;
                if ours {
                    self.activity = Activity::ApplyingAnswer { ufrags };
                    self.tell(Output::SetRemoteDescription(Kind::Answer, body));
                }
            }
            Kind::Offer => {
                if offer <= self.their_offer {
                    return;
                }
                self.their_offer = offer;
                if self.agreement == Agreement::HaveLocalOffer {
                    match self.role {
                        Role::Impolite => {
                            self.ignoring = true;
                            self.tell(Output::Glare {
                                role: Role::Impolite,
                                action: Action::Ignored,
                            });
                            return;
                        }
                        Role::Polite => self.tell(Output::Glare {
                            role: Role::Polite,
                            action: Action::RolledBack,
                        }),
                    }
                }
                self.activity = Activity::ApplyingOffer { offer, ufrags };
                self.tell(Output::SetRemoteDescription(Kind::Offer, body));
            }
        }
    }

    /// Adds a candidate when its description is in force. One that arrives while a description is
    /// being applied waits for the outcome: its own may just be going out of force.
    fn candidate(&mut self, candidate: Candidate<C>) {
        let replaced = match self.activity {
            Activity::ApplyingOffer { .. } | Activity::ApplyingAnswer { .. } => true,
            Activity::Idle
            | Activity::MakingOffer
            | Activity::MakingAnswer { .. }
            | Activity::RollingBack => false,
        };
        let in_force = match (&self.remote, &candidate.ufrag) {
            (Some(ufrags), Some(ufrag)) => ufrags.contains(ufrag),
            (Some(_), None) => true,
            (None, _) => false,
        };
        if in_force && !replaced {
            let ignoring = self.ignoring;
            self.tell(Output::AddCandidate {
                candidate,
                ignoring,
            });
        } else {
            self.kept.keep(candidate);
        }
    }

    /// Adds what was kept for the remote description that is in force now.
    fn release_kept(&mut self) {
        let ignoring = self.ignoring;
        let Some(ufrags) = &self.remote else {
            return;
        };
        for candidate in self.kept.take(ufrags) {
            self.tell(Output::AddCandidate {
                candidate,
                ignoring,
            });
        }
    }

    fn local_candidate(&mut self, candidate: C) {
        match self.activity {
            Activity::MakingOffer | Activity::MakingAnswer { .. } => self.held.push(candidate),
            Activity::Idle
            | Activity::ApplyingOffer { .. }
            | Activity::ApplyingAnswer { .. }
            | Activity::RollingBack => self.tell(Output::SendCandidate(candidate)),
        }
    }

    fn release_held(&mut self) {
        for candidate in core::mem::take(&mut self.held) {
            self.tell(Output::SendCandidate(candidate));
        }
    }

    fn local_set(&mut self, body: D) {
        match core::mem::replace(&mut self.activity, Activity::Idle) {
            Activity::MakingOffer => {
                self.own_offer = self.own_offer.next();
                self.agreement = Agreement::HaveLocalOffer;
                let offer = self.own_offer;
                self.tell(Output::SendDescription {
                    kind: Kind::Offer,
                    offer,
                    body,
                });
                self.release_held();
            }
            Activity::MakingAnswer { offer } => {
                self.answered = Some(offer);
                self.tell(Output::SendDescription {
                    kind: Kind::Answer,
                    offer,
                    body,
                });
                self.release_held();
                self.agree(false);
            }
            other @ (Activity::Idle
            | Activity::ApplyingOffer { .. }
            | Activity::ApplyingAnswer { .. }
            | Activity::RollingBack) => self.activity = other,
        }
    }

    fn remote_set(&mut self) {
        match core::mem::replace(&mut self.activity, Activity::Idle) {
            Activity::ApplyingOffer { offer, ufrags } => {
                self.agreement = Agreement::HaveRemoteOffer(offer);
                self.in_force(ufrags);
                self.activity = Activity::MakingAnswer { offer };
                self.tell(Output::SetLocalDescription(Kind::Answer));
            }
            Activity::ApplyingAnswer { ufrags } => {
                self.answered = None;
                self.in_force(ufrags);
                self.agree(true);
            }
            other @ (Activity::Idle
            | Activity::MakingOffer
            | Activity::MakingAnswer { .. }
            | Activity::RollingBack) => self.activity = other,
        }
    }

    /// A remote description succeeded: its candidates may come in.
    fn in_force(&mut self, ufrags: Vec<String>) {
        self.ignoring = false;
        self.remote = Some(ufrags);
        self.release_kept();
    }

    fn agree(&mut self, offerer: bool) {
        self.agreement = Agreement::Stable;
        self.agreed_remote = self.remote.clone();
        self.tell(Output::Negotiated { offerer });
    }

    fn rolled_back(&mut self) {
        if self.activity == Activity::RollingBack {
            self.activity = Activity::Idle;
            self.agreement = Agreement::Stable;
            self.remote = self.agreed_remote.clone();
        }
    }

    /// A failure leaves no flag behind. What the connection holds half-way is taken back, so that the
    /// next offer of either side finds it stable.
    fn failed(&mut self, signalling: Signalling) {
        let failure = match core::mem::replace(&mut self.activity, Activity::Idle) {
            Activity::Idle => return,
            Activity::MakingOffer => Failure::Offer,
            Activity::ApplyingOffer { .. } => Failure::RemoteOffer,
            Activity::MakingAnswer { .. } => Failure::Answer,
            Activity::ApplyingAnswer { .. } => Failure::RemoteAnswer,
            Activity::RollingBack => Failure::Rollback,
        };
        self.release_held();
        self.agreement = match signalling {
            Signalling::Stable => Agreement::Stable,
            Signalling::HaveLocalOffer => Agreement::HaveLocalOffer,
            Signalling::HaveRemoteOffer => Agreement::HaveRemoteOffer(self.their_offer),
            Signalling::Closed => return self.close(),
        };
        self.tell(Output::Error(failure));
        self.release_kept();
        let half_way = match self.agreement {
            Agreement::HaveRemoteOffer(_) if failure != Failure::Rollback => Some(Kind::Answer),
            Agreement::HaveLocalOffer if failure == Failure::RemoteAnswer => Some(Kind::Offer),
            Agreement::Stable
            | Agreement::HaveLocalOffer
            | Agreement::HaveRemoteOffer(_)
            | Agreement::Closed => None,
        };
        if let Some(kind) = half_way {
            self.activity = Activity::RollingBack;
            self.tell(Output::Rollback(kind));
        }
    }

    /// R25: what was queued is gone. The present descriptions say the same with all candidates
    /// gathered so far; whoever knew them drops them by their numbers. The answer goes first: the
    /// other side may still wait for it, and would ignore our offer until then. The ICE restart then
    /// makes both sides negotiate anew, which heals whatever else was lost.
    fn signals_lost(&mut self) {
        if let Some(offer) = self.answered {
            self.tell(Output::ResendDescription {
                kind: Kind::Answer,
                offer,
            });
        }
        if self.agreement == Agreement::HaveLocalOffer && self.activity == Activity::Idle {
            let offer = self.own_offer;
            self.tell(Output::ResendDescription {
                kind: Kind::Offer,
                offer,
            });
        }
        self.tell(Output::RestartIce);
    }

    fn close(&mut self) {
        self.agreement = Agreement::Closed;
        self.activity = Activity::Idle;
        self.waiting.clear();
        self.outputs.clear();
        self.kept = Kept::default();
        self.held.clear();
        self.wanted = false;
    }
}
