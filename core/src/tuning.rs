//! The constants, each a key of the `TUNING` variable so that tests and sessions can change it.

use serde_json::Value;

use crate::time::Millis;

/// The constants of a session. Durations are whole milliseconds in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// `HEARTBEAT`: between two heartbeats of a client; 15 s.
    pub heartbeat: Millis,
    /// `LEASE`: how long a silent participant still counts; 30 s.
    pub lease: Millis,
    /// `HIDDEN_LEASE`: the lease of a tab that said it is hidden, whose timers the browser slows
    /// (R28); 120 s.
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
}

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

fn count(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

const KEYS: [Key; 8] = [
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
];

impl Tuning {
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
            .with(&json!({"LEASE": 2000, "P2P_HARD_LIMIT": 64}))
            .unwrap();
        assert_eq!(tuning.lease, Millis(2_000));
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
}
