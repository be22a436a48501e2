use async_trait::async_trait;
use kernel::{ChunkId, StoreId};

use crate::model::{EmbeddingSpec, Scope, ScoredChunk, VectorError, VectorPoint};

/// Keeps embeddings, and finds chunks by the cosine of theirs with a vector.
///
/// It is an index, not the truth: what is searched is decided by the
/// [`DocumentRepository`](super::DocumentRepository), which knows which chunks there are. Points are put here before
/// their chunks can be read, and removed after the chunks are gone.
///
/// Contract: what was acknowledged is found by whoever asks afterwards, unless the store is documented to take longer;
/// points of different specs, stores and collections never meet in one answer; every call can be repeated.
#[async_trait]
pub trait VectorStore: Send + Sync {
    /// What it is called in messages and in the configuration: `builtin`, `qdrant` …
    fn name(&self) -> &'static str;

    /// Makes room for embeddings of a kind. Nothing changes when there is.
    ///
    /// # Errors
    /// [`VectorError::Mismatch`] when there is room under that name for vectors of another length.
    async fn prepare(&self, spec: &EmbeddingSpec) -> Result<(), VectorError>;

    /// Keeps points of a store; those of chunks that are kept already are replaced. All or, on an error, any part of them.
    ///
    /// # Errors
    /// [`VectorError::Mismatch`] when a vector has not the length of the spec.
    async fn upsert(&self, spec: &EmbeddingSpec, store: &StoreId, points: &[VectorPoint]) -> Result<(), VectorError>;

    /// Removes the points of chunks; unknown ones are passed over.
    async fn remove(&self, spec: &EmbeddingSpec, store: &StoreId, chunks: &[ChunkId]) -> Result<(), VectorError>;

    /// The nearest chunks of the scope, best first, ties by chunk id, at most `limit`. A spec that nothing was prepared
    /// for, or an empty vector, finds nothing.
    ///
    /// # Errors
    /// [`VectorError::Mismatch`] when the vector has not the length of the spec.
    async fn search(
        &self,
        spec: &EmbeddingSpec,
        scope: &Scope,
        vector: &[f32],
        limit: usize,
    ) -> Result<Vec<ScoredChunk>, VectorError>;

    /// How many points a store has of a kind.
    async fn count(&self, spec: &EmbeddingSpec, store: &StoreId) -> Result<u64, VectorError>;
}
