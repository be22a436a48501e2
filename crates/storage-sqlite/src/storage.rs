use std::path::Path;
use std::sync::Arc;

use kernel::RepositoryError;
use migration::{Migrator, MigratorTrait};
use storage_sea::{
    Pools, SeaDocuments, SeaImports, SeaSessions, SeaTasks, SeaVectors, VectorSettings, has_schema, repository_error,
};

use crate::connect;
use crate::keywords::{Fts5Index, SqliteKeywords};
use crate::messages::Fts5Messages;

/// Everything Iyagi keeps, in one SQLite file.
#[derive(Clone, Debug)]
pub struct SqliteStorage {
    pub(crate) pools: Pools,
}

impl SqliteStorage {
    /// Opens (or makes) the file and brings its schema up to date. The folder must exist.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] when the file cannot be opened; [`RepositoryError::Backend`] when
    /// it is not a database of ours or a migration fails.
    pub async fn open(file: &Path) -> Result<Self, RepositoryError> {
        let pools = connect::open(file, true).await.map_err(RepositoryError::unavailable)?;
        Migrator::up(pools.writer(), None).await.map_err(repository_error)?;
        Ok(Self { pools })
    }

    /// Opens a file that is there and leaves its schema as it is, for looking after it. Another process may be
    /// using it.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] when there is no such file, or it is not a database.
    pub async fn connect(file: &Path) -> Result<Self, RepositoryError> {
        let pools = connect::open(file, false).await.map_err(RepositoryError::unavailable)?;
        Ok(Self { pools })
    }

    /// Opens a file that nobody uses, such as a backup, only to read it.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] when there is no such file, or it is not a database.
    pub async fn inspect(file: &Path) -> Result<Self, RepositoryError> {
        let pools = connect::inspect(file).await.map_err(RepositoryError::unavailable)?;
        Ok(Self { pools })
    }

    /// Looks at the file while others may be using it: nothing is made, migrated or written. `None` when there is
    /// nothing of ours yet.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] when it is not a database; [`RepositoryError::Corrupt`] when its tables are
    /// of an older version.
    pub async fn look(file: &Path) -> Result<Option<Self>, RepositoryError> {
        if !file.exists() {
            return Ok(None);
        }
        let pools = connect::look(file).await.map_err(RepositoryError::unavailable)?;
        Ok(has_schema(pools.reader()).await?.then_some(Self { pools }))
    }

    /// Sessions, turns, messages, feedback and search over them.
    pub fn sessions(&self) -> SeaSessions {
        SeaSessions::new(self.pools.clone(), Arc::new(Fts5Messages))
    }

    /// Conversations of other systems.
    pub fn imports(&self) -> SeaImports {
        SeaImports::new(self.pools.clone(), Arc::new(Fts5Messages))
    }

    /// Documents with their chunks, collections, and plans to remove vectors.
    pub fn documents(&self) -> SeaDocuments {
        SeaDocuments::new(self.pools.clone(), Arc::new(Fts5Index))
    }

    /// Search by terms. Each remembers counts of its own: one is enough for a process.
    pub fn keywords(&self) -> SqliteKeywords {
        SqliteKeywords::new(self.pools.clone())
    }

    /// The built-in vector store. Each holds vectors of its own in memory: one is enough for a process.
    pub fn vectors(&self, settings: VectorSettings) -> SeaVectors {
        SeaVectors::new(self.pools.clone(), settings)
    }

    /// Tasks and their parts.
    pub fn tasks(&self) -> SeaTasks {
        SeaTasks::new(self.pools.clone())
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
