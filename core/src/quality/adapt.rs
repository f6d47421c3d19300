//! What the sender gives up, step by step, before a provider is given up, and how it comes back.
//!
//! **Every way up is slower than the way down, and a step up that did not hold is tried again only
//! after twice as long.** So a constant network leads to one step and stays there, and a network that
//! carries one step and not the next is asked less and less often.
//!
//! How long it is poor is counted over samples that differ: loss falls as it may, and a sample without
//! a receiver report shows none. One that is not poor takes back half of its own time, no more. A
//! recommendation waits while there is something to give up and reason to.

use super::raw::Limitation;
use super::score::{GOOD, POOR};
use crate::time::Millis;

/// What is sent. Less, further down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// All that the browser would send.
    #[default]
    Full,
    /// The same picture in fewer bits.
    LowerBitrate,
    /// A smaller picture.
    LowerResolution,
    /// No camera.
    AudioOnly,
}

impl Step {
    /// The most that is sent to each of so many others over connections of our own. Beyond
    /// `P2P_PARTICIPANT_LIMIT`, where no SFU is to be had, a mesh carries on with smaller video: what
    /// goes up is one picture a participant.
    pub const fn in_a_mesh_of(others: usize) -> Self {
        match others {
            0..=2 => Self::Full,
            3..=4 => Self::LowerBitrate,
            _ => Self::LowerResolution,
        }
    }

    fn down(self) -> Self {
        match self {
            Self::Full => Self::LowerBitrate,
            Self::LowerBitrate => Self::LowerResolution,
            Self::LowerResolution | Self::AudioOnly => Self::AudioOnly,
        }
    }

    fn up(self) -> Self {
        match self {
            Self::AudioOnly => Self::LowerResolution,
            Self::LowerResolution => Self::LowerBitrate,
            Self::LowerBitrate | Self::Full => Self::Full,
        }
    }

    /// What it means for the camera's encoding.
    pub const fn level(self) -> Level {
        match self {
            Self::Full => Level {
                max_bitrate_kbps: None,
                scale_down_by: 1.0,
                video: true,
            },
            Self::LowerBitrate => Level {
                max_bitrate_kbps: Some(500),
                scale_down_by: 1.0,
                video: true,
            },
            Self::LowerResolution => Level {
                max_bitrate_kbps: Some(200),
                scale_down_by: 2.0,
                video: true,
            },
            Self::AudioOnly => Level {
                max_bitrate_kbps: Some(200),
                scale_down_by: 2.0,
                video: false,
            },
        }
    }

    /// How much is given up: 0…3. With it a step travels as a number.
    pub const fn rank(self) -> u8 {
        self as u8
    }

    /// The step of this rank, or the last one.
    pub const fn of_rank(rank: u8) -> Self {
        match rank {
            0 => Self::Full,
            1 => Self::LowerBitrate,
            2 => Self::LowerResolution,
            _ => Self::AudioOnly,
        }
    }

    /// As it is logged.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::LowerBitrate => "lower_bitrate",
            Self::LowerResolution => "lower_resolution",
            Self::AudioOnly => "audio_only",
        }
    }
}

/// For `RTCRtpSender.setParameters` of the camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// `maxBitrate`, in kbit/s; `None` leaves it to the browser.
    pub max_bitrate_kbps: Option<u32>,
    /// `scaleResolutionDownBy`.
    pub scale_down_by: f64,
    /// `active`. Whoever switched the camera off stays off.
    pub video: bool,
}

/// How what is sent fares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outgoing {
    /// [`super::score::outgoing`], 0…100.
    pub score: Option<f64>,
    /// What the browser believes it can send, in kbit/s.
    pub available_kbps: Option<f64>,
    /// What holds the encoder back.
    pub limitation: Option<Limitation>,
    /// Whether a camera is to be sent: without one there is nothing to give up.
    pub camera: bool,
    /// The whole call's score, 0…100, smoothed or as it is now, whichever is better: what others send
    /// us fares badly, too, and does so still.
    pub call: Option<f64>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Send this.
    Go(Step),
    /// Nothing is left to give up, and it is still poor: a `recommendation` is due.
    Recommend,
}

/// From here on what is sent fares well enough to send more; between [`GOOD`] and this all stays.
pub const WELL: f64 = 75.0;
/// How long it is poor before the first step down, and between two.
pub const DOWN_AFTER: Millis = Millis(5_000);
/// The same while it has failed.
pub const DOWN_AT_ONCE: Millis = Millis(2_000);
/// How long all is well before a step up, at first.
pub const UP_AFTER: Millis = Millis(15_000);
/// And at most, when steps up did not hold.
pub const UP_MOST: Millis = Millis(240_000);
/// A step up that is undone within this did not hold.
pub const HELD: Millis = Millis(30_000);
/// How long a call is poor, whatever we send, before a recommendation: by then whoever else sends has
/// given up what there was.
pub const CALL_POOR: Millis = Millis(30_000);
/// What a camera needs at least, in kbit/s.
const FLOOR_KBPS: f64 = 100.0;

