use async_trait::async_trait;
use kernel::{ChunkId, DocumentId, Page, PageLimit, RepositoryError, StoreId, Timestamp};
use uuid::Uuid;

use crate::model::{
    Chunk, Collection, CollectionInfo, Document, DocumentVersion, StoredChunk, TaskFailure, VectorRemoval,
};

/// Keeps documents, their texts and their chunks. Every method is atomic and scoped to one store.
///
/// Contract: a reader sees a document's old chunks or its new ones, never a mix, in this port and in the
/// [`KeywordIndex`](super::KeywordIndex) of the same storage. Chunks that are gone leave a [`VectorRemoval`] behind, in the
/// same transaction, so that their vectors go as well, whatever happens to the process.
#[async_trait]
pub trait DocumentRepository: Send + Sync {
    /// Finds a document; `None` when the store has none of that id.
    async fn find(&self, store: &StoreId, id: &DocumentId) -> Result<Option<Document>, RepositoryError>;

    /// Keeps a document that is about to be taken in, if the store has none of its id; whether it had none.
    async fn reserve(&self, document: &Document) -> Result<bool, RepositoryError>;

    /// Inserts the document, or replaces it with all its chunks and terms. A replaced document keeps its `created_at`.
    /// The plan to remove its vectors is given up, the vectors of the old chunks are planned to be removed, and the task
    /// is completed, all at once.
    ///
    /// # Errors
    /// [`RepositoryError::Stale`] when the task's claim was lost, or it is to be cancelled;
    /// [`RepositoryError::Unavailable`] when the collection was embedded another way meanwhile. Nothing has changed then.
    async fn replace(&self, version: &DocumentVersion<'_>) -> Result<(), RepositoryError>;

    /// Marks a document whose ingestion failed; its chunks, if it has any, stay. `false` when there is none.
    async fn fail(
        &self,
        store: &StoreId,
        id: &DocumentId,
        failure: &TaskFailure,
        at: Timestamp,
    ) -> Result<bool, RepositoryError>;

    /// Removes a document with its text, chunks and terms, and plans the removal of their vectors, due at once; `false`
    /// when there was none.
    async fn delete(&self, store: &StoreId, id: &DocumentId, at: Timestamp) -> Result<bool, RepositoryError>;

    /// Removes what replaced versions and ones that were never finished have left behind, at most `limit` versions; how many.
    async fn tidy(&self, now: Timestamp, limit: usize) -> Result<u64, RepositoryError>;

    /// Lists a store's documents in the order of their ids, those of one collection or all, after `after`.
    async fn page<'a>(
        &'a self,
        store: &'a StoreId,
        collection: Option<&'a Collection>,
        after: Option<&'a DocumentId>,
        limit: PageLimit,
    ) -> Result<Page<Document, DocumentId>, RepositoryError>;

    /// The text of a document; `None` when there is no such document or it has none yet.
    async fn text(&self, store: &StoreId, id: &DocumentId) -> Result<Option<String>, RepositoryError>;

    /// Chunks of a document in their order, from number `from` on, at most `limit`.
    async fn chunks_of(
        &self,
        store: &StoreId,
        id: &DocumentId,
        from: u32,
        limit: usize,
    ) -> Result<Vec<Chunk>, RepositoryError>;

    /// Reads chunks with their documents' titles; unknown ids, and those of other stores, are left out.
    /// The answer's order is that of `ids`.
    async fn chunks(&self, store: &StoreId, ids: &[ChunkId]) -> Result<Vec<StoredChunk>, RepositoryError>;
}

/// Keeps what is known of collections.
#[async_trait]
pub trait CollectionRepository: Send + Sync {
    /// Finds a collection; `None` when it has never had a document.
    async fn find(&self, store: &StoreId, name: &Collection) -> Result<Option<CollectionInfo>, RepositoryError>;

    /// Keeps what is known of a new collection. What is kept already stays, and is given back.
    async fn begin(&self, info: &CollectionInfo) -> Result<CollectionInfo, RepositoryError>;

    /// A store's collections in the order of their names.
    async fn list(&self, store: &StoreId) -> Result<Vec<CollectionInfo>, RepositoryError>;

    /// The stores that have collections, in order.
    async fn stores(&self) -> Result<Vec<StoreId>, RepositoryError>;

    /// From now on the collection and all its documents are embedded another way, provided that none of its documents
    /// changed after `unchanged_since`; whether so. The removal of the old vectors is planned, due at `at`.
    async fn switch(
        &self,
        info: &CollectionInfo,
        unchanged_since: Timestamp,
        at: Timestamp,
    ) -> Result<bool, RepositoryError>;
}

/// Keeps plans to remove vectors, so that none is left behind by a crash.
#[async_trait]
pub trait VectorRemovals: Send + Sync {
    /// Keeps a plan.
    async fn plan(&self, removal: &VectorRemoval) -> Result<(), RepositoryError>;

    /// Plans for a vector store that are due, oldest first.
    async fn due(
        &self,
        vector_store: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<VectorRemoval>, RepositoryError>;

    /// The plan was carried out, or is given up; `false` when there is none.
    async fn done(&self, id: Uuid) -> Result<bool, RepositoryError>;
}
