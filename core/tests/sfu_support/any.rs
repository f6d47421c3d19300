//! What holds for a leg to either server, whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use samewire_core::protocol::client::Source;
use samewire_core::sfu::State;
use samewire_core::time::Millis;

use super::{Event, OTHERS};

/// So long after the last event of a server that is silent everything is at rest.
pub(crate) const REST: Millis = Millis(30_000);

/// What somebody does, as the test remembers it.
#[derive(Default)]
pub(crate) struct Wishes {
    pub(crate) live: BTreeSet<Source>,
    pub(crate) wanted: BTreeSet<usize>,
}

impl Wishes {
    pub(crate) fn note(&mut self, event: &Event) {
        match event {
            Event::Publish(source, true) => {
                self.live.insert(*source);
            }
            Event::Publish(source, false) | Event::Unpublish(source) => {
                self.live.remove(source);
            }
            Event::Want(which, _) => self.wanted = which.iter().copied().collect(),
            Event::Credentials
            | Event::Limit(..)
            | Event::Transport(_)
            | Event::OldTransport(_)
            | Event::Reply(_)
            | Event::Late(_)
            | Event::Restart
            | Event::Wait(_) => {}
        }
    }

    /// What comes in the end: all that is wanted, but the one that does not exist.
    pub(crate) fn come(&self, name: fn(usize) -> String) -> BTreeSet<String> {
        let exist = self.wanted.iter().filter(|place| **place + 1 < OTHERS);
        exist.map(|place| name(*place)).collect()
    }
}

/// A server of either kind: what the leg has there.
#[derive(Default)]
pub(crate) struct There {
    /// By their lines, what comes.
    pub(crate) coming: BTreeMap<String, String>,
    /// By their references, what is published.
    pub(crate) published: BTreeMap<String, Source>,
    /// The lines of these.
    pub(crate) pushed: BTreeMap<String, String>,
    pub(crate) lines: u32,
}

impl There {
    pub(crate) fn line(&mut self) -> String {
        self.lines += 1;
        self.lines.to_string()
    }

    pub(crate) fn has(&self) -> BTreeSet<String> {
        self.coming.values().cloned().collect()
    }
}

/// A leg with its server.
pub(crate) trait Leg: Default {
    /// The reference of a track of somebody else.
    fn name(place: usize) -> String;
    fn happens(&mut self, event: &Event);
    /// Restarts, with credentials.
    fn begins_anew(&mut self);
    /// The server answers everything as it was asked, and there is a way for media.
    fn goes_well(&mut self);
    fn timed_out(&mut self);
    fn timer(&self) -> Option<Millis>;
    fn now(&mut self) -> &mut Millis;
    fn seen(&self) -> &Seen;
}

/// What of a leg is looked at in the end.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) there: There,
    pub(crate) told: BTreeMap<Source, String>,
    pub(crate) state: Option<State>,
}

/// Time passes, and the timer is heeded.
pub(crate) fn wait(leg: &mut impl Leg, span: Millis) {
    let until = *leg.now() + span;
    let mut turns = 0;
    while let Some(at) = leg.timer().filter(|at| *at <= until) {
        turns += 1;
        assert!(turns < 10_000, "a timer that never rests");
        *leg.now() = at.max(*leg.now());
        leg.timed_out();
    }
    *leg.now() = until;
}

/// Once all goes well, there is all that is wanted and nothing else, and others know of all that is live;
/// with a restart only where the leg has failed, or never began.
pub(crate) fn recovers<L: Leg>(events: &[Event]) {
    let (mut leg, mut wishes) = (L::default(), Wishes::default());
    for event in events {
        wishes.note(event);
        leg.happens(event);
    }
    if matches!(leg.seen().state, Some(State::Failed(..)) | None) {
        leg.begins_anew();
    }
    for _ in 0..200 {
        leg.goes_well();
        wait(&mut leg, Millis(100));
    }
    let Seen { there, told, state } = leg.seen();
    assert_eq!(*state, Some(State::Connected));
    assert_eq!(there.has(), wishes.come(L::name));
    assert_eq!(there.coming.len(), there.has().len(), "nothing comes twice");
    for source in &wishes.live {
        let reference = told.get(source).unwrap();
        assert_eq!(there.published.get(reference), Some(source));
    }
}

/// A server that answers nothing any more is asked for so long only.
pub(crate) fn gives_up<L: Leg>(events: &[Event]) {
    let mut leg = L::default();
    for event in events {
        leg.happens(event);
    }
    leg.begins_anew();
    wait(&mut leg, REST);
    assert!(matches!(leg.seen().state, Some(State::Failed(..))));
    assert_eq!(leg.timer(), None);
}
