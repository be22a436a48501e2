//! sea-orm entities, mappings and the repositories that read the same on SQLite and PostgreSQL.
//!
//! The entities stay in this crate: the rest of the house sees domain values only. What one database
//! does in its own way (connecting, full-text search, vectors) is in `storage-sqlite` and `storage-postgres`.

mod documents;
mod entity;
mod error;
mod feedback;
mod maintenance;
mod messages;
mod pools;
mod sessions;
mod shares;
mod time;
mod turns;

pub use documents::{ChunkIndex, ChunkRow, SeaDocuments};
pub use error::repository_error;
pub use pools::{Pools, SeaSessions};
