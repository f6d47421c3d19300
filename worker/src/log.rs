//! What is configured, and where the log goes: JSON lines on the console.

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Once;

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use wasm_bindgen::JsValue;
use web_sys::console;
use worker::Env;

use crate::config::{Config, ConfigError, log_level};

thread_local! {
    static CONFIG: OnceCell<Result<Rc<Config>, ConfigError>> = const { OnceCell::new() };
}

static BEGUN: Once = Once::new();

/// The configuration. It is read once: the environment of an isolate does not change.
pub(crate) fn config(env: &Env) -> Result<Rc<Config>, ConfigError> {
    CONFIG.with(|cell| {
        cell.get_or_init(|| {
            let text = |key: &str| env.var(key).map(|var| var.to_string()).ok();
            Config::read(text).map(Rc::new)
        })
        .clone()
    })
}

/// Begins to log, at the level that is configured, with the first event of an isolate.
pub(crate) fn init(env: &Env) {
    BEGUN.call_once(|| begin(env));
}

fn begin(env: &Env) {
    // Not by way of the whole configuration: reading that has something to say itself.
    let text = env.var("LOG_LEVEL").map(|var| var.to_string()).ok();
    let level = log_level(text).unwrap_or(Level::INFO);
    // Refused when there is one already, which `BEGUN` sees to.
    let _ = tracing::subscriber::set_global_default(Console { level });
}

/// Writes each event as a line of JSON: its level, its fields and its target. There are no spans
/// here, and the runtime stamps every line.
struct Console {
    level: Level,
}

impl Subscriber for Console {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(self.level.into())
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let level = *metadata.level();
        let mut line = Line("{".to_owned());
        line.put("level", &level.as_str().into());
        event.record(&mut line);
        line.put("target", &metadata.target().into());
        let line = JsValue::from_str(&format!("{}}}\n", line.0));
        match level {
            Level::ERROR => console::error_1(&line),
            Level::WARN => console::warn_1(&line),
            Level::INFO => console::info_1(&line),
            _ => console::debug_1(&line),
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// A line of the log, as far as it is written.
struct Line(String);

impl Line {
    fn put(&mut self, name: &str, value: &Value) {
        let comma = if self.0.len() > 1 { "," } else { "" };
        self.0.push_str(&format!("{comma}\"{name}\":{value}"));
    }
}

impl Visit for Line {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), &value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), &value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), &value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), &value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), &value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), &format!("{value:?}").into());
    }
}
