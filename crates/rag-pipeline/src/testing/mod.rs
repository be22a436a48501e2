//! Fakes and contract suites.

pub mod contract;
mod macros;
mod memory;
mod planner;

use std::sync::Arc;

use crate::ports::{DocumentRepository, KeywordIndex, VectorIndex};

pub use memory::MemoryDocuments;
pub use planner::{OneVector, Passage, planner_over};

/// One storage under test, through its three ports.
pub struct Fixture<G> {
    /// The repository.
    pub documents: Arc<dyn DocumentRepository>,
    /// The keyword index of the same storage.
    pub keywords: Arc<dyn KeywordIndex>,
    /// The vector index of the same storage.
    pub vectors: Arc<dyn VectorIndex>,
    /// Whatever must outlive the storage: a temporary folder, a database's guard.
    pub guard: G,
}

impl Fixture<()> {
    /// An empty [`MemoryDocuments`].
    pub fn memory() -> Self {
        let memory = Arc::new(MemoryDocuments::default());
        Self { documents: memory.clone(), keywords: memory.clone(), vectors: memory, guard: () }
    }
}
