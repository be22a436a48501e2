//! What each command does. This is where things are printed.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command's output

mod advisor;
mod config;
mod db;
mod eval;
mod import;
mod ingest;
mod read_documents;
mod reindex;
mod serve;

pub(crate) use advisor::AdvisorArguments;
pub(crate) use import::ImportArguments;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::cli::{Cli, Command, ConfigCommand};
use crate::config::{Config, Loaded, Origin, load};

/// How long the end of the program waits for tasks that nobody needs any more.
const RUNTIME_SHUTDOWN: Duration = Duration::from_millis(100);

/// Runs the command.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let options = cli.load_options();
    match cli.command {
        Command::Config(ConfigCommand::Check { json }) => config::check(&options, json),
        Command::ReadDocuments => read_documents::run(),
        Command::Openapi => {
            println!("{}", api_actix::openapi_json());
            Ok(ExitCode::SUCCESS)
        }
        command => {
            let loaded = load(&options)?;
            let telemetry = crate::telemetry::init(loaded.config.log.format, &loaded.config.log.level)?;
            said(&loaded);
            let runtime = runtime(&loaded.config)?;
            let outcome = runtime.block_on(asynchronous(command, &loaded.config, telemetry.metrics.clone()));
            // Everything that must be kept is stored by now; what still runs is readers of dead connections.
            runtime.shutdown_timeout(RUNTIME_SHUTDOWN);
            outcome
        }
    }
}

async fn asynchronous(command: Command, config: &Config, metrics: PrometheusHandle) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(_) => serve::demo(config, metrics).await,
        Command::Serve(_) => serve::serve(config, metrics).await,
        Command::Ingest(arguments) => ingest::run(config, arguments).await,
        Command::Reindex(arguments) => reindex::run(config, arguments).await,
        Command::Import(arguments) => import::run(config, *arguments).await,
        Command::Eval(arguments) => eval::run(config, arguments).await,
        Command::Advisor(arguments) => advisor::run(config, arguments).await,
        Command::Db(command) => db::run(config, command).await,
        Command::Config(_) | Command::Openapi | Command::ReadDocuments => Ok(ExitCode::SUCCESS),
    }
}

/// Logs what was set for this run by variable or flag: names and origins, never values.
fn said(loaded: &Loaded) {
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let set: Vec<String> = loaded
        .origins
        .iter()
        .filter(|(_, origin)| matches!(origin, Origin::Variable(_) | Origin::Flag(_)))
        .map(|(key, origin)| format!("{key} ({origin})"))
        .collect();
    tracing::info!(environment = loaded.environment, set = set.join(", "), "configuration read");
}

/// Says why a command failed: one line for each cause.
pub(crate) fn report(error: &anyhow::Error) {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
}

fn runtime(config: &Config) -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if config.server.workers > 0 {
        builder.worker_threads(config.server.workers);
    }
    builder.enable_all().build().context("the runtime cannot start")
}
