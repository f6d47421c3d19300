//! How a call is: from `getStats` to a score, to what is wrong, to what is done about it.
//!
//! **The score is monotone in each input, and what is unknown is never taken for good.** No input,
//! whatever a browser says, makes anything here panic or leave its range.
//!
//! It knows no browser and no clock. For every way to another participant there is a [`Monitor`]: when
//! [`Pace::due`] says so, look at `getStats`, make a [`raw::Raw`] of it, and give it to
//! [`Monitor::look`], which answers with everything there is to tell and to do. For the call as a whole
//! there is one [`Summary`] and one [`Reporter`], which says when a [`frame`] is to go to the session;
//! [`score::of_call`] makes one score of those of all ways.
//!
//! In reading order: [`raw`] (one look, as numbers by key), [`sample`] (what happened between two looks),
//! [`emodel`] and [`score`] (how good that is), [`smooth`] (fast down, slow up), [`detect`] and [`finding`]
//! (issues with names), [`adapt`] (what the sender gives up, and when it comes back), [`ring`] and [`summary`]
//! (what is kept), [`report`] (when it is measured and told), and [`monitor`] (all of it together).
//! [`speaking`] stands beside it: who speaks is no matter of quality, but it is read from the same statistics.

pub mod adapt;
pub mod detect;
pub mod emodel;
pub mod finding;
pub mod monitor;
pub mod raw;
pub mod report;
pub mod ring;
pub mod sample;
pub mod score;
pub mod smooth;
pub mod speaking;
pub mod summary;
mod tally;

pub use adapt::{Adaptation, Advice, Level, Outgoing, Step};
pub use detect::{Change, Detectors, Evidence, Kind, Turn};
pub use monitor::{Monitor, Seen};
pub use report::{Cause, Pace, Reporter, frame};
pub use ring::Ring;
pub use sample::{Flow, Sample, Sampler};
pub use score::{Parts, Rating, Score};
pub use smooth::Smoother;
pub use speaking::{Heard, Voice};
pub use summary::Summary;
