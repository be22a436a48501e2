//! sea-orm entities, mappings and the repositories that read the same on SQLite and PostgreSQL.
//!
//! The entities stay in this crate: the rest of the house sees domain values only. What one database
//! does in its own way (connecting, full-text search) is in `storage-sqlite` and `storage-postgres`.

mod advisor;
pub mod cpu;
mod documents;
pub mod dump;
mod entity;
mod error;
mod facts;
mod feedback;
mod hex;
mod identity;
mod imports;
mod lookups;
mod maintenance;
mod messages;
mod one_trip;
mod pools;
mod schema;
pub mod scope;
mod search;
mod sessions;
mod shares;
mod snapshot;
mod tasks;
pub mod term_counts;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod turns;
mod user_contexts;
mod vectors;

pub use documents::{ChunkIndex, ChunkRow, SeaDocuments};
pub use error::{driver_error, repository_error};
pub use facts::{Counting, DatabaseFacts, LARGE, MIGRATIONS, Migrations, PoolFacts, TableRows, migrations};
pub use imports::SeaImports;
pub use pools::{Pools, SeaSessions};
pub use schema::has_schema;
pub use search::{IndexEntry, IndexedMessage, Matching, MessageIndex, indexed_terms};
pub use snapshot::{Snapshot, keyed, quoted};
pub use tasks::SeaTasks;
pub use vector_search::Settings as VectorSettings;
pub use vectors::SeaVectors;
