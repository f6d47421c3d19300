//! Which call is next.

use super::machine::{Session, Stage};
use super::{Call, Cloudflare, MOST_TRACKS, Pushed, SIGN};
use crate::protocol::client::Source;
use crate::sfu::layers::layers;
use crate::sfu::way::Way;
use crate::sfu::{put_number, source_name};
use crate::time::Millis;

impl Cloudflare {
    /// The next call: first what others wait for.
    pub(super) fn next_call(&mut self, now: Millis) -> Option<Call> {
        let Stage::Open(Session {
            handle, way, look, ..
        }) = &mut self.stage
        else {
            return None;
        };
        if handle.is_none() {
            return Some(Call::Session);
        }
        match way {
            Way::None => return Some(Call::Push(self.pushes())),
            Way::Connecting(_) => return None,
            Way::Up => {}
        }
        if core::mem::take(look) {
            return Some(Call::Look);
        }
        if self.media.outgoing.is_due() {
            return Some(Call::Push(self.pushes()));
        }
        let asked = self.media.incoming.due(now, MOST_TRACKS);
        if !asked.is_empty() {
            return Some(Call::Pull(asked));
        }
        let changed = self.media.incoming.relayered(now);
        if !changed.is_empty() {
            return Some(Call::Update(changed));
        }
        let mut let_go = self.media.incoming.take_let_go();
        let_go.append(&mut self.media.outgoing.take_let_go());
        (!let_go.is_empty()).then_some(Call::Close(let_go))
    }

    fn pushes(&mut self) -> Vec<Pushed> {
        let due = self.media.outgoing.due();
        let mut pushed = Vec::new();
        for (source, height) in due {
            self.names = self.names.wrapping_add(1);
            let mut name = String::from(source_name(source));
            name.push(SIGN);
            put_number(&mut name, self.names);
            let several = source == Source::Camera;
            let layers = if several { layers(height) } else { 1 };
            if layers > 1 {
                name.push(SIGN);
                put_number(&mut name, height);
            } else {
                // Nothing that could be read as a height.
                name.push_str("-x");
            }
            pushed.push(Pushed {
                source,
                name,
                layers,
            });
        }
        pushed
    }
}
