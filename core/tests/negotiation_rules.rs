//! The rules of negotiation one by one, on the bare machine.

use samewire_core::negotiation::{
    Action, Candidate, Description, Failure, Input, Kind, MAX_WAITING, Message, Negotiation,
    OfferId, Output, Role, Signalling,
};

type Machine = Negotiation<&'static str, u32>;

fn drain(machine: &mut Machine, input: Input<&'static str, u32>) -> Vec<Output<&'static str, u32>> {
    machine.handle(input);
    core::iter::from_fn(|| machine.poll_output()).collect()
}

fn description(kind: Kind, offer: u32, ufrag: &str) -> Input<&'static str, u32> {
    Input::Received(Message::Description(Description {
        kind,
        offer: OfferId(offer),
        ufrags: vec![ufrag.to_owned()],
        body: "theirs",
    }))
}

fn candidate(ufrag: Option<&str>, body: u32) -> Candidate<u32> {
    Candidate {
        ufrag: ufrag.map(str::to_owned),
        body,
    }
}

fn received(candidate: Candidate<u32>) -> Input<&'static str, u32> {
    Input::Received(Message::Candidate(candidate))
}

/// A machine whose first offer is out.
fn offering(role: Role) -> Machine {
    let mut machine = Machine::new(role);
    drain(&mut machine, Input::NegotiationNeeded);
    drain(&mut machine, Input::LocalDescriptionSet("ours"));
    machine
}

#[test]
fn r22_the_polite_side_gives_way_and_the_impolite_ignores() {
    let mut polite = offering(Role::Polite);
    assert_eq!(
        drain(&mut polite, description(Kind::Offer, 1, "u")),
        [
            Output::Glare {
                role: Role::Polite,
                action: Action::RolledBack
            },
            Output::SetRemoteDescription(Kind::Offer, "theirs"),
        ]
    );
    let mut impolite = offering(Role::Impolite);
    assert_eq!(
        drain(&mut impolite, description(Kind::Offer, 1, "u")),
        [Output::Glare {
            role: Role::Impolite,
            action: Action::Ignored
        }]
    );
}

#[test]
fn r22_an_offer_behind_a_pending_answer_finds_the_connection_stable() {
    let mut impolite = offering(Role::Impolite);
    drain(&mut impolite, description(Kind::Answer, 1, "u"));
    assert_eq!(drain(&mut impolite, description(Kind::Offer, 1, "u")), []);
    assert_eq!(
        drain(&mut impolite, Input::RemoteDescriptionSet),
        [
            Output::Negotiated { offerer: true },
            Output::SetRemoteDescription(Kind::Offer, "theirs"),
        ]
    );
}

#[test]
fn r22_an_offer_that_failed_to_be_made_leaves_no_flag_behind() {
    let mut impolite = Machine::new(Role::Impolite);
    drain(&mut impolite, Input::NegotiationNeeded);
    assert_eq!(drain(&mut impolite, description(Kind::Offer, 1, "u")), []);
    assert_eq!(
        drain(&mut impolite, Input::OperationFailed(Signalling::Stable)),
        [
            Output::Error(Failure::Offer),
            Output::SetRemoteDescription(Kind::Offer, "theirs"),
        ]
    );
}

#[test]
fn r22_an_answer_that_cannot_be_applied_takes_its_offer_back() {
    let mut impolite = offering(Role::Impolite);
    drain(&mut impolite, description(Kind::Answer, 1, "u"));
    assert_eq!(
        drain(
            &mut impolite,
            Input::OperationFailed(Signalling::HaveLocalOffer)
        ),
        [
            Output::Error(Failure::RemoteAnswer),
            Output::Rollback(Kind::Offer),
        ]
    );
    drain(&mut impolite, Input::RolledBack);
    assert!(impolite.is_settled());
}

#[test]
fn r22_candidate_errors_are_swallowed_from_an_ignored_offer_to_the_next_description_that_succeeds()
{
    let mut impolite = offering(Role::Impolite);
    drain(&mut impolite, description(Kind::Offer, 1, "x"));
    let failed = |ignoring| Input::CandidateFailed { ignoring };
    assert_eq!(drain(&mut impolite, failed(false)), []);
    drain(&mut impolite, description(Kind::Answer, 1, "u"));
    assert_eq!(drain(&mut impolite, failed(false)), []);
    drain(&mut impolite, Input::RemoteDescriptionSet);
    // One that arrived while ignoring may fail later still.
    assert_eq!(drain(&mut impolite, failed(true)), []);
    assert_eq!(
        drain(&mut impolite, failed(false)),
        [Output::Error(Failure::Candidate)]
    );
}

