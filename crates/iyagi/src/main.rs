//! The `iyagi` program: see `iyagi --help`.

mod backup_file;
mod cli;
mod commands;
mod config;
mod data_dir;
mod ingestion;
mod log_lines;
mod samples;
mod serving;
mod telemetry;
mod upkeep;
mod wiring;
mod workers;

use std::process::ExitCode;

use clap::Parser;

/// Faster than the C library's, for a server that answers many small requests on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            commands::report(&error);
            ExitCode::FAILURE
        }
    }
}
