//! Opening the file.

use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions, Error};
use sea_orm::{DatabaseConnection, SqlxSqliteConnector};
use storage_sea::Pools;

/// How long a connection waits for another process's lock before it answers "busy".
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Readers beside the one writer. Reads are short; more would only cost memory.
const READERS: u32 = 4;
/// Pages that each connection may keep, in KiB (SQLite takes a negative number for that): enough for the inner
/// pages of a million sessions' indexes and what is used of the rest. It is taken as it is needed.
const CACHE: &str = "-8192";

/// Opens the file; `make` says whether to make it if there is none.
///
/// The write-ahead log lets readers go on while the writer writes; `synchronous = FULL` makes a commit
/// survive the loss of power, not only of the process. One writer: SQLite has one write lock, and waiting
/// for a connection in order is fairer than for the lock at random.
pub(crate) async fn open(file: &Path, make: bool) -> Result<Pools, Error> {
    let options = options(file)
        .create_if_missing(make)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("cache_size", CACHE);
    let writer = pool(options.clone(), 1).await?;
    let reader = pool(options, READERS).await?;
    Ok(Pools::new(reader, writer))
}

/// Opens a file that nobody uses, only to read it: nothing of it or beside it is changed.
pub(crate) async fn inspect(file: &Path) -> Result<Pools, Error> {
    let only = pool(options(file).read_only(true).immutable(true), 1).await?;
    Ok(Pools::new(only.clone(), only))
}

/// Opens a file that others may be using, only to read it.
pub(crate) async fn look(file: &Path) -> Result<Pools, Error> {
    let only = pool(options(file).read_only(true), 1).await?;
    Ok(Pools::new(only.clone(), only))
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(file).busy_timeout(BUSY_TIMEOUT).disable_statement_logging()
}

async fn pool(options: SqliteConnectOptions, connections: u32) -> Result<DatabaseConnection, Error> {
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}
