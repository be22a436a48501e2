//! The load program behind docs/BENCHMARKS.md: it starts the real server, asks it over loopback, and sets
//! every figure beside the least that the same work could cost on the same machine in the same run.

mod build;
mod chat;
mod client;
mod fleet;
mod floor;
mod load;
mod lookup;
mod machine;
mod options;
mod process;
mod report;
mod session;
mod startup;
mod stats;
mod storage;

use anyhow::Result;
use clap::Parser;

use crate::options::{Command, Options, StorageOptions};
use crate::report::Report;

fn main() -> Result<()> {
    let options = Options::parse();
    match &options.command {
        Command::LookupFloor { database, body_bytes } => return floor::lookup::serve(database, *body_bytes),
        Command::ChatFloor { recording } => return floor::chat::serve(recording),
        Command::StorageFloor { database, sizes } => return floor::storage::serve(database, *sizes),
        Command::RedisFloor { redis } => return floor::redis::serve(redis),
        Command::StreamFloor => return floor::stream::serve(),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if matches!(options.command, Command::StreamServer) {
        return runtime.block_on(fleet::server::serve());
    }
    let report = runtime.block_on(measure(&options))?;
    if options.json { report.print_json() } else { report.print_table() }
}

async fn measure(options: &Options) -> Result<Report> {
    let binary = build::server_binary(options)?;
    let mut report = Report::new(machine::describe(&binary)?);
    let all = matches!(options.command, Command::All);
    if all || matches!(options.command, Command::Startup) {
        report.extend(startup::measure(options, &binary).await?);
    }
    if all || matches!(options.command, Command::Lookup) {
        report.extend(lookup::measure(options, &binary).await?);
    }
    if all || matches!(options.command, Command::Chat) {
        report.extend(chat::measure(options, &binary).await?);
    }
    if all || matches!(options.command, Command::Instances) {
        report.extend(fleet::measure(options, &binary).await?);
    }
    match &options.command {
        Command::All => report.extend(storage::measure(options, &StorageOptions::default(), &binary).await?),
        Command::Storage(asked) => report.extend(storage::measure(options, asked, &binary).await?),
        _ => {}
    }
    Ok(report)
}
