//! One participant's whole call, as it travels with each `quality` frame: at most 1 kB of JSON.

use serde::{Deserialize, Serialize};

/// What a measure was over a whole call.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct QualitySpread {
    /// The mean of all samples.
    pub avg: f64,
    /// The worst sample: the highest, or of bit and frame rate the lowest.
    pub worst: f64,
    /// What 95 % of the samples were as good as or better than.
    pub p95: f64,
}

/// A participant's call so far. What was never known is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QualitySummary {
    /// Mean score, 0…100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_avg: Option<f64>,
    /// Lowest score, 0…100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_min: Option<f64>,
    /// Round trip, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<QualitySpread>,
    /// Loss, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss_pct: Option<QualitySpread>,
    /// Jitter, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_ms: Option<QualitySpread>,
    /// What flowed, in kbit/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bitrate_kbps: Option<QualitySpread>,
    /// Decoded frames a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<QualitySpread>,
    /// How often the rating changed.
    pub changes: u32,
    /// How often it fell below `good`.
    pub drops: u32,
    /// How often it came back.
    pub recoveries: u32,
    /// How often the picture stood still.
    pub freezes: u32,
    /// How often something that should come did not come at all.
    pub stalls: u32,
    /// How often anything else was wrong.
    pub issues: u32,
    /// How often the sender gave something up.
    pub adaptations: u32,
    /// How long the call was measured, in milliseconds.
    pub duration_ms: u64,
    /// For how much of that it was poor.
    pub poor_ms: u64,
    /// For how much of that it had failed.
    pub failed_ms: u64,
    /// For how much of that the machine slept.
    pub unmeasured_ms: u64,
}
