//! What is wanted of others, and how far each of it is.
//!
//! The list of what is wanted is the whole truth: what is not in it any more is let go of as soon as its
//! server can be asked. What the server does not have is asked for again, at growing intervals.

use super::layers::{height_in, layer, layers};
use super::patience::{LAYER_AGAIN, LAYER_TRIES, pause};
use super::{Habit, Kind, Wanted};
use crate::time::Millis;

/// One track of somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Track {
    reference: String,
    wanted: bool,
    muted: bool,
    kind: Kind,
    height: u32,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// To be asked for, at a time; alone where a batch with it in it was refused.
    Absent {
        failures: u32,
        at: Millis,
        alone: bool,
    },
    /// The server was asked for it in this layer.
    Asked { failures: u32, layer: u8 },
    /// It comes, by this name of its line and in this layer.
    Here {
        mid: String,
        layer: u8,
        doubt: Option<Doubt>,
    },
}

/// Whether a layer came that was asked for: a server waits for a key frame to change it, and a browser
/// that just made one drops the request for another. So it is asked for again, a few times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Doubt {
    tries: u32,
    at: Millis,
}

impl Doubt {
    fn first(habit: Habit, now: Millis) -> Option<Self> {
        let at = now + LAYER_AGAIN;
        // Cloudflare takes care of it, and does not say.
        (habit == Habit::Keeps).then_some(Self { tries: 1, at })
    }

    fn again(self, now: Millis) -> Option<Self> {
        let Self { tries, .. } = self;
        let at = now + Millis(LAYER_AGAIN.0 << tries.min(LAYER_TRIES));
        (tries + 1 < LAYER_TRIES).then_some(Self {
            tries: tries + 1,
            at,
        })
    }
}

/// The first time.
const NEW: Stage = Stage::Absent {
    failures: 0,
    at: Millis(0),
    alone: false,
};

/// What to ask the server for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Which track.
    pub reference: String,
    /// In which layer, counted from the best; nothing where it has but one.
    pub layer: Option<u8>,
}

/// A track in another layer from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relayered {
    /// By which line it comes.
    pub mid: String,
    /// Which track.
    pub reference: String,
    /// In which layer, counted from the best.
    pub layer: u8,
}

/// Everything that is wanted of others. See the module.
#[derive(Clone, Debug)]
pub struct Incoming {
    habit: Habit,
    sign: char,
    tracks: Vec<Track>,
    let_go: Vec<String>,
}

impl Track {
    fn layer(&self, sign: char) -> Option<u8> {
        let height = height_in(&self.reference, sign);
        let several = self.kind == Kind::Video && layers(height) > 1;
        several.then(|| layer(height, self.height))
    }
}

impl Incoming {
    /// Nothing is wanted. `sign` is what stands before the height in a reference.
    pub const fn new(habit: Habit, sign: char) -> Self {
        Self {
            habit,
            sign,
            tracks: Vec::new(),
            let_go: Vec::new(),
        }
    }

    fn track(&mut self, reference: &str) -> Option<&mut Track> {
        let mut tracks = self.tracks.iter_mut();
        tracks.find(|track| track.reference == reference)
    }

    /// Exactly this is wanted from now on.
    pub fn want(&mut self, wanted: Vec<Wanted>) {
        for track in &mut self.tracks {
            track.wanted = false;
        }
        for one in wanted {
            let muted = one.muted && self.habit == Habit::Collects;
            match self.track(&one.reference) {
                Some(track) => {
                    track.wanted = true;
                    track.height = one.height;
                    track.muted = muted;
                }
                None => self.tracks.push(Track {
                    reference: one.reference,
                    wanted: true,
                    muted,
                    kind: one.kind,
                    height: one.height,
                    stage: NEW,
                }),
            }
        }
        self.sweep();
    }

    /// Drops what is not wanted and not asked for.
    fn sweep(&mut self) {
        let let_go = &mut self.let_go;
        self.tracks.retain(|track| match &track.stage {
            _ if track.wanted => true,
            Stage::Absent { .. } => false,
            Stage::Asked { .. } => true,
            Stage::Here { mid, .. } => {
                let_go.push(mid.clone());
                false
            }
        });
    }

