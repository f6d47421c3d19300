//! What is configured, and where the log goes: JSON lines on the console.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Once;

use tracing_subscriber::layer::SubscriberExt;
use worker::Env;

use crate::config::{Config, ConfigError};

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
    let level = config(env).map_or(tracing::Level::INFO, |config| config.log_level);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        // The runtime stamps every line; there is no clock of our own here.
        .without_time()
        .with_ansi(false)
        .with_writer(tracing_web::MakeWebConsoleWriter::new());
    let filter = tracing_subscriber::filter::LevelFilter::from_level(level);
    let subscriber = tracing_subscriber::registry().with(filter).with(lines);
    // Refused when there is one already, which `BEGUN` sees to.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
