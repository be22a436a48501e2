use async_trait::async_trait;
use kernel::{ChunkId, DocumentId, Page, PageLimit, RepositoryError, StoreId};

use crate::model::{Document, IndexedChunk, StoredChunk};

/// Keeps documents and their chunks. Every method is atomic and scoped to one store.
///
/// Contract: a reader sees a document's old chunks or its new ones, never a mix, in this port and
/// in the [`KeywordIndex`](super::KeywordIndex) and [`VectorIndex`](super::VectorIndex) of the same storage.
#[async_trait]
pub trait DocumentRepository: Send + Sync {
    /// Finds a document; `None` when the store has none of that id.
    async fn find(&self, store: &StoreId, id: &DocumentId) -> Result<Option<Document>, RepositoryError>;

    /// Inserts the document, or replaces it with all its chunks, terms and vectors.
    /// A replaced document keeps its `created_at`.
    async fn replace(&self, document: &Document, chunks: &[IndexedChunk]) -> Result<(), RepositoryError>;

    /// Removes a document with its chunks, terms and vectors; `false` when there was none.
    async fn delete(&self, store: &StoreId, id: &DocumentId) -> Result<bool, RepositoryError>;

    /// Lists a store's documents in the order of their ids, after `after`.
    async fn page<'a>(
        &'a self,
        store: &'a StoreId,
        after: Option<&'a DocumentId>,
        limit: PageLimit,
    ) -> Result<Page<Document, DocumentId>, RepositoryError>;

    /// Reads chunks with their documents' titles; unknown ids, and those of other stores, are left out.
    /// The answer's order is that of `ids`.
    async fn chunks(&self, store: &StoreId, ids: &[ChunkId]) -> Result<Vec<StoredChunk>, RepositoryError>;
}
