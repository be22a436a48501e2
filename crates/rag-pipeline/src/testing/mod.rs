//! Fakes and contract suites.

pub mod contract;
mod macros;
mod memory;
mod memory_vectors;
mod planner;

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::model::EmbeddingSpec;
use crate::ports::{DocumentRepository, KeywordIndex, VectorIndex, VectorStore};
use contract::vectors::{DIMENSION, VectorSubject, kind};

pub use memory::MemoryDocuments;
pub use memory_vectors::MemoryVectors;
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

/// One empty vector store under test.
pub struct VectorFixture<G> {
    /// The store, and what the suite needs to know of it.
    pub subject: VectorSubject,
    /// Whatever must outlive the store: a server, a temporary folder.
    pub guard: G,
}

impl<G> VectorFixture<G> {
    /// A store that shows at once what was written, with the kind under whose name it has room for vectors of another
    /// length, and that length.
    pub fn new(store: Arc<dyn VectorStore>, occupied: (EmbeddingSpec, u32), guard: G) -> Self {
        Self { subject: VectorSubject { store, occupied, settle: Arc::new(|| Box::pin(async {})) }, guard }
    }

    /// For a store that takes a while: `settle` is waited for between writing and reading.
    #[must_use]
    pub fn settling(mut self, settle: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        self.subject.settle = Arc::new(settle);
        self
    }
}

impl VectorFixture<()> {
    /// An empty [`MemoryVectors`].
    pub fn memory() -> Self {
        let occupied = (kind("of another length"), DIMENSION + 1);
        let memory = MemoryVectors::with_room(occupied.0.clone(), occupied.1);
        Self::new(Arc::new(memory), occupied, ())
    }
}