    /// What to ask for now, marked as asked: everything that is new, or what is to be asked for again.
    pub fn due(&mut self, now: Millis, most: usize) -> Vec<Asked> {
        let due = |track: &Track, among: fn(u32, bool) -> bool| match track.stage {
            Stage::Absent {
                failures,
                at,
                alone,
            } => at <= now && !track.muted && among(failures, alone),
            Stage::Asked { .. } | Stage::Here { .. } => false,
        };
        let new: fn(u32, bool) -> bool = |failures, alone| failures == 0 && !alone;
        let again: fn(u32, bool) -> bool = |_, alone| !alone;
        let any: fn(u32, bool) -> bool = |_, _| true;
        // What failed before may hold the others up, and what was refused would have them refused.
        for (among, many) in [(new, most), (again, most), (any, 1)] {
            let mut asked = Vec::new();
            for track in &mut self.tracks {
                if asked.len() == many || !due(track, among) {
                    continue;
                }
                let layer = track.layer(self.sign);
                let failures = match track.stage {
                    Stage::Absent { failures, .. } => failures,
                    Stage::Asked { .. } | Stage::Here { .. } => 0,
                };
                track.stage = Stage::Asked {
                    failures,
                    layer: layer.unwrap_or(0),
                };
                asked.push(Asked {
                    reference: track.reference.clone(),
                    layer,
                });
            }
            if !asked.is_empty() {
                return asked;
            }
        }
        Vec::new()
    }

    /// It comes by this line. Whether it is still wanted.
    pub fn got(&mut self, now: Millis, reference: &str, mid: String) -> bool {
        let (habit, sign) = (self.habit, self.sign);
        let Some(track) = self.track(reference) else {
            return false;
        };
        let Stage::Asked { layer, .. } = track.stage else {
            return false;
        };
        let wanted = track.wanted;
        let layered = track.layer(sign).is_some();
        let doubt = Doubt::first(habit, now).filter(|_| layered);
        track.stage = Stage::Here { mid, layer, doubt };
        self.sweep();
        wanted
    }

    /// The server does not have it, or not yet. `alone`: it refused all that was asked for with it.
    pub fn not_yet(&mut self, now: Millis, reference: &str, alone: bool) {
        let Some(track) = self.track(reference) else {
            return;
        };
        if let Stage::Asked { failures, .. } = track.stage {
            // Whether it was this one that the batch was refused for is not known yet.
            let failures = if alone { failures } else { failures + 1 };
            let at = if alone { now } else { now + pause(failures) };
            track.stage = Stage::Absent {
                failures,
                at,
                alone,
            };
        }
        self.sweep();
    }

    /// Those that come in another layer than they are shown in, or may: marked as if they did not.
    pub fn relayered(&mut self, now: Millis) -> Vec<Relayered> {
        let mut changed = Vec::new();
        for track in &mut self.tracks {
            let wanted = track.layer(self.sign);
            let (Some(wanted), Stage::Here { mid, layer, doubt }) = (wanted, &mut track.stage)
            else {
                continue;
            };
            let doubted = doubt.filter(|doubt| doubt.at <= now);
            if *layer != wanted {
                *layer = wanted;
                *doubt = Doubt::first(self.habit, now);
            } else if let Some(old) = doubted {
                *doubt = old.again(now);
            } else {
                continue;
            }
            changed.push(Relayered {
                mid: mid.clone(),
                reference: track.reference.clone(),
                layer: wanted,
            });
        }
        changed
    }

    /// The server says that a line has this layer now.
    pub fn layered(&mut self, line: &str, came: u8) {
        for track in &mut self.tracks {
            if let Stage::Here { mid, layer, doubt } = &mut track.stage
                && mid == line
                && *layer == came
            {
                *doubt = None;
            }
        }
    }

    /// The lines of what was let go of; told once.
    pub fn take_let_go(&mut self) -> Vec<String> {
        core::mem::take(&mut self.let_go)
    }

    /// The connection is another one: nothing of it comes, and all is asked for anew.
    pub fn begin(&mut self) {
        self.let_go.clear();
        self.tracks.retain_mut(|track| {
            track.stage = NEW;
            track.wanted
        });
    }

    /// When the next of them is to be asked for, or a layer again.
    pub fn next(&self) -> Option<Millis> {
        let times = self.tracks.iter().filter_map(|track| match track.stage {
            Stage::Absent { at, .. } if !track.muted => Some(at),
            Stage::Here { doubt, .. } => doubt.map(|doubt| doubt.at),
            Stage::Absent { .. } | Stage::Asked { .. } => None,
        });
        times.min()
    }

    /// Whether this one comes.
    pub fn is_here(&self, reference: &str) -> bool {
        let mut tracks = self.tracks.iter();
        tracks
            .any(|track| track.reference == reference && matches!(track.stage, Stage::Here { .. }))
    }
}
