//! What goes in and what comes out.

use super::message::{Candidate, Kind, Message, OfferId};

/// The signalling state of a connection, as far as this pattern meets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signalling {
    /// Both sides agree.
    Stable,
    /// An offer of ours is out.
    HaveLocalOffer,
    /// An offer of theirs is applied and unanswered.
    HaveRemoteOffer,
    /// The connection is closed; nothing counts any more.
    Closed,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input<D, C> {
    /// The connection's `negotiationneeded`.
    NegotiationNeeded,
    /// A message of the other side.
    Received(Message<D, C>),
    /// The connection's `icecandidate`.
    LocalCandidate(C),
    /// [`Output::SetLocalDescription`] succeeded: this is the local description now.
    LocalDescriptionSet(D),
    /// [`Output::SetRemoteDescription`] succeeded.
    RemoteDescriptionSet,
    /// [`Output::Rollback`] succeeded.
    RolledBack,
    /// The operation in flight failed and left the connection in this state. Which one that is, is
    /// known only to the connection: a failed offer may have rolled back before it failed.
    OperationFailed(Signalling),
    /// [`Output::AddCandidate`] failed; `ignoring` is handed back as it was given.
    CandidateFailed {
        /// Whether an offer was being ignored when the candidate arrived.
        ignoring: bool,
    },
    /// ICE failed, or its servers changed. Right in every signalling state (R24).
    RestartIce,
    /// Messages that were sent may not have arrived.
    SignalsLost,
    /// The connection was closed, or is not to be negotiated any more.
    Closed,
}

/// What is to be done, in this order. Of `SetLocalDescription`, `SetRemoteDescription` and `Rollback`
/// one is in flight at a time, and its outcome is owed as an [`Input`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<D, C> {
    /// `setLocalDescription()` without argument, which makes what the state asks for. Before an
    /// answer is the moment to add tracks that shall be in it.
    SetLocalDescription(Kind),
    /// `setRemoteDescription(…)`; an offer rolls back an own one by itself.
    SetRemoteDescription(Kind, D),
    /// `setLocalDescription({type: "rollback"})` of our offer, or `setRemoteDescription` of theirs
    /// when it is our answer that failed.
    Rollback(Kind),
    /// `addIceCandidate(…)`.
    AddCandidate {
        /// The candidate.
        candidate: Candidate<C>,
        /// To be handed back in [`Input::CandidateFailed`].
        ignoring: bool,
    },
    /// `restartIce()`, which survives a rollback, not `createOffer({iceRestart})` (R24).
    RestartIce,
    /// Send this description.
    SendDescription {
        /// Offer or answer.
        kind: Kind,
        /// The offer's number.
        offer: OfferId,
        /// The local description.
        body: D,
    },
    /// Send a local description as it stands now once more, the pending offer or the current answer,
    /// unless it is no longer of that kind: see [`Input::SignalsLost`].
    ResendDescription {
        /// Offer or answer.
        kind: Kind,
        /// The offer's number.
        offer: OfferId,
    },
    /// Send this local candidate.
    SendCandidate(C),
    /// Tell: both descriptions are in force.
    Negotiated {
        /// Whether the offer was ours.
        offerer: bool,
    },
    /// Tell: two offers met.
    Glare {
        /// Who we are in it.
        role: Role,
        /// What we did about it.
        action: Action,
    },
    /// Tell: something failed.
    Error(Failure),
}

/// Politeness comes from the ordinal, never from a user's id (R10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Gives way.
    Polite,
    /// Does not.
    Impolite,
}

/// How a collision of offers was resolved here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Our offer was rolled back in favour of theirs.
    RolledBack,
    /// Their offer was ignored.
    Ignored,
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Making our offer.
    Offer,
    /// Applying their offer.
    RemoteOffer,
    /// Making our answer.
    Answer,
    /// Applying their answer.
    RemoteAnswer,
    /// A rollback.
    Rollback,
    /// Adding a candidate of a description that was not ignored.
    Candidate,
    /// More than [`super::MAX_WAITING`] descriptions wait: the other side floods.
    Overflow,
}
