//! Judges histories that real clients have recorded: is each one what a single writer could have
//! answered?
//!
//! Reads JSON lines from the file it is given, one history a line: `{"session": "…", "providers": […],
//! "events": […]}`, where `providers` are those of epochs 1, 2, … and an event is either
//! `{"thread": n, "invoke": {"op": "select" | "read"}}`, `{"thread": n, "invoke": {"op": "failover",
//! "epoch": n}}` or `{"thread": n, "return": {"epoch": n}}`, in the order in which they happened. An
//! operation without a return may have happened or not. Prints one line a history and ends with 1
//! unless all are linearizable.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a JSON value that has no such key gives null"
)]

use std::process::ExitCode;

use serde_json::Value;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};

/// A session as a single writer would keep it: its committed epoch, 0 before the first `select`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Single {
    epoch: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Op {
    /// Join: begins the session if nobody has.
    Select,
    /// Say that this epoch failed: a new one if it is the committed one, else nothing.
    Failover(u64),
    /// Ask which epoch is committed.
    Read,
}

/// The committed epoch after the operation.
type Ret = u64;

impl SequentialSpec for Single {
    type Op = Op;
    type Ret = Ret;

    fn invoke(&mut self, op: &Op) -> Ret {
        match op {
            Op::Select => self.epoch = self.epoch.max(1),
            Op::Failover(epoch) if *epoch == self.epoch => {
                self.epoch = self.epoch.saturating_add(1)
            }
            Op::Failover(_) | Op::Read => {}
        }
        self.epoch
    }
}

fn judge(history: &Value) -> Result<usize, String> {
    let mut tester = LinearizabilityTester::<u64, Single>::new(Single::default());
    let events = history["events"].as_array().ok_or("no events")?;
    let providers = history["providers"].as_array().ok_or("no providers")?;
    for event in events {
        let thread = event["thread"].as_u64().ok_or("no thread")?;
        if let Some(op) = event["invoke"]["op"].as_str() {
            let op = match op {
                "select" => Op::Select,
                "read" => Op::Read,
                "failover" => Op::Failover(event["invoke"]["epoch"].as_u64().ok_or("no epoch")?),
                other => return Err(format!("no operation is called {other}")),
            };
            tester.on_invoke(thread, op)?;
        } else {
            let epoch = event["return"]["epoch"].as_u64().ok_or("no epoch")?;
            let at = usize::try_from(epoch.saturating_sub(1)).unwrap_or(usize::MAX);
            // One epoch, one provider.
            if providers.get(at) != Some(&event["return"]["provider"]) {
                return Err(format!(
                    "epoch {epoch} was told as on {}",
                    event["return"]["provider"]
                ));
            }
            tester.on_return(thread, epoch)?;
        }
    }
    if tester.is_consistent() {
        Ok(events.len())
    } else {
        Err("no order of one writer explains it".to_owned())
    }
}

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("judge FILE: a file of JSON lines, one history a line");
        return ExitCode::FAILURE;
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut verdict = ExitCode::SUCCESS;
    for line in text.lines() {
        let history: Value = serde_json::from_str(line).unwrap_or_default();
        match judge(&history) {
            Ok(events) => println!("{}: linearizable, {events} events", history["session"]),
            Err(why) => {
                println!("{}: not linearizable: {why}: {line}", history["session"]);
                verdict = ExitCode::FAILURE;
            }
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn history(events: Value) -> Value {
        json!({"session": "s", "providers": ["p2p", "janus", "daily"], "events": events})
    }

    fn invoke(thread: u64, op: Value) -> Value {
        json!({"thread": thread, "invoke": op})
    }

    fn told(thread: u64, epoch: u64, provider: &str) -> Value {
        json!({"thread": thread, "return": {"epoch": epoch, "provider": provider}})
    }

    #[test]
    fn one_failover_of_two_reports_is_linearizable_and_two_are_not() {
        let begin = |rest: Vec<Value>| {
            let mut events = vec![
                invoke(1, json!({"op": "select"})),
                told(1, 1, "p2p"),
                invoke(1, json!({"op": "failover", "epoch": 1})),
                invoke(2, json!({"op": "failover", "epoch": 1})),
            ];
            events.extend(rest);
            history(json!(events))
        };
        let one = begin(vec![told(1, 2, "janus"), told(2, 2, "janus")]);
        assert!(judge(&one).is_ok());
        let two = begin(vec![told(1, 2, "janus"), told(2, 3, "daily")]);
        assert!(judge(&two).is_err());
    }

    #[test]
    fn a_read_that_goes_back_is_not_linearizable() {
        let back = history(json!([
            invoke(1, json!({"op": "select"})),
            told(1, 1, "p2p"),
            invoke(1, json!({"op": "failover", "epoch": 1})),
            told(1, 2, "janus"),
            invoke(2, json!({"op": "read"})),
            told(2, 1, "p2p"),
        ]));
        assert_eq!(
            judge(&back),
            Err("no order of one writer explains it".to_owned())
        );
    }

    #[test]
    fn what_was_never_answered_may_have_happened_or_not() {
        for epoch in [1, 2] {
            let provider = ["p2p", "janus"][epoch - 1];
            let lost = history(json!([
                invoke(1, json!({"op": "select"})),
                told(1, 1, "p2p"),
                invoke(1, json!({"op": "failover", "epoch": 1})),
                invoke(2, json!({"op": "read"})),
                told(2, epoch as u64, provider),
            ]));
            assert!(judge(&lost).is_ok(), "{epoch}");
        }
    }

    #[test]
    fn one_epoch_told_on_two_providers_is_found() {
        let split = history(json!([
            invoke(1, json!({"op": "select"})),
            told(1, 1, "daily")
        ]));
        assert_eq!(
            judge(&split),
            Err("epoch 1 was told as on \"daily\"".to_owned())
        );
    }
}
