use std::path::Path;
use std::sync::Arc;

use kernel::RepositoryError;
use migration::{Migrator, MigratorTrait};
use rag_pipeline::ports::{DocumentRepository, KeywordIndex, VectorIndex};
use sea_orm::{ConnectionTrait, Statement};
use storage_sea::{Pools, SeaDocuments, SeaImports, SeaSessions, has_schema, repository_error};

use crate::connect;
use crate::keywords::{Fts5Index, SqliteKeywords};
use crate::vectors::SqliteVectors;

/// Everything Iyagi keeps, in one SQLite file.
#[derive(Clone, Debug)]
pub struct SqliteStorage {
    pools: Pools,
}

impl SqliteStorage {
    /// Opens (or makes) the file and brings its schema up to date. The folder must exist.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] when the file cannot be opened; [`RepositoryError::Backend`] when
    /// it is not a database of ours or a migration fails.
    pub async fn open(file: &Path) -> Result<Self, RepositoryError> {
        let pools = connect::open(file).await.map_err(RepositoryError::unavailable)?;
        Migrator::up(pools.writer(), None).await.map_err(repository_error)?;
        Ok(Self { pools })
    }

    /// Looks at the file as it is: nothing is made, migrated or written. `None` when there is nothing yet.
    ///
    /// # Errors
    /// As [`Self::open`]; [`RepositoryError::Corrupt`] when its tables are of an older version.
    pub async fn look(file: &Path) -> Result<Option<Self>, RepositoryError> {
        if !file.exists() {
            return Ok(None);
        }
        let pools = connect::open_to_read(file).await.map_err(RepositoryError::unavailable)?;
        Ok(has_schema(pools.reader()).await?.then_some(Self { pools }))
    }

    /// Sessions, turns, messages and feedback.
    pub fn sessions(&self) -> SeaSessions {
        SeaSessions::new(self.pools.clone())
    }

    /// Conversations of other systems.
    pub fn imports(&self) -> SeaImports {
        SeaImports::new(self.pools.clone())
    }

    /// Copies everything as it is now into a new file. A reader does it: nobody waits.
    ///
    /// # Errors
    /// When the file exists, or cannot be written.
    pub async fn copy_to(&self, file: &Path) -> Result<(), RepositoryError> {
        let path = file.to_str().ok_or_else(|| RepositoryError::backend("the file's name is not UTF-8"))?;
        let connection = self.pools.reader();
        let copy = Statement::from_sql_and_values(connection.get_database_backend(), "VACUUM INTO ?", [path.into()]);
        connection.execute_raw(copy).await.map(|_| ()).map_err(repository_error)
    }

    /// Documents with their chunks.
    pub fn documents(&self) -> Arc<dyn DocumentRepository> {
        Arc::new(SeaDocuments::new(self.pools.clone(), Arc::new(Fts5Index)))
    }

    /// Search by terms.
    pub fn keywords(&self) -> Arc<dyn KeywordIndex> {
        Arc::new(SqliteKeywords::new(self.pools.clone()))
    }

    /// Search by vector.
    pub fn vectors(&self) -> Arc<dyn VectorIndex> {
        Arc::new(SqliteVectors::new(self.pools.clone()))
    }

    /// Whether the file answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), RepositoryError> {
        self.pools.ping().await.map_err(repository_error)
    }

    /// Closes the file once work that runs is done.
    ///
    /// # Errors
    /// When closing fails.
    pub async fn close(self) -> Result<(), RepositoryError> {
        self.pools.close().await.map_err(repository_error)
    }
}
