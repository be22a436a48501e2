//! Embeddings and where they are kept.

use kernel::{ChunkId, DocumentId};
use serde::{Deserialize, Serialize};

use super::Collection;

/// What made embeddings: only those of one kind can be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EmbeddingSpec {
    /// The embedder's name and version.
    pub embedder: String,
    /// The length of its vectors.
    pub dimension: u32,
}

/// A chunk's embedding, with what searches filter by.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorPoint {
    /// The chunk.
    pub chunk: ChunkId,
    /// The document it is of.
    pub document: DocumentId,
    /// The document's collection.
    pub collection: Collection,
    /// The embedding: unit length, the length of its [`EmbeddingSpec`].
    pub vector: Vec<f32>,
}

/// An error of a vector store, by what the caller should do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VectorError {
    /// The vectors are of another length than those that are kept.
    #[error("{store} keeps vectors of length {kept}, not {given}; run `iyagi reindex` to embed anew")]
    Mismatch {
        /// The vector store.
        store: String,
        /// The length of those that are kept.
        kept: u32,
        /// The length given.
        given: u32,
    },
    /// It cannot be reached or is too busy; trying again later may help.
    #[error("the vector store is unavailable: {message}")]
    Transient {
        /// What happened, without secrets.
        message: String,
        /// How long it asked to wait, in seconds.
        retry_after: Option<u64>,
    },
    /// It refused, and will again: a wrong key, an unknown index.
    #[error("the vector store cannot be used: {0}")]
    Permanent(String),
}
