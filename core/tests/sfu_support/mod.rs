//! What the tests of both ways to an SFU share: what is done to a leg, in any order.

#![allow(dead_code, reason = "each test uses its own part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "what helps a test may panic: that is a failed test"
)]

pub(crate) mod any;
pub(crate) mod cloudflare;
pub(crate) mod janus;
pub(crate) mod leg;

use proptest::prelude::*;
use samewire_core::protocol::client::Source;
use samewire_core::sfu::{Kind, SOURCES, Transport, Wanted, Wish};

/// How many tracks of others there are to want. The last one does not exist.
pub(crate) const OTHERS: usize = 5;

/// How a server answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reply {
    /// As asked.
    Good,
    /// With none of what was asked for.
    Missing,
    /// With a refusal.
    Refused(u16),
    /// Not at all, as the browser says.
    Silent,
    /// With something else.
    Garbage,
}

/// Something that happens to a leg.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Credentials,
    Publish(Source, bool),
    Unpublish(Source),
    Limit(Source, bool),
    /// Which of the others' tracks, and how high.
    Want(Vec<usize>, u32),
    Transport(Transport),
    /// A connection before this one says something.
    OldTransport(Transport),
    Reply(Reply),
    /// A call that is no longer in flight is answered.
    Late(Reply),
    Restart,
    Wait(u64),
}

impl Event {
    /// What is wished by it; `name` writes a reference.
    pub(crate) fn wish(&self, name: fn(usize) -> String) -> Option<Wish> {
        match self {
            Event::Publish(source, live) => Some(Wish::Publish {
                source: *source,
                live: *live,
                height: 720,
            }),
            Event::Unpublish(source) => Some(Wish::Unpublish(*source)),
            Event::Limit(source, active) => Some(Wish::Limit(*source, *active)),
            Event::Want(which, height) => Some(Wish::Want(wanted(which, *height, name))),
            Event::Credentials
            | Event::Transport(_)
            | Event::OldTransport(_)
            | Event::Reply(_)
            | Event::Late(_)
            | Event::Restart
            | Event::Wait(_) => None,
        }
    }
}

fn source() -> impl Strategy<Value = Source> {
    (0..SOURCES.len()).prop_map(|place| SOURCES[place])
}

fn transport() -> impl Strategy<Value = Transport> {
    prop_oneof![
        4 => Just(Transport::Connected),
        1 => Just(Transport::Disconnected),
        1 => Just(Transport::Failed),
    ]
}

fn reply(codes: &'static [u16]) -> impl Strategy<Value = Reply> {
    prop_oneof![
        8 => Just(Reply::Good),
        1 => Just(Reply::Missing),
        1 => (0..codes.len()).prop_map(|place| Reply::Refused(codes[place])),
        1 => Just(Reply::Silent),
        1 => Just(Reply::Garbage),
    ]
}

/// Anything that can happen, in any order; a server refuses with these codes.
pub(crate) fn events(codes: &'static [u16]) -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        1 => Just(Event::Credentials),
        3 => (source(), any::<bool>()).prop_map(|(source, live)| Event::Publish(source, live)),
        1 => source().prop_map(Event::Unpublish),
        1 => (source(), any::<bool>()).prop_map(|(source, active)| Event::Limit(source, active)),
        3 => (prop::collection::vec(0..OTHERS, 0..OTHERS), 0_u32..800)
            .prop_map(|(which, height)| Event::Want(which, height)),
        3 => transport().prop_map(Event::Transport),
        1 => transport().prop_map(Event::OldTransport),
        12 => reply(codes).prop_map(Event::Reply),
        1 => reply(codes).prop_map(Event::Late),
        1 => Just(Event::Restart),
        2 => prop_oneof![0_u64..300, 0_u64..40_000].prop_map(Event::Wait),
    ];
    let events = prop::collection::vec(event, 0..60);
    (prop::bool::weighted(0.8), events).prop_map(|(allowed, mut events)| {
        if allowed {
            events.insert(0, Event::Credentials);
        }
        events
    })
}

/// A picture that is wanted, and shown so high.
pub(crate) fn shown(reference: &str, height: u32) -> Wanted {
    Wanted {
        reference: reference.into(),
        kind: Kind::Video,
        height,
        muted: false,
    }
}

/// The tracks of others by their numbers, each once, shown so high; `name` writes a reference.
fn wanted(which: &[usize], height: u32, name: fn(usize) -> String) -> Vec<Wanted> {
    let wanted = |place: &usize| Wanted {
        reference: name(*place),
        kind: if place.is_multiple_of(2) {
            Kind::Video
        } else {
            Kind::Audio
        },
        height,
        muted: false,
    };
    which.iter().map(wanted).collect()
}
