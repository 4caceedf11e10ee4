//! The AppServer as a process: reads its configuration, says where it listens, ends on a signal.

use std::{io::Write, process::ExitCode, sync::Arc, time::Duration};

use clap::Parser;
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use upload_token_appserver::{
    check::{Finding, check},
    config::{Config, Environment, Flags},
    log::Log,
    metrics::Metrics,
    serve::{Reload, Server},
    sources::Sources,
};

/// A mistake in the configuration, as for a mistake on the command line.
const MISCONFIGURED: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    match Config::read(&flags, &Environment::of_process()) {
        Ok(config) if flags.check => tell(&check(&config).await),
        Ok(config) => match run(&flags, &config).await {
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

fn tell(found: &[Finding]) -> ExitCode {
    for finding in found {
        // Nobody to tell if this fails, and the exit code says it too.
        let _ = writeln!(std::io::stdout(), "{finding}");
    }
    if found.iter().any(Finding::is_wrong) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn run(flags: &Flags, config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let mut ends = Ends {
        terminated: signal(SignalKind::terminate())?,
        interrupted: signal(SignalKind::interrupt())?,
    };
    let hangups = signal(SignalKind::hangup())?;
    let metrics = Arc::new(Metrics::default());
    let (log, writer) = Log::to(std::io::stderr(), Arc::clone(&metrics));
    let server = Server::bind(config, log.clone(), metrics).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", server.listening())?;
    stdout.flush()?;
    log.write(config.summary());
    let sources = config.sources.clone();
    let reloading = reload((flags.clone(), sources), hangups, server.reload(), log.clone());
    let reloading = tokio::spawn(reloading);
    let connections = server.connections();
    server
        .run_until(async {
            ends.next().await;
            connections.leave();
            tokio::select! {
                () = tokio::time::sleep(config.drain) => {}
                () = ends.next() => {}
            }
        })
        .await;
    reloading.abort();
    // Once it is gone, nobody but this holds the log.
    let _ = reloading.await;
    log.write(json!({ "event": "stopped" }));
    config.sources.reports.close();
    drop(log);
    writer.finish(Duration::from_secs(2));
    Ok(())
}

/// The signals that ask the process to end.
struct Ends {
    terminated: Signal,
    interrupted: Signal,
}

impl Ends {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminated.recv() => {}
            _ = self.interrupted.recv() => {}
        }
    }
}

/// Reads the configuration again at each SIGHUP. One that cannot be used is told, and changes nothing.
async fn reload(
    (flags, mut sources): (Flags, Sources),
    mut hangups: Signal,
    reload: Reload,
    log: Log,
) {
    while hangups.recv().await.is_some() {
        let applied = Config::read_after(&flags, &Environment::of_process(), &sources)
            .map_err(|violations| violations.to_string())
            .and_then(|config| {
                reload.apply(&config).map(|()| config).map_err(|error| error.to_string())
            });
        log.write(match applied {
            Ok(config) => {
                sources = config.sources.clone();
                config.summary()
            }
            Err(error) => json!({ "event": "notReloaded", "error": error }),
        });
    }
}
