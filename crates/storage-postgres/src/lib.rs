//! PostgreSQL: connecting, migrating once among many instances, and the shared repositories.
//!
//! Sessions, turns, messages and feedback are kept here when `DATABASE_URL` says so. Documents follow
//! with the full-text index over the same terms; until then they are kept in SQLite beside it.

mod connect;
mod dump;
mod source;
mod storage;

pub use connect::PostgresOptions;
pub use dump::{DumpError, dump};
pub use source::PostgresSource;
pub use storage::PostgresStorage;
pub use storage_sea::{SeaImports, SeaSessions};
