//! The constants, each a key of the `TUNING` variable so that tests and sessions can change it.

use serde_json::Value;

use crate::provider::bars::{BAR_ABORTED, BAR_FAILED, BAR_MOST, BAR_QUALITY};
use crate::provider::rule::MIN_SCORE;
use crate::time::Millis;

/// The constants of a session. Durations are whole milliseconds in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// `HEARTBEAT`: between two heartbeats of a client; 15 s.
    pub heartbeat: Millis,
    /// `LEASE`: how long a silent participant still counts; 30 s.
    pub lease: Millis,
    /// `HIDDEN_LEASE`: the lease of a tab that said it is hidden, whose timers the browser slows,
    /// while its socket stands (R28); 120 s.
    pub hidden_lease: Millis,
    /// `SAMPLE`: between two quality samples of a client; 3 s.
    pub sample: Millis,
    /// `HELLO_DEADLINE`: how long a socket may be open without a `hello`; 10 s.
    pub hello_deadline: Millis,
    /// `EMPTY_GRACE`: how long a session lasts after its last participant is gone; 10 s.
    pub empty_grace: Millis,
    /// `P2P_PARTICIPANT_LIMIT`: how many people P2P is good for; 3.
    pub p2p_participant_limit: u32,
    /// `P2P_HARD_LIMIT`: how many people P2P carries at all; 8.
    pub p2p_hard_limit: u32,
    /// `SWITCH_THRESHOLD`: by how much more than this another provider's score must lead for the
    /// score alone to move a session; 20 points.
    pub switch_threshold: u8,
    /// `MIN_SCORE`: below this a score is failed; 40, as [`MIN_SCORE`] is.
    pub min_score: u8,
    /// `MAX_ATTEMPTS`: how often starting or joining is tried: same, same, next; 3.
    pub max_attempts: u32,
    /// `PREPARE_DEADLINE`: how long a switch may be prepared before it is aborted (R12); 5 s.
    pub prepare_deadline: Millis,
    /// `MIN_DWELL`: how long a session stays after a switch before it returns or follows a score
    /// (R18); 10 s.
    pub min_dwell: Millis,
    /// `SETTLED`: how long nobody came or went before a session returns (R18); 30 s.
    pub settled: Millis,
    /// `ATTEMPT`: how long one attempt to start or join may take; 5 s.
    pub attempt: Millis,
    /// `EXHAUSTED_AFTER`: how long attempts go on before `exhausted` is said; 20 s.
    pub exhausted_after: Millis,
    /// `RETRY_FIRST`: after `exhausted`, how long until the least bad is tried (R19); 5 s.
    pub retry_first: Millis,
    /// `RETRY_MOST`: what that doubles to at most; 60 s.
    pub retry_most: Millis,
    /// `PROBE`: how long a participant who was probed may be silent; 3 s.
    pub probe: Millis,
    /// `POOR_FOR`: how long quality is poor before it is a verdict; 9 s, three samples.
    pub poor_for: Millis,
    /// `QUALITY_EVERY`: quality moves a session at most once in this; 5 min.
    pub quality_every: Millis,
    /// `ONE_WAY_ALERT`: how long a pair is one-way before it is told to repair itself (R41); 1.5 s.
    pub one_way_alert: Millis,
    /// `ONE_WAY_VERDICT`: how long a pair is one-way before it is a verdict (R41); 3.5 s.
    pub one_way_verdict: Millis,
    /// `RETENTION`: how long the decision log and raw health are kept; 24 h.
    pub retention: Millis,
    /// `SUSPECT_FOR`: how long what a participant suspected counts as evidence; 10 s.
    pub suspect_for: Millis,
    /// `BAR_FAILED`: how long a provider is barred that failed; 10 min, as [`BAR_FAILED`] is.
    pub bar_failed: Millis,
    /// `BAR_QUALITY`: how long one is barred that was left for poor quality; 5 min, as
    /// [`BAR_QUALITY`] is.
    pub bar_quality: Millis,
    /// `BAR_ABORTED`: how long one is barred that a move to was aborted; 30 s, as [`BAR_ABORTED`]
    /// is.
    pub bar_aborted: Millis,
    /// `BAR_MOST`: how long a bar lasts at most, and how long it is remembered; 1 h, as
    /// [`BAR_MOST`] is.
    pub bar_most: Millis,
    /// `PACE`: over how long sessions spread what news of the providers make them do; 10 s.
    pub pace: Millis,
    /// `MAX_PARTICIPANTS`: how many people a session takes at all; 256.
    pub max_participants: u32,
    /// `FRAME_BURST`: how many frames a socket may send at once; 120.
    pub frame_burst: u32,
    /// `FRAME_EVERY`: in how long it may send one more after that; 100 ms, which is 10 a second.
    pub frame_every: Millis,
}