#[test]
fn r23_a_candidate_waits_for_the_description_of_its_ufrag() {
    let mut polite = Machine::new(Role::Polite);
    let early = candidate(Some("u"), 7);
    assert_eq!(drain(&mut polite, received(early.clone())), []);
    drain(&mut polite, description(Kind::Offer, 1, "u"));
    assert_eq!(
        drain(&mut polite, Input::RemoteDescriptionSet),
        [
            Output::AddCandidate {
                candidate: early,
                ignoring: false
            },
            Output::SetLocalDescription(Kind::Answer),
        ]
    );
    let late = candidate(None, 8);
    assert_eq!(
        drain(&mut polite, received(late.clone())),
        [Output::AddCandidate {
            candidate: late,
            ignoring: false
        }]
    );
}

#[test]
fn r24_local_candidates_wait_until_their_offer_is_sent() {
    let mut machine = Machine::new(Role::Polite);
    drain(&mut machine, Input::NegotiationNeeded);
    assert_eq!(drain(&mut machine, Input::LocalCandidate(1)), []);
    assert_eq!(
        drain(&mut machine, Input::LocalDescriptionSet("ours")),
        [
            Output::SendDescription {
                kind: Kind::Offer,
                offer: OfferId(1),
                body: "ours"
            },
            Output::SendCandidate(1),
        ]
    );
}

#[test]
fn r24_ice_restarts_in_any_signalling_state() {
    assert_eq!(
        drain(&mut offering(Role::Polite), Input::RestartIce),
        [Output::RestartIce]
    );
    assert_eq!(
        drain(&mut Machine::new(Role::Polite), Input::RestartIce),
        [Output::RestartIce]
    );
}

#[test]
fn an_answer_to_an_offer_that_was_rolled_back_is_dropped() {
    let mut polite = offering(Role::Polite);
    drain(&mut polite, description(Kind::Offer, 1, "u"));
    drain(&mut polite, Input::RemoteDescriptionSet);
    drain(&mut polite, Input::LocalDescriptionSet("our answer"));
    drain(&mut polite, Input::NegotiationNeeded);
    drain(&mut polite, Input::LocalDescriptionSet("our second offer"));
    assert_eq!(drain(&mut polite, description(Kind::Answer, 1, "u")), []);
    assert_eq!(
        drain(&mut polite, description(Kind::Answer, 2, "u")),
        [Output::SetRemoteDescription(Kind::Answer, "theirs")]
    );
}

#[test]
fn an_offer_that_is_told_twice_is_answered_once() {
    let mut polite = Machine::new(Role::Polite);
    drain(&mut polite, description(Kind::Offer, 1, "u"));
    drain(&mut polite, Input::RemoteDescriptionSet);
    drain(&mut polite, Input::LocalDescriptionSet("our answer"));
    assert_eq!(drain(&mut polite, description(Kind::Offer, 1, "u")), []);
}

#[test]
fn r25_after_a_loss_the_present_description_is_told_again_and_ice_restarts() {
    let again = Output::ResendDescription {
        kind: Kind::Offer,
        offer: OfferId(1),
    };
    assert_eq!(
        drain(&mut offering(Role::Impolite), Input::SignalsLost),
        [again, Output::RestartIce]
    );
}

#[test]
fn a_flood_of_descriptions_is_bounded_and_told() {
    let mut machine = Machine::new(Role::Polite);
    drain(&mut machine, description(Kind::Offer, 1, "u"));
    for number in 0..MAX_WAITING {
        let offer = u32::try_from(number).unwrap() + 2;
        assert_eq!(
            drain(&mut machine, description(Kind::Offer, offer, "u")),
            []
        );
    }
    assert_eq!(
        drain(&mut machine, description(Kind::Offer, 99, "u")),
        [Output::Error(Failure::Overflow)]
    );
}

#[test]
fn a_closed_negotiation_answers_nothing() {
    let mut machine = offering(Role::Polite);
    drain(&mut machine, Input::Closed);
    assert_eq!(drain(&mut machine, description(Kind::Offer, 1, "u")), []);
    assert_eq!(drain(&mut machine, Input::NegotiationNeeded), []);
    assert_eq!(drain(&mut machine, Input::RestartIce), []);
}

#[test]
fn outcomes_that_nobody_waits_for_are_ignored() {
    let mut machine = Machine::new(Role::Polite);
    assert_eq!(drain(&mut machine, Input::RemoteDescriptionSet), []);
    assert_eq!(drain(&mut machine, Input::LocalDescriptionSet("?")), []);
    assert_eq!(drain(&mut machine, Input::RolledBack), []);
    assert_eq!(
        drain(
            &mut machine,
            Input::OperationFailed(Signalling::HaveRemoteOffer)
        ),
        []
    );
    assert!(machine.is_settled());
}
