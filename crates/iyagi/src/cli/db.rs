use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `iyagi db …`
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum DbCommand {
    /// Connect, write and take it back, and look at the schema: does the configured database work?
    Test(Output),
    /// Say what the database is: version, size, schema, rows, connections
    Info(Output),
    /// Write a backup to a file; the server may go on running
    Backup(Backup),
    /// Fill an empty database from a backup; stop the server first
    Restore(Restore),
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Output {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Backup {
    /// The file to write; FILE.manifest.json beside it says what is in it
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Replace the file if there is one
    #[arg(long)]
    pub(crate) force: bool,
    /// Write PostgreSQL in a form that restores into SQLite too, rather than the one of `pg_dump`
    #[arg(long)]
    pub(crate) portable: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Restore {
    /// A file that `iyagi db backup` or `pg_dump --format=custom` has written
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}
