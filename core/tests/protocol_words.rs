//! The words and numbers that programs compare.

use samewire_core::protocol::close::CloseCode;
use samewire_core::protocol::server::{Connection, LifeState, Mode, ProviderKind, Role};
use serde::Serialize;

fn word(value: impl Serialize) -> Option<String> {
    serde_json::to_value(value)
        .ok()?
        .as_str()
        .map(str::to_owned)
}

#[test]
fn every_word_of_every_state() {
    let words = [
        word(ProviderKind::P2p),
        word(ProviderKind::Sfu),
        word(ProviderKind::Vendor),
        word(LifeState::Active),
        word(LifeState::Switching),
        word(LifeState::Exhausted),
        word(LifeState::Ended),
        word(Mode::Call),
        word(Mode::Stream),
        word(Role::Participant),
        word(Role::Host),
        word(Role::Viewer),
        word(Connection::Connecting),
        word(Connection::Good),
        word(Connection::Poor),
        word(Connection::Lost),
    ];
    let words: Vec<_> = words.into_iter().flatten().collect();
    assert_eq!(
        words.join(" "),
        concat!(
            "p2p sfu vendor active switching exhausted ended call stream participant host viewer ",
            "connecting good poor lost"
        )
    );
}

#[test]
fn close_codes() {
    let codes = [
        CloseCode::Normal,
        CloseCode::Silent,
        CloseCode::Internal,
        CloseCode::TooSlow,
        CloseCode::Replaced,
        CloseCode::Unauthorised,
        CloseCode::TooMany,
        CloseCode::Protocol,
    ];
    assert_eq!(
        codes.map(CloseCode::code),
        [1000, 1001, 1011, 1013, 4000, 4001, 4008, 4009]
    );
}