/// When those not ready are probed before the deadline of a switch: this much before it, or half of a
/// deadline that is shorter than twice this.
pub const PROBE_BEFORE: Millis = Millis::from_secs(1);

impl Default for Tuning {
    fn default() -> Self {
        Self {
            heartbeat: Millis::from_secs(15),
            lease: Millis::from_secs(30),
            hidden_lease: Millis::from_secs(120),
            sample: Millis::from_secs(3),
            hello_deadline: Millis::from_secs(10),
            empty_grace: Millis::from_secs(10),
            p2p_participant_limit: 3,
            p2p_hard_limit: 8,
            switch_threshold: 20,
            min_score: MIN_SCORE,
            max_attempts: 3,
            prepare_deadline: Millis::from_secs(5),
            min_dwell: Millis::from_secs(10),
            settled: Millis::from_secs(30),
            attempt: Millis::from_secs(5),
            exhausted_after: Millis::from_secs(20),
            retry_first: Millis::from_secs(5),
            retry_most: Millis::from_secs(60),
            probe: Millis::from_secs(3),
            poor_for: Millis::from_secs(9),
            quality_every: Millis::from_secs(300),
            one_way_alert: Millis(1_500),
            one_way_verdict: Millis(3_500),
            retention: Millis::from_secs(24 * 3_600),
            suspect_for: Millis::from_secs(10),
            bar_failed: BAR_FAILED,
            bar_quality: BAR_QUALITY,
            bar_aborted: BAR_ABORTED,
            bar_most: BAR_MOST,
            pace: Millis::from_secs(10),
            max_participants: 256,
            frame_burst: 120,
            frame_every: Millis(100),
        }
    }
}

/// What is wrong with a `TUNING`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TuningError {
    /// Not a JSON object.
    #[error("it is a JSON object of constants, as {{\"LEASE\": 30000}}; found {0}")]
    NotAnObject(String),
    /// No constant has this name.
    #[error("\"{key}\" is no constant; there are {known}")]
    UnknownKey {
        /// What was written.
        key: String,
        /// What may be.
        known: String,
    },
    /// A value of the wrong kind, or out of range.
    #[error("\"{key}\" is {found}; it is a whole number of {unit} from {least} to {most}")]
    BadValue {
        /// Which constant.
        key: &'static str,
        /// What it holds.
        found: String,
        /// In what it is counted.
        unit: &'static str,
        /// The least it may be.
        least: u64,
        /// The most it may be.
        most: u64,
    },
    /// A lease that runs out before the next heartbeat: everyone would be sent away, again and again.
    #[error("\"{lease}\" is {found}; it is more than \"HEARTBEAT\", which is {heartbeat}")]
    LeaseTooShort {
        /// Which lease.
        lease: &'static str,
        /// What it holds, in milliseconds.
        found: u64,
        /// What a heartbeat takes, in milliseconds.
        heartbeat: u64,
    },
}

/// How a constant is counted and bounded.
struct Key {
    name: &'static str,
    unit: &'static str,
    least: u64,
    most: u64,
    set: fn(&mut Tuning, u64),
}

const fn span(name: &'static str, least: u64, most: u64, set: fn(&mut Tuning, u64)) -> Key {
    Key {
        name,
        unit: "milliseconds",
        least,
        most,
        set,
    }
}

const fn people(name: &'static str, set: fn(&mut Tuning, u64)) -> Key {
    Key {
        name,
        unit: "people",
        least: 1,
        most: 1_000,
        set,
    }
}

const fn points(name: &'static str, set: fn(&mut Tuning, u64)) -> Key {
    Key {
        name,
        unit: "points",
        least: 0,
        most: 100,
        set,
    }
}

fn score(value: u64) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

