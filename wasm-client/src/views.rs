//! What the application sees of a call: its participants, how each is doing, who speaks, and its chat.

use std::rc::Rc;

use js_sys::Array;
use samewire_core::link::STALLED;
use wasm_bindgen::JsValue;

use crate::browser::{self, Fields, get, text};
use crate::call::{Call, State};
use crate::peer::Peer;
use crate::roster::{Health, Participant, Source, Track, track_view};
use crate::socket;

impl Call {
    /// How one is doing as far as we and the session know. Media that is decoded now outweighs a
    /// socket that is away (R30).
    pub(crate) fn health(&self, one: &Participant) -> Health {
        if one.id == self.me.borrow().participant {
            return match self.state.get() {
                State::Switching if self.legs.is_moving() => Health::Good,
                State::Connecting | State::Switching => Health::Connecting,
                State::Connected => Health::Good,
                State::Reconnecting | State::Exhausted | State::Left => Health::Lost,
            };
        }
        let Some(peer) = self.peer(&one.id) else {
            let lost = one.told == Health::Lost || self.state.get() == State::Left;
            return if lost {
                Health::Lost
            } else {
                Health::Connecting
            };
        };
        // A track that was announced a moment ago may still be on its way.
        let seen = peer.watch.seen.get()
            || (one.told != Health::Lost
                && browser::now() - peer.watch.seen_at.get() < STALLED.0 as f64);
        match (seen, peer.watch.ladder.get().was_seen(), one.told) {
            (true, _, Health::Poor) => Health::Poor,
            (true, _, Health::Connecting | Health::Good | Health::Lost) => Health::Good,
            (false, _, Health::Lost) => Health::Lost,
            (false, true, Health::Connecting | Health::Good | Health::Poor) => Health::Poor,
            (false, false, Health::Connecting | Health::Good | Health::Poor) => Health::Connecting,
        }
    }

    fn view(&self, one: &Participant) -> JsValue {
        let is_self = one.id == self.me.borrow().participant;
        let tracks = if is_self {
            self.capture.view()
        } else {
            self.tracks_of(one)
        };
        let view = one.view(is_self, self.health(one), &tracks);
        browser::set(&view, "quality", &self.quality.of(&one.id));
        browser::set(&view, "speaking", &self.speaks(one).into());
        view
    }

    /// What is shown of somebody else, in the streams that stay theirs.
    fn tracks_of(&self, one: &Participant) -> Array {
        let peer = self.peer(&one.id);
        let streams = one.streams.borrow().clone();
        let views = Array::new();
        for group in [Source::Camera, Source::Screen] {
            let stream = streams.of(group);
            let shown = Array::new();
            for track in one.announced_in(self.legs.now().epoch) {
                if streams.of(track.source) != stream {
                    continue;
                }
                let media = self.media_before(one, track);
                let media = media.or_else(|| peer.as_ref()?.media(track));
                let view = track_view(track, media.as_ref().map(|media| (media, &stream)));
                let held_back = |peer: &Rc<Peer>| peer.is_held_back(track.source);
                if peer.as_ref().is_some_and(held_back) {
                    browser::set(&view, "muted", &JsValue::TRUE);
                }
                if let Some(media) = media {
                    shown.push(&media);
                }
                views.push(&view);
            }
            streams.hold(group, &shown);
        }
        views
    }

    /// What the leg before showed of a track, while it is drained and the new one has brought nothing yet.
    pub(crate) fn media_before(&self, one: &Participant, track: &Track) -> Option<JsValue> {
        let before = self.legs.before()?;
        let peer = self.peer(&one.id);
        let media = peer.as_ref().and_then(|peer| peer.media(track));
        let id = media.and_then(|media| text(&media, "id"));
        let flows = |id: String| peer.is_some_and(|peer| peer.watch.flows(&id, browser::now()));
        if id.is_some_and(flows) {
            return None;
        }
        before.shown(&one.id, track.source)
    }

    /// Whether this one speaks, as far as the last look at the statistics heard. Whoever is muted does
    /// not.
    pub(crate) fn speaks(&self, one: &Participant) -> bool {
        let now = socket::now();
        let hears = |peer: &Rc<Peer>, track: &JsValue| {
            text(track, "id").is_some_and(|id| peer.watch.speaks(&id, now))
        };
        if one.id == self.me.borrow().participant {
            let own = self.capture.outgoing(Source::Microphone);
            let own = own.unwrap_or(JsValue::NULL);
            return self.legs.now().all().iter().any(|peer| hears(peer, &own));
        }
        let Some(peer) = self.peer(&one.id) else {
            return false;
        };
        let mut tracks = one.announced_in(self.legs.now().epoch).iter();
        let track = tracks.find(|track| track.source == Source::Microphone && !track.muted);
        let media = track.and_then(|track| peer.media(track));
        media.is_some_and(|media| hears(&peer, &media))
    }

    /// Everyone, in order of arrival.
    pub(crate) fn participants(&self) -> Array {
        let all = self.roster.borrow().all();
        let views = Array::new();
        for one in all {
            views.push(&self.view(&one));
        }
        views
    }

    /// Tells what became of one participant.
    pub(crate) fn tell_participant(&self, one: &Participant, change: &str) {
        let view = self.view(one);
        let spoke = browser::flag(&view, "speaking");
        match self.peer(&one.id) {
            Some(peer) => peer.watch.spoke.set(spoke),
            None if one.id == self.me.borrow().participant => self.spoke.set(spoke),
            None => {}
        }
        browser::set(&view, "change", &change.into());
        self.emit("participant", &view);
    }

    /// Tells that one participant looks different now.
    pub(crate) fn tell_updated(&self, id: &str) {
        if let Some(one) = self.participant(id) {
            self.tell_participant(&one, "updated");
        }
    }
}

/// A chat message as the application sees it.
pub(crate) fn message_view(call: &Call, wire: &JsValue) -> JsValue {
    let from = text(wire, "from").unwrap_or_default();
    let name = match call.participant(&from) {
        Some(one) => one.name.as_str().into(),
        None => get(wire, "name"),
    };
    let is_self = from == call.me.borrow().participant;
    Fields::new()
        .put("from", from.into())
        .put("name", name)
        .put("text", get(wire, "text"))
        .put("at", get(wire, "at"))
        .put("self", is_self.into())
        .build()
}
