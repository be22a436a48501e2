//! `iyagi db …`: looking after the configured database.

mod backup;
mod info;
mod restore;

use std::process::ExitCode;

use crate::cli::DbCommand;
use crate::config::Config;

/// Runs the command.
pub(super) async fn run(config: &Config, command: DbCommand) -> anyhow::Result<ExitCode> {
    match command {
        DbCommand::Test(output) => info::test(config, output).await,
        DbCommand::Info(output) => info::info(config, output).await,
        DbCommand::Backup(arguments) => backup::run(config, arguments).await,
        DbCommand::Restore(arguments) => restore::run(config, arguments).await,
    }
}
