//! What is published, and how far each of it is.
//!
//! A source has a place on the connection, which is negotiated when it first has something to send and kept
//! while it is muted (R16). A server that forgets what is silent gets it anew, under another reference,
//! when it is heard again.

use super::patience::COLLECTED_AFTER;
use super::{Habit, SOURCES};
use crate::protocol::client::Source;
use crate::time::Millis;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    wanted: bool,
    /// There is a track.
    live: bool,
    /// What limits the sender lets it send.
    active: bool,
    height: u32,
    silent_since: Option<Millis>,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Absent,
    Asked,
    Here {
        mid: String,
        reference: String,
        told: bool,
    },
}

/// What to do about the sender of a source whose track changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// It has a place, or is getting one: the track is replaced there.
    Replace,
    /// It has none yet, or another is to come.
    Leave,
}

/// Everything that is published. See the module.
#[derive(Clone, Debug)]
pub struct Outgoing {
    habit: Habit,
    /// In the order of [`SOURCES`].
    places: [Place; SOURCES.len()],
    let_go: Vec<String>,
}

impl Place {
    const NONE: Self = Self {
        wanted: false,
        live: false,
        active: true,
        height: 0,
        silent_since: None,
        stage: Stage::Absent,
    };

    fn sends(&self) -> bool {
        self.wanted && self.live && self.active
    }

    /// Silent or not, from now on. Whether it was silent for so long that it is forgotten.
    fn hear(&mut self, now: Millis) -> bool {
        if !self.sends() {
            self.silent_since.get_or_insert(now);
            return false;
        }
        let since = self.silent_since.take();
        since.is_some_and(|since| now.since(since) >= COLLECTED_AFTER)
    }
}

impl Outgoing {
    /// Nothing is published.
    pub const fn new(habit: Habit) -> Self {
        Self {
            habit,
            places: [const { Place::NONE }; SOURCES.len()],
            let_go: Vec::new(),
        }
    }

    fn place(&mut self, source: Source) -> &mut Place {
        let [microphone, camera, screen, screen_audio] = &mut self.places;
        match source {
            Source::Microphone => microphone,
            Source::Camera => camera,
            Source::Screen => screen,
            Source::ScreenAudio => screen_audio,
        }
    }

    /// It is to be sent; live where there is a track, of this height where it is a picture.
    pub fn publish(&mut self, now: Millis, source: Source, live: bool, height: u32) -> Sender {
        let place = self.place(source);
        place.wanted = true;
        place.live = live;
        if live {
            place.height = height;
        }
        self.heard(now, source)
    }

    /// Its sender may send, or may not.
    pub fn limit(&mut self, now: Millis, source: Source, active: bool) {
        self.place(source).active = active;
        self.heard(now, source);
    }

    fn heard(&mut self, now: Millis, source: Source) -> Sender {
        let collects = self.habit == Habit::Collects;
        let place = self.place(source);
        let forgotten = place.hear(now);
        match &place.stage {
            Stage::Absent => Sender::Leave,
            Stage::Asked => Sender::Replace,
            Stage::Here { mid, .. } if forgotten && collects => {
                let mid = mid.clone();
                place.stage = Stage::Absent;
                self.let_go.push(mid);
                Sender::Leave
            }
            Stage::Here { .. } => Sender::Replace,
        }
    }

    /// It is sent no more.
    pub fn unpublish(&mut self, now: Millis, source: Source) -> Sender {
        let habit = self.habit;
        let place = self.place(source);
        place.wanted = false;
        place.live = false;
        place.hear(now);
        match (&mut place.stage, habit) {
            (Stage::Absent, _) => Sender::Leave,
            (Stage::Asked, _) => Sender::Replace,
            (Stage::Here { told, .. }, Habit::Keeps) => {
                *told = false;
                Sender::Replace
            }
            (Stage::Here { mid, .. }, Habit::Collects) => {
                let mid = mid.clone();
                place.stage = Stage::Absent;
                self.let_go.push(mid);
                Sender::Replace
            }
        }
    }

    /// What has a track and no place, with its height; marked as asked for.
    pub fn due(&mut self) -> Vec<(Source, u32)> {
        let mut due = Vec::new();
        for (source, place) in SOURCES.into_iter().zip(&mut self.places) {
            if place.wanted && place.live && place.stage == Stage::Absent {
                place.stage = Stage::Asked;
                due.push((source, place.height));
            }
        }
        due
    }

    /// Whether [`Outgoing::due`] has something.
    pub fn is_due(&self) -> bool {
        self.places
            .iter()
            .any(|place| place.wanted && place.live && place.stage == Stage::Absent)
    }

    /// The server has it, on this line; others ask for it by this reference.
    pub fn placed(&mut self, now: Millis, source: Source, mid: String, reference: String) {
        let habit = self.habit;
        let place = self.place(source);
        if place.stage != Stage::Asked {
            return;
        }
        if !place.wanted && habit == Habit::Collects {
            place.stage = Stage::Absent;
            self.let_go.push(mid);
            return;
        }
        place.hear(now);
        place.stage = Stage::Here {
            mid,
            reference,
            told: false,
        };
    }

    /// The references of what others may ask for and have not been told; told by this.
    pub fn take_published(&mut self) -> Vec<(Source, String)> {
        let mut published = Vec::new();
        for (source, place) in SOURCES.into_iter().zip(&mut self.places) {
            if let Stage::Here {
                reference, told, ..
            } = &mut place.stage
                && place.wanted
                && !*told
            {
                *told = true;
                published.push((source, reference.clone()));
            }
        }
        published
    }

    /// How high the pictures of a source are; 0 where nobody knows.
    pub fn height(&mut self, source: Source) -> u32 {
        self.place(source).height
    }

    /// The lines of what was given up; told once.
    pub fn take_let_go(&mut self) -> Vec<String> {
        core::mem::take(&mut self.let_go)
    }

    /// Whether a line was given up.
    pub fn has_let_go(&self) -> bool {
        !self.let_go.is_empty()
    }

    /// The connection is another one, and has no places yet.
    pub fn begin(&mut self) {
        self.let_go.clear();
        for place in &mut self.places {
            place.stage = Stage::Absent;
        }
    }
}
