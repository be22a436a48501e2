//! Nearest vectors in memory: exact SIMD search, and an HNSW graph when there are many.
//!
//! A [`Space`] holds unit vectors of one length under UUIDs and finds the nearest by their dot product. It is a copy:
//! the truth is elsewhere, and tells it of changes by revision. Up to [`Settings::graph_from`] vectors every search
//! compares all of them. Beyond, a thread of its own builds a graph meanwhile, and what the graph has not reached yet
//! is still compared one by one: a vector is found from the moment it was applied. [`Spaces`] holds many within one
//! limit of memory, and keeps them in files so that a restart need not build graphs again.
//!
//! Nothing waits for anything: a search works on the version that was there when it began, and a change makes the
//! next one, sharing all blocks of rows that it does not touch. There is no runtime here; a search keeps its thread
//! busy for as long as it takes.

mod best;
mod builder;
mod change;
mod dot;
mod error;
mod file;
mod graph;
mod rows;
mod settings;
mod space;
mod spaces;
mod version;

pub use change::Change;
pub use error::SearchError;
pub use settings::Settings;
pub use space::{Figures, Space};
pub use spaces::Spaces;
