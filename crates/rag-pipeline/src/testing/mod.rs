//! Fakes and contract suites.

pub mod contract;
mod macros;
mod memory;
mod memory_tasks;
mod memory_vectors;
mod planner;
mod ports;

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::model::EmbeddingSpec;
use crate::ports::{
    CollectionRepository, DocumentRepository, KeywordIndex, TaskParts, TaskQueue, VectorRemovals, VectorStore,
};
use contract::vectors::{DIMENSION, VectorSubject, kind};

pub use memory::MemoryDocuments;
pub use memory_tasks::MemoryTasks;
pub use memory_vectors::MemoryVectors;
pub use planner::{OneVector, Passage, planner_over, retriever_over};
pub use ports::{NoPages, ports_in_memory};

/// One storage under test, through its ports.
pub struct Fixture<G> {
    /// The repository.
    pub documents: Arc<dyn DocumentRepository>,
    /// The keyword index of the same storage.
    pub keywords: Arc<dyn KeywordIndex>,
    /// The collections of the same storage.
    pub collections: Arc<dyn CollectionRepository>,
    /// Its plans to remove vectors.
    pub removals: Arc<dyn VectorRemovals>,
    /// Its queue.
    pub tasks: Arc<dyn TaskQueue>,
    /// The parts of the queue's tasks.
    pub parts: Arc<dyn TaskParts>,
    /// Whatever must outlive the storage: a temporary folder, a database's guard.
    pub guard: G,
}

impl<G> Fixture<G> {
    /// A fixture of things that are each several of the ports.
    pub fn new<D, K, T>(documents: D, keywords: K, tasks: T, guard: G) -> Self
    where
        D: DocumentRepository + CollectionRepository + VectorRemovals + 'static,
        K: KeywordIndex + 'static,
        T: TaskQueue + TaskParts + 'static,
    {
        let (documents, tasks) = (Arc::new(documents), Arc::new(tasks));
        Self {
            documents: documents.clone(),
            keywords: Arc::new(keywords),
            collections: documents.clone(),
            removals: documents,
            tasks: tasks.clone(),
            parts: tasks,
            guard,
        }
    }
}

impl Fixture<()> {
    /// An empty [`MemoryDocuments`].
    pub fn memory() -> Self {
        let memory = Arc::new(MemoryDocuments::default());
        let tasks = Arc::new(memory.tasks());
        Self {
            documents: memory.clone(),
            keywords: memory.clone(),
            collections: memory.clone(),
            removals: memory,
            tasks: tasks.clone(),
            parts: tasks,
            guard: (),
        }
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
