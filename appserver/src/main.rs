//! The AppServer as a process: reads its configuration, says where it listens, ends on a signal.

use std::{io::Write, process::ExitCode};

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use upload_token_appserver::{
    config::{Config, Flags},
    log::Log,
    serve::Server,
};

/// A mistake in the configuration, as for a mistake on the command line.
const MISCONFIGURED: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    match Config::read(&flags, &|name| std::env::var(name).ok()) {
        Ok(config) => match run(config).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => complain(&error, ExitCode::FAILURE),
        },
        Err(violations) => complain(&violations, ExitCode::from(MISCONFIGURED)),
    }
}

fn complain(error: &dyn std::fmt::Display, code: ExitCode) -> ExitCode {
    // Nobody to tell if this fails, and the exit code says it too.
    let _ = writeln!(std::io::stderr(), "upload-token-appserver: {error}");
    code
}

async fn run(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let (mut terminated, mut interrupted) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = Server::bind(config, Log::stderr()).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", server.listening())?;
    stdout.flush()?;
    tokio::select! {
        ended = server.run() => ended.map_err(Into::into),
        _ = terminated.recv() => Ok(()),
        _ = interrupted.recv() => Ok(()),
    }
}
