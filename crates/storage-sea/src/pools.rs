use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use crate::lookups::Lookups;
use crate::search::MessageIndex;

/// The connections of a database: many readers and, on SQLite, one writer. On PostgreSQL both are the
/// same pool.
#[derive(Clone, Debug)]
pub struct Pools {
    pub(crate) reader: DatabaseConnection,
    pub(crate) writer: DatabaseConnection,
}

impl Pools {
    /// Reads through `reader`, writes through `writer`.
    pub const fn new(reader: DatabaseConnection, writer: DatabaseConnection) -> Self {
        Self { reader, writer }
    }

    /// The connections to read with.
    pub const fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// The connections to write with.
    pub const fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Begins a writing transaction. On SQLite it takes the write lock at once: a transaction that reads
    /// first and asks for the lock later fails when another has written meanwhile.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer.begin_with_options(options).await
    }

    /// Runs the smallest query there is.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.reader.execute_unprepared("SELECT 1").await.map(|_| ())
    }

    /// Closes both, letting work that runs finish.
    ///
    /// # Errors
    /// When closing fails; the connections are gone all the same.
    pub async fn close(self) -> Result<(), DbErr> {
        self.reader.close().await?;
        self.writer.close().await
    }
}

/// Sessions, turns, messages, feedback, share links and user contexts in tables, on either database.
#[derive(Clone)]
pub struct SeaSessions {
    pub(crate) pools: Pools,
    pub(crate) index: Arc<dyn MessageIndex>,
    pub(crate) lookups: Lookups,
}

impl SeaSessions {
    /// A storage over migrated databases.
    pub fn new(pools: Pools, index: Arc<dyn MessageIndex>) -> Self {
        let lookups = Lookups::new(pools.reader.clone());
        Self { pools, index, lookups }
    }
}
