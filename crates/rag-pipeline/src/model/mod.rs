//! What the pipeline moves: documents and their chunks, retrieval hits, questions and answers.

mod answer;
mod document;
mod reading;
mod retrieval;
mod source;
mod task;
mod vector;

pub use answer::{AnswerDelta, ChatRequest, FinishReason, ModelError, Passage, PastTurn, TokenUsage};
pub use document::{
    Chunk, Collection, CollectionInfo, Document, DocumentStatus, DocumentVersion, IndexedChunk, InvalidCollection,
    Place, Scope, VectorRemoval,
};
pub use reading::{Block, BlockKind, PageImage, RawDocument, ReadDocument, ReadError};
pub use retrieval::{Concept, Role, ScoredChunk, StoredChunk, TermStatistics, TermWeight};
pub use source::{FetchedDocument, FoundSource, InvalidSource, SourceError, SourceUrl};
pub use task::{Claim, ClaimRequest, Heartbeat, NewTask, Task, TaskCounts, TaskFailure, TaskProgress, TaskState};
pub use vector::{EmbeddingSpec, VectorError, VectorPoint};
