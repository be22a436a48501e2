//! What the pipeline moves: documents and their chunks, retrieval hits, questions and answers.

mod answer;
mod document;
mod reading;
mod retrieval;

pub use answer::{AnswerDelta, ChatRequest, FinishReason, ModelError, Passage, PastTurn, TokenUsage};
pub use document::{Chunk, Collection, Document, DocumentStatus, IndexedChunk, InvalidCollection, Scope};
pub use reading::{Block, BlockKind, RawDocument, ReadDocument, ReadError};
pub use retrieval::{Concept, Role, ScoredChunk, StoredChunk, TermStatistics, TermWeight};
