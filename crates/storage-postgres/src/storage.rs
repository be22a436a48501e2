use kernel::RepositoryError;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionTrait};
use storage_sea::{Pools, SeaImports, SeaSessions, has_schema, repository_error};

use crate::connect::{self, PostgresOptions};

/// The advisory lock that lets one instance migrate at a time: "iyagi" in hexadecimal.
const MIGRATION_LOCK: i64 = 0x69_7961_6769;

/// What Iyagi keeps in PostgreSQL.
#[derive(Clone, Debug)]
pub struct PostgresStorage {
    pool: DatabaseConnection,
}

impl PostgresStorage {
    /// Connects and brings the schema up to date, one instance at a time.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] when the server cannot be reached; [`RepositoryError::Backend`]
    /// when the URL cannot be read or a migration fails.
    pub async fn open(options: &PostgresOptions) -> Result<Self, RepositoryError> {
        let storage = Self { pool: connect::open(options).await? };
        storage.migrate().await.map_err(repository_error)?;
        Ok(storage)
    }

    /// Looks at the database as it is: nothing is made, migrated or written. `None` when there is nothing yet.
    ///
    /// # Errors
    /// As [`Self::open`]; [`RepositoryError::Corrupt`] when its tables are of an older version.
    pub async fn look(options: &PostgresOptions) -> Result<Option<Self>, RepositoryError> {
        let storage = Self { pool: connect::open_to_read(options).await? };
        Ok(has_schema(&storage.pool).await?.then_some(storage))
    }

    /// The lock lives as long as its transaction; the migration runs in it and commits with it.
    async fn migrate(&self) -> Result<(), sea_orm::DbErr> {
        let transaction = self.pool.begin().await?;
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
        Migrator::up(&transaction, None).await?;
        transaction.commit().await
    }

    /// Sessions, turns, messages and feedback.
    pub fn sessions(&self) -> SeaSessions {
        SeaSessions::new(Pools::new(self.pool.clone(), self.pool.clone()))
    }

    /// Conversations of other systems.
    pub fn imports(&self) -> SeaImports {
        SeaImports::new(Pools::new(self.pool.clone(), self.pool.clone()))
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
