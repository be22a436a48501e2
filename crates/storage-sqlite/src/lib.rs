//! SQLite: one writer and many readers over one file, and the keyword and message indexes on FTS5.
//!
//! ```no_run
//! # async fn example() -> Result<(), kernel::RepositoryError> {
//! let storage = storage_sqlite::SqliteStorage::open("data/iyagi.db".as_ref()).await?;
//! let sessions = storage.sessions();
//! # Ok(())
//! # }
//! ```

mod backup;
mod connect;
mod cpu;
mod facts;
mod keywords;
mod messages;
mod restore;
mod source;
mod storage;

pub use cpu::SqliteCpu;
pub use keywords::SqliteKeywords;
pub use source::SqliteSource;
pub use storage::SqliteStorage;
pub use storage_sea::{SeaDocuments, SeaImports, SeaSessions, SeaTasks, SeaVectors, VectorSettings};
