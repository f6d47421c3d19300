//! Reads what it is told, says what it is, and serves until it is ended.

use std::process::ExitCode;

use samewire_dev_sfu::config::{Config, own_address};
use samewire_dev_sfu::http::{App, serve};
use samewire_dev_sfu::run::Runner;
use tokio::net::TcpListener;

/// The first line.
const WHAT: &str = "Not a production SFU: a stand-in for Cloudflare's, for development and tests.";

fn main() -> ExitCode {
    println!("{WHAT}");
    let flags = std::env::args().skip(1);
    let read = Config::read(flags, |name| std::env::var(name).ok(), own_address());
    let config = match read {
        Ok(config) => config,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    str0m::crypto::from_feature_flags().install_process_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime.and_then(|runtime| runtime.block_on(run(config))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> std::io::Result<()> {
    let listener = TcpListener::bind(config.api).await.map_err(|error| {
        let why = format!("the API cannot listen at {}: {error}", config.api);
        std::io::Error::new(error.kind(), why)
    })?;
    let runner = Runner::open(&config.media, config.most).await?;
    let app = App {
        id: config.app,
        secret: config.secret,
        inbox: runner.inbox.clone(),
    };
    let media: Vec<String> = runner.addresses.iter().map(ToString::to_string).collect();
    println!("media at {}", media.join(" "));
    // The last line: whoever waits for this address can use it now.
    println!("listening at http://{}/v1", listener.local_addr()?);
    let ended = tokio::signal::ctrl_c();
    tokio::select! {
        () = runner.run() => Ok(()),
        served = serve(listener, app) => served,
        ended = ended => ended,
    }
}
