//! Who is in the call, as the session tells it.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::browser::{Fields, flag, get, list, number, text};
use crate::streams::Streams;

/// Where a track comes from. With its kind it is what a track is known by (R27).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Microphone,
    Camera,
    Screen,
    ScreenAudio,
}

impl Source {
    pub(crate) const ALL: [Self; 4] = [
        Self::Microphone,
        Self::Camera,
        Self::Screen,
        Self::ScreenAudio,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Microphone => "microphone",
            Self::Camera => "camera",
            Self::Screen => "screen",
            Self::ScreenAudio => "screen_audio",
        }
    }

    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Microphone | Self::ScreenAudio => "audio",
            Self::Camera | Self::Screen => "video",
        }
    }

    pub(crate) fn read(wire: &JsValue) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|source| crate::browser::is(wire, "source", source.name()))
    }
}

/// An announced track.
pub(crate) struct Track {
    pub(crate) id: String,
    pub(crate) source: Source,
    /// By what its media is found: the id of the stream that it is in, as it stands in the SDP, or what a
    /// driver's leg subscribes to.
    pub(crate) reference: Option<String>,
    pub(crate) muted: bool,
}

/// How one is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    Connecting,
    Good,
    Poor,
    Lost,
}

impl Health {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Good => "good",
            Self::Poor => "poor",
            Self::Lost => "lost",
        }
    }
}

/// One participant.
pub(crate) struct Participant {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) ordinal: u64,
    pub(crate) generation: u64,
    pub(crate) told: Health,
    pub(crate) hidden: bool,
    pub(crate) tracks: Vec<Track>,
    /// What they announced for a prepared epoch.
    prepared: Option<(u64, Vec<Track>)>,
    /// What the page shows of them.
    pub(crate) streams: RefCell<Rc<Streams>>,
}

impl Participant {
    /// Reads one from the wire; none without an id.
    pub(crate) fn read(wire: &JsValue) -> Option<Self> {
        let told = [Health::Good, Health::Poor, Health::Lost]
            .into_iter()
            .find(|health| crate::browser::is(wire, "connection", health.name()))
            .unwrap_or(Health::Connecting);
        Some(Self {
            id: text(wire, "id")?,
            user_id: text(wire, "user_id").unwrap_or_default(),
            name: text(wire, "name").unwrap_or_default(),
            role: text(wire, "role").unwrap_or_default(),
            ordinal: number(wire, "ordinal"),
            generation: number(wire, "generation"),
            told,
            hidden: flag(wire, "hidden"),
            tracks: read_tracks(wire),
            prepared: Some(get(wire, "prepared"))
                .filter(JsValue::is_object)
                .map(|prepared| (number(&prepared, "epoch"), read_tracks(&prepared))),
            streams: RefCell::default(),
        })
    }

    /// What they announced for this epoch. What was announced for a prepared one holds when it is
    /// committed; the session does not say it again.
    pub(crate) fn announced_in(&self, epoch: u64) -> &[Track] {
        match &self.prepared {
            Some((of, tracks)) if *of == epoch => tracks,
            Some(_) | None => &self.tracks,
        }
    }

    /// What the application sees.
    pub(crate) fn view(&self, is_self: bool, health: Health, tracks: &Array) -> JsValue {
        Fields::new()
            .put("id", self.id.as_str().into())
            .put("userId", self.user_id.as_str().into())
            .put("name", self.name.as_str().into())
            .put("role", self.role.as_str().into())
            .put("self", is_self.into())
            .put("connection", health.name().into())
            .put("hidden", self.hidden.into())
            .put("tracks", tracks.into())
            .build()
    }
}

/// Everyone, in order of arrival. So few that a list beats a tree, above all in size.
#[derive(Default)]
pub(crate) struct Roster(Vec<Rc<Participant>>);

impl Roster {
    pub(crate) fn get(&self, id: &str) -> Option<Rc<Participant>> {
        self.0.iter().find(|one| one.id == id).cloned()
    }

    /// Takes one in; whom it replaces.
    pub(crate) fn insert(&mut self, one: Rc<Participant>) -> Option<Rc<Participant>> {
        if let Some(known) = self.0.iter_mut().find(|known| known.id == one.id) {
            one.streams.replace(known.streams.borrow().clone());
            return Some(core::mem::replace(known, one));
        }
        let before = self
            .0
            .iter()
            .take_while(|known| known.ordinal < one.ordinal);
        self.0.insert(before.count(), one);
        None
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Rc<Participant>> {
        let gone = self.get(id);
        self.0.retain(|one| one.id != id);
        gone
    }

    pub(crate) fn all(&self) -> Vec<Rc<Participant>> {
        self.0.clone()
    }
}

fn read_tracks(of: &JsValue) -> Vec<Track> {
    let tracks = list(of, "tracks");
    tracks.iter().filter_map(|one| read_track(&one)).collect()
}

fn read_track(wire: &JsValue) -> Option<Track> {
    Some(Track {
        id: text(wire, "id")?,
        source: Source::read(wire)?,
        reference: text(wire, "ref"),
        muted: flag(wire, "muted"),
    })
}

/// What the application sees of a track; `media` is the track and its stream where there are any.
pub(crate) fn track_view(track: &Track, media: Option<(&JsValue, &JsValue)>) -> JsValue {
    let view = Fields::new()
        .put("id", track.id.as_str().into())
        .put("source", track.source.name().into())
        .put("kind", track.source.kind().into())
        .put("muted", track.muted.into())
        .build();
    if let Some((media, stream)) = media {
        crate::browser::set(&view, "track", media);
        crate::browser::set(&view, "stream", stream);
    }
    view
}

/// Whether a received track is what was announced: the same stream, the same kind (R27).
pub(crate) fn matches(track: &Track, stream_id: &str, media: &JsValue) -> bool {
    track.reference.as_deref() == Some(stream_id)
        && crate::browser::is(media, "kind", track.source.kind())
}
