//! PostgreSQL: connecting, migrating once among many instances, and the shared repositories.
//!
//! Sessions, turns, messages and feedback are kept here already. Documents follow with the full-text
//! index over the same terms; until then the server keeps everything in SQLite.

mod connect;
mod storage;

pub use connect::PostgresOptions;
pub use storage::PostgresStorage;
pub use storage_sea::SeaSessions;
