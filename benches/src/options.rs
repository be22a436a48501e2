//! What the load program can be asked.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::floor::storage::BodySizes;

/// Measures the real server over loopback, each figure beside its floor.
#[derive(Debug, Parser)]
#[command(name = "iyagi-benches")]
pub(crate) struct Options {
    /// What to measure.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Times each measurement is repeated.
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) rounds: u16,
    /// Requests of a look-up round.
    #[arg(long, global = true, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(64..=10_000_000))]
    pub(crate) requests: u32,
    /// The server to measure; otherwise the one of this build, which is brought up to date first.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) server: Option<PathBuf>,
    /// Questions to ask, one JSON object with a `question` on each line; the sample questions unless told.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) questions: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// A measurement, or one of the floor servers that a measurement starts for itself.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Every measurement.
    All,
    /// Start, memory, size and shutdown.
    Startup,
    /// Session look-up at 64 connections.
    Lookup,
    /// First token and whole answer of a chat turn.
    Chat,
    /// Look-ups, last messages and turns on SQLite and PostgreSQL.
    Storage(StorageOptions),
    /// Sessions read with and without Redis, resumed streams, and very many streams.
    Instances,
    /// A bare server with one SQLite read per request.
    #[command(hide = true)]
    LookupFloor {
        /// The database file.
        #[arg(long)]
        database: PathBuf,
        /// Size of every answer.
        #[arg(long)]
        body_bytes: usize,
    },
    /// A bare server that replays recorded event streams from memory.
    #[command(hide = true)]
    ChatFloor {
        /// The recorded streams.
        #[arg(long)]
        recording: PathBuf,
    },
    /// A bare server with the reads and writes of sessions and turns.
    #[command(hide = true)]
    StorageFloor {
        /// The database file, or a PostgreSQL URL.
        #[arg(long)]
        database: String,
        #[command(flatten)]
        sizes: BodySizes,
    },
    /// A bare server with one GET of Redis per request.
    #[command(hide = true)]
    RedisFloor {
        /// Where Redis is.
        #[arg(long)]
        redis: String,
    },
    /// A bare server that streams tokens at a pace.
    #[command(hide = true)]
    StreamFloor,
    /// The real edge and chat service over a model that streams tokens at a pace.
    #[command(hide = true)]
    StreamServer,
}

/// How much of the storages to measure.
#[derive(Debug, Default, Args)]
pub(crate) struct StorageOptions {
    /// Leaves PostgreSQL out.
    #[arg(long, conflicts_with = "postgres_only")]
    pub(crate) sqlite_only: bool,
    /// Leaves SQLite out.
    #[arg(long)]
    pub(crate) postgres_only: bool,
    /// Shorter rounds, three at most, and 100,000 sessions in place of a million: to see that all runs, not to quote.
    #[arg(long)]
    pub(crate) quick: bool,
}
