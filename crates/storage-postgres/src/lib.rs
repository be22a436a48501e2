//! PostgreSQL: connecting, migrating once among many instances, and the shared repositories.
//!
//! Everything is kept here when `DATABASE_URL` says so: sessions, turns and messages, documents with their keyword index,
//! vectors and tasks.

mod backup;
mod catalog;
mod chunk_terms;
mod connect;
mod cpu;
mod facts;
mod keywords;
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
pub use keywords::PostgresKeywords;
pub use programs::{DumpProgram, is_custom_dump};
pub use signals::PostgresSignals;
pub use slots::PostgresStreamSlots;
pub use source::PostgresSource;
pub use storage::PostgresStorage;
pub use storage_sea::{SeaDocuments, SeaImports, SeaSessions, SeaTasks, SeaVectors, VectorSettings};