/// What is sent, and for how long something else should have been.
#[derive(Clone, Copy, Debug)]
pub struct Adaptation {
    step: Step,
    /// For how long it was poor, up to [`DOWN_AFTER`].
    poor: Millis,
    /// For how long it was well, without a break.
    well: Millis,
    /// For how long the call was poor, up to [`CALL_POOR`].
    call_poor: Millis,
    up_after: Millis,
    /// How long the last step up has held.
    since_up: Option<Millis>,
    recommended: bool,
}

impl Default for Adaptation {
    fn default() -> Self {
        Self {
            step: Step::Full,
            poor: Millis(0),
            well: Millis(0),
            call_poor: Millis(0),
            up_after: UP_AFTER,
            since_up: None,
            recommended: false,
        }
    }
}

fn longer(so_far: Millis, by: Millis, most: Millis) -> Millis {
    (so_far + by).min(most)
}

fn shorter(so_far: Millis, by: Millis) -> Millis {
    Millis(so_far.0.saturating_sub(by.0 / 2))
}

/// How what is sent fares.
enum State {
    Failed,
    Poor,
    Between,
    Well,
    Unknown,
}

impl Adaptation {
    /// What is sent now.
    pub fn step(&self) -> Step {
        self.step
    }

    /// Whether a recommendation was given, and it is not better since.
    pub fn is_recommended(&self) -> bool {
        self.recommended
    }

    /// Takes what was measured over `span`.
    #[must_use]
    pub fn look(&mut self, outgoing: &Outgoing, span: Millis) -> Option<Advice> {
        let state = self.state(outgoing);
        match state {
            State::Failed | State::Poor => {
                self.poor = longer(self.poor, span, DOWN_AFTER);
                self.well = Millis(0);
            }
            State::Well => {
                self.poor = shorter(self.poor, span);
                self.well = self.well + span;
            }
            State::Between => {
                self.poor = shorter(self.poor, span);
                self.well = Millis(0);
            }
            State::Unknown => {}
        }
        self.hold(span);
        let nothing_left = self.step == Step::AudioOnly || !outgoing.camera;
        let giving_up = self.poor > Millis(0) && !nothing_left;
        match outgoing.call {
            Some(score) if score >= GOOD => self.call_poor = shorter(self.call_poor, span),
            Some(_) if !giving_up => self.call_poor = longer(self.call_poor, span, CALL_POOR),
            Some(_) | None => {}
        }
        if self.poor == Millis(0) && self.call_poor == Millis(0) {
            self.recommended = false;
        }
        let down_after = match state {
            State::Failed => DOWN_AT_ONCE,
            State::Poor | State::Between | State::Well | State::Unknown => DOWN_AFTER,
        };
        if self.poor >= down_after && !nothing_left {
            return Some(self.go_down(outgoing));
        }
        let to_no_avail = nothing_left && self.poor >= DOWN_AFTER;
        if (to_no_avail || self.call_poor >= CALL_POOR) && !self.recommended {
            self.recommended = true;
            return Some(Advice::Recommend);
        }
        if self.well >= self.up_after && self.step > Step::Full {
            self.step = self.step.up();
            self.well = Millis(0);
            self.since_up = Some(Millis(0));
            return Some(Advice::Go(self.step));
        }
        None
    }

    /// A step up that has held for long enough is forgotten, and with it what did not hold before.
    fn hold(&mut self, span: Millis) {
        self.since_up = self.since_up.map(|since| since + span);
        if self
            .since_up
            .is_some_and(|since| since > HELD + self.up_after)
        {
            self.since_up = None;
            self.up_after = UP_AFTER;
        }
    }

    fn go_down(&mut self, outgoing: &Outgoing) -> Advice {
        if self.since_up.take().is_some_and(|since| since <= HELD) {
            self.up_after = (self.up_after + self.up_after).min(UP_MOST);
        }
        // Fewer bits of the same size are no less work.
        let is_slow = outgoing.limitation == Some(Limitation::Cpu);
        self.step = self.step.down();
        if is_slow && self.step == Step::LowerBitrate {
            self.step = Step::LowerResolution;
        }
        self.poor = Millis(0);
        Advice::Go(self.step)
    }

    fn state(&self, outgoing: &Outgoing) -> State {
        let score = outgoing.score.filter(|score| !score.is_nan());
        let narrow = outgoing
            .available_kbps
            .is_some_and(|kbps| kbps < FLOOR_KBPS)
            && outgoing.camera
            && self.step < Step::AudioOnly;
        // A slow machine is helped by a smaller picture, and by nothing after that.
        let slow = outgoing.limitation == Some(Limitation::Cpu);
        let slow_matters = slow && outgoing.camera && self.step < Step::LowerResolution;
        match score {
            Some(score) if score < POOR => State::Failed,
            Some(score) if score < GOOD => State::Poor,
            Some(_) | None if narrow || slow_matters => State::Poor,
            Some(score) if score >= WELL && !slow => State::Well,
            Some(_) => State::Between,
            None => State::Unknown,
        }
    }
}