fn count(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

const KEYS: [Key; 33] = [
    span("HEARTBEAT", 100, 60_000, |t, v| t.heartbeat = Millis(v)),
    span("LEASE", 200, 600_000, |t, v| t.lease = Millis(v)),
    span("HIDDEN_LEASE", 200, 3_600_000, |t, v| {
        t.hidden_lease = Millis(v)
    }),
    span("SAMPLE", 500, 60_000, |t, v| t.sample = Millis(v)),
    span("HELLO_DEADLINE", 100, 60_000, |t, v| {
        t.hello_deadline = Millis(v)
    }),
    span("EMPTY_GRACE", 0, 3_600_000, |t, v| {
        t.empty_grace = Millis(v)
    }),
    people("P2P_PARTICIPANT_LIMIT", |t, v| {
        t.p2p_participant_limit = count(v)
    }),
    people("P2P_HARD_LIMIT", |t, v| t.p2p_hard_limit = count(v)),
    points("SWITCH_THRESHOLD", |t, v| t.switch_threshold = score(v)),
    points("MIN_SCORE", |t, v| t.min_score = score(v)),
    Key {
        name: "MAX_ATTEMPTS",
        unit: "attempts",
        least: 1,
        most: 100,
        set: |t, v| t.max_attempts = count(v),
    },
    span("PREPARE_DEADLINE", 200, 60_000, |t, v| {
        t.prepare_deadline = Millis(v)
    }),
    span("MIN_DWELL", 0, 3_600_000, |t, v| t.min_dwell = Millis(v)),
    span("SETTLED", 0, 3_600_000, |t, v| t.settled = Millis(v)),
    span("ATTEMPT", 100, 60_000, |t, v| t.attempt = Millis(v)),
    span("EXHAUSTED_AFTER", 100, 600_000, |t, v| {
        t.exhausted_after = Millis(v)
    }),
    span("RETRY_FIRST", 100, 600_000, |t, v| {
        t.retry_first = Millis(v)
    }),
    span("RETRY_MOST", 100, 3_600_000, |t, v| {
        t.retry_most = Millis(v)
    }),
    span("PROBE", 100, 60_000, |t, v| t.probe = Millis(v)),
    span("POOR_FOR", 100, 600_000, |t, v| t.poor_for = Millis(v)),
    span("QUALITY_EVERY", 0, 86_400_000, |t, v| {
        t.quality_every = Millis(v)
    }),
    span("ONE_WAY_ALERT", 100, 60_000, |t, v| {
        t.one_way_alert = Millis(v)
    }),
    span("ONE_WAY_VERDICT", 200, 60_000, |t, v| {
        t.one_way_verdict = Millis(v)
    }),
    span("RETENTION", 1_000, 31_536_000_000, |t, v| {
        t.retention = Millis(v)
    }),
    span("SUSPECT_FOR", 100, 600_000, |t, v| {
        t.suspect_for = Millis(v)
    }),
    span("BAR_FAILED", 0, 86_400_000, |t, v| t.bar_failed = Millis(v)),
    span("BAR_QUALITY", 0, 86_400_000, |t, v| {
        t.bar_quality = Millis(v)
    }),
    span("BAR_ABORTED", 0, 86_400_000, |t, v| {
        t.bar_aborted = Millis(v)
    }),
    span("BAR_MOST", 0, 86_400_000, |t, v| t.bar_most = Millis(v)),
    span("PACE", 0, 600_000, |t, v| t.pace = Millis(v)),
    people("MAX_PARTICIPANTS", |t, v| t.max_participants = count(v)),
    Key {
        name: "FRAME_BURST",
        unit: "frames",
        least: 1,
        most: 1_000_000,
        set: |t, v| t.frame_burst = count(v),
    },
    span("FRAME_EVERY", 1, 60_000, |t, v| t.frame_every = Millis(v)),
];

impl Tuning {
    /// How long before the deadline of a switch those who are not ready are probed.
    pub fn probe_before(&self) -> Millis {
        PROBE_BEFORE.min(Millis(self.prepare_deadline.0 / 2))
    }

    /// These constants with those of a JSON object in their place.
    pub fn with(mut self, json: &Value) -> Result<Self, TuningError> {
        let Some(object) = json.as_object() else {
            return Err(TuningError::NotAnObject(json.to_string()));
        };
        for (name, value) in object {
            let Some(key) = KEYS.iter().find(|key| key.name == name) else {
                let known = KEYS.map(|key| key.name).join(", ");
                return Err(TuningError::UnknownKey {
                    key: name.clone(),
                    known,
                });
            };
            match value
                .as_u64()
                .filter(|v| (key.least..=key.most).contains(v))
            {
                Some(value) => (key.set)(&mut self, value),
                None => {
                    return Err(TuningError::BadValue {
                        key: key.name,
                        found: value.to_string(),
                        unit: key.unit,
                        least: key.least,
                        most: key.most,
                    });
                }
            }
        }
        self.leases_outlast_a_heartbeat()
    }

    fn leases_outlast_a_heartbeat(self) -> Result<Self, TuningError> {
        for (lease, span) in [("LEASE", self.lease), ("HIDDEN_LEASE", self.hidden_lease)] {
            if span <= self.heartbeat {
                return Err(TuningError::LeaseTooShort {
                    lease,
                    found: span.0,
                    heartbeat: self.heartbeat.0,
                });
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_constant_is_changed_by_its_name() {
        let tuning = Tuning::default()
            .with(&json!({"LEASE": 20_000, "P2P_HARD_LIMIT": 64}))
            .unwrap();
        assert_eq!(tuning.lease, Millis(20_000));
        assert_eq!(tuning.p2p_hard_limit, 64);
        assert_eq!(tuning.heartbeat, Tuning::default().heartbeat);
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        let error = |value| Tuning::default().with(&value).unwrap_err().to_string();
        assert_eq!(
            error(json!({"LEASE": "30s"})),
            "\"LEASE\" is \"30s\"; it is a whole number of milliseconds from 200 to 600000"
        );
        assert_eq!(
            error(json!({"P2P_HARD_LIMIT": 0})),
            "\"P2P_HARD_LIMIT\" is 0; it is a whole number of people from 1 to 1000"
        );
        assert!(
            error(json!({"LEASES": 1}))
                .starts_with("\"LEASES\" is no constant; there are HEARTBEAT")
        );
        assert!(error(json!([])).ends_with("found []"));
    }

    #[test]
    fn a_lease_is_longer_than_a_heartbeat() {
        let with = |value| Tuning::default().with(&value).map_err(|e| e.to_string());
        assert_eq!(
            with(json!({"LEASE": 15_000})).unwrap_err(),
            "\"LEASE\" is 15000; it is more than \"HEARTBEAT\", which is 15000"
        );
        assert_eq!(
            with(json!({"HEARTBEAT": 40_000})).unwrap_err(),
            "\"LEASE\" is 30000; it is more than \"HEARTBEAT\", which is 40000"
        );
        assert_eq!(
            with(json!({"HIDDEN_LEASE": 200})).unwrap_err(),
            "\"HIDDEN_LEASE\" is 200; it is more than \"HEARTBEAT\", which is 15000"
        );
        assert!(with(json!({"LEASE": 15_001})).is_ok());
        assert!(with(json!({"LEASE": 200, "HEARTBEAT": 100})).is_ok());
    }

    #[test]
    fn every_constant_has_a_key_of_its_own_that_changes_it_and_nothing_else() {
        let mut all = Tuning::default();
        for key in &KEYS {
            let before = all;
            (key.set)(&mut all, key.most);
            assert_ne!(all, before, "{}", key.name);
            let beyond = all.with(&json!({key.name: key.most + 1}));
            assert!(matches!(beyond, Err(TuningError::BadValue { .. })));
        }
        let field = format!("{all:?}").to_uppercase();
        assert!(
            KEYS.iter()
                .all(|key| field.contains(&format!("{}: ", key.name)))
        );
        assert_eq!(field.matches(": ").count(), KEYS.len());
    }

    #[test]
    fn those_not_ready_are_probed_a_second_before_the_deadline_or_half_way_to_a_short_one() {
        let mut tuning = Tuning::default();
        for (deadline, before) in [(5_000, 1_000), (2_000, 1_000), (1_500, 750), (200, 100)] {
            tuning.prepare_deadline = Millis(deadline);
            assert_eq!(tuning.probe_before(), Millis(before));
        }
    }
}
