use std::sync::Arc;

use kernel::RepositoryError;
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::PgPool;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, SqlxPostgresConnector, TransactionTrait};
use storage_sea::{
    Pools, SeaDocuments, SeaImports, SeaSessions, SeaTasks, SeaVectors, VectorSettings, has_schema, repository_error,
};

use crate::connect::{self, PostgresOptions};
use crate::keywords::{PostgresKeywords, TsvectorChunks};
use crate::messages::TsvectorMessages;

/// The advisory lock that lets one instance migrate at a time: "iyagi" in hexadecimal.
pub(crate) const MIGRATION_LOCK: i64 = 0x69_7961_6769;

/// What Iyagi keeps in PostgreSQL.
#[derive(Clone, Debug)]
pub struct PostgresStorage {
    pub(crate) pool: DatabaseConnection,
    pub(crate) driver: PgPool,
    pub(crate) options: PostgresOptions,
}

impl PostgresStorage {
    /// Connects and brings the schema up to date, one instance at a time.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] when the server cannot be reached; [`RepositoryError::Backend`]
    /// when the URL cannot be read, the server refuses the user or a migration fails.
    pub async fn open(options: &PostgresOptions) -> Result<Self, RepositoryError> {
        let storage = Self::connect(options).await?;
        storage.migrate().await?;
        Ok(storage)
    }

    /// Brings the schema up to date.
    pub(crate) async fn migrate(&self) -> Result<(), RepositoryError> {
        let transaction = self.begin_migration().await?;
        Migrator::up(&transaction, None).await.map_err(repository_error)?;
        transaction.commit().await.map_err(repository_error)
    }

    /// Connects and leaves the schema as it is, for looking after a database.
    ///
    /// # Errors
    /// As [`PostgresStorage::open`].
    pub async fn connect(options: &PostgresOptions) -> Result<Self, RepositoryError> {
        let driver = connect::open(options).await?;
        let pool = SqlxPostgresConnector::from_sqlx_postgres_pool(driver.clone());
        Ok(Self { pool, driver, options: options.clone() })
    }

    /// Whether there is anything of ours yet.
    ///
    /// # Errors
    /// [`RepositoryError::Corrupt`] when the tables are of an older version.
    pub async fn has_schema(&self) -> Result<bool, RepositoryError> {
        has_schema(&self.pool).await
    }

    /// A transaction in which this instance alone may change the schema, for as long as it takes. The lock
    /// lives as long as the transaction.
    pub(crate) async fn begin_migration(&self) -> Result<DatabaseTransaction, RepositoryError> {
        let transaction = self.pool.begin().await.map_err(repository_error)?;
        let alone = format!(
            "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
             SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"
        );
        transaction.execute_unprepared(&alone).await.map_err(repository_error)?;
        Ok(transaction)
    }

    /// Sessions, turns, messages, feedback and search over them.
    pub fn sessions(&self) -> SeaSessions {
        SeaSessions::new(self.pools(), Arc::new(TsvectorMessages))
    }

    /// Conversations of other systems.
    pub fn imports(&self) -> SeaImports {
        SeaImports::new(self.pools(), Arc::new(TsvectorMessages))
    }

    /// Documents with their chunks, collections, and plans to remove vectors.
    pub fn documents(&self) -> SeaDocuments {
        SeaDocuments::new(self.pools(), Arc::new(TsvectorChunks))
    }

    /// Search by terms. Each remembers counts of its own: one is enough for a process.
    pub fn keywords(&self) -> PostgresKeywords {
        PostgresKeywords::new(self.pool.clone())
    }

    /// The built-in vector store. Each holds vectors of its own in memory: one is enough for a process.
    pub fn vectors(&self, settings: VectorSettings) -> SeaVectors {
        SeaVectors::new(self.pools(), settings)
    }

    /// Tasks and their parts.
    pub fn tasks(&self) -> SeaTasks {
        SeaTasks::new(self.pools())
    }

    fn pools(&self) -> Pools {
        Pools::new(self.pool.clone(), self.pool.clone())
    }

    /// Whether the server answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), RepositoryError> {
        self.pool.execute_unprepared("SELECT 1").await.map(|_| ()).map_err(repository_error)
    }

    /// Closes the pool once work that runs is done.
    ///
    /// # Errors
    /// When closing fails.
    pub async fn close(self) -> Result<(), RepositoryError> {
        self.pool.close().await.map_err(repository_error)
    }
}
