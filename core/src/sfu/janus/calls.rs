//! Which call is next, on each of the three lines.

use super::machine::{Joined, Stage};
use super::{Call, Command, Janus, MOST_TRACKS, Placing, Side};
use crate::protocol::client::Source;
use crate::sfu::CallNumber;
use crate::sfu::layers::layers;
use crate::sfu::patience::BUDGET;
use crate::sfu::way::Way;
use crate::time::Millis;

/// So long has Janus for anything.
pub(super) const WITHIN: Millis = BUDGET;

/// The one call at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// None.
    Free,
    /// It is awaited until then.
    Flying {
        number: CallNumber,
        call: Call,
        until: Millis,
    },
}

impl Line {
    pub(super) const fn until(&self) -> Option<Millis> {
        match self {
            Line::Free => None,
            Line::Flying { until, .. } => Some(*until),
        }
    }

    /// The call of this number, which is answered by that: the line is free.
    pub(super) fn take(&mut self, awaited: CallNumber) -> Option<Call> {
        match core::mem::replace(self, Line::Free) {
            Line::Flying { number, call, .. } if number == awaited => Some(call),
            other @ (Line::Free | Line::Flying { .. }) => {
                *self = other;
                None
            }
        }
    }
}

impl Janus {
    /// Makes the calls that are due, on every line where none is under way.
    pub(super) fn go_on(&mut self, now: Millis) {
        let feed = self.feed();
        let Stage::Open(session) = &mut self.stage else {
            return;
        };
        if session.publisher.way == Way::Up {
            for (source, reference) in self.media.outgoing.take_published() {
                self.out.push(Command::Published(source, reference));
            }
        }
        let mut calls = Vec::new();
        if session.line == Line::Free {
            let call = match (session.publisher.stage, session.subscriber.stage) {
                _ if !session.created => Some(Call::Create),
                (Joined::No, _) => Some(Call::Attach(Side::Publisher)),
                (_, Joined::No) => Some(Call::Attach(Side::Subscriber)),
                (Joined::Attached | Joined::Yes, Joined::Attached | Joined::Yes) => None,
            };
            calls.extend(call.map(|call| (&mut session.line, call)));
        }
        let publisher = &mut session.publisher;
        if publisher.line == Line::Free {
            let call = match publisher.stage {
                Joined::No => None,
                Joined::Attached => Some(Call::Join(feed)),
                Joined::Yes if publisher.way == Way::None || self.media.outgoing.is_due() => {
                    Some(Call::Publish(placings(self.media.outgoing.due())))
                }
                Joined::Yes => None,
            };
            calls.extend(call.map(|call| (&mut publisher.line, call)));
        }
        let subscriber = &mut session.subscriber;
        if subscriber.line == Line::Free && subscriber.stage != Joined::No {
            let call = if core::mem::take(&mut subscriber.offered) {
                Some(Call::Start)
            } else {
                subscribing(&mut self.media.incoming, now, subscriber.stage)
            };
            calls.extend(call.map(|call| (&mut subscriber.line, call)));
        }
        for (line, call) in calls {
            self.number = self.number.next();
            *line = Line::Flying {
                number: self.number,
                call: call.clone(),
                until: now + WITHIN,
            };
            self.out.push(Command::Call(self.number, call));
        }
    }
}

fn subscribing(
    incoming: &mut crate::sfu::incoming::Incoming,
    now: Millis,
    stage: Joined,
) -> Option<Call> {
    let asked = incoming.due(now, MOST_TRACKS);
    if !asked.is_empty() {
        return Some(match stage {
            Joined::Yes => Call::More(asked),
            Joined::No | Joined::Attached => Call::Subscribe(asked),
        });
    }
    let changed = incoming.relayered(now);
    if !changed.is_empty() {
        return Some(Call::Layers(changed));
    }
    let let_go = incoming.take_let_go();
    (!let_go.is_empty()).then_some(Call::LetGo(let_go))
}

fn placings(due: Vec<(Source, u32)>) -> Vec<Placing> {
    let placing = |(source, height)| Placing {
        source,
        layers: match source {
            Source::Camera => layers(height),
            Source::Microphone | Source::Screen | Source::ScreenAudio => 1,
        },
    };
    due.into_iter().map(placing).collect()
}
