//! PostgreSQL: connecting, migrating once among many instances, and the shared repositories.
//!
//! Sessions, turns, messages and feedback are kept here when `DATABASE_URL` says so. Documents follow
//! with the full-text index over the same terms; until then they are kept in SQLite beside it.

mod backup;
mod catalog;
mod connect;
mod cpu;
mod facts;
mod messages;
mod options;
mod programs;
mod restore;
mod signals;
mod slots;
mod source;
mod storage;
#[cfg(test)]
mod tests;

pub use connect::{PostgresOptions, TlsMode};
pub use programs::{DumpProgram, is_custom_dump};
pub use signals::PostgresSignals;
pub use slots::PostgresStreamSlots;
pub use source::PostgresSource;
pub use storage::PostgresStorage;
pub use storage_sea::{SeaImports, SeaSessions};
