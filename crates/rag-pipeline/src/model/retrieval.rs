//! What the indexes answer with.

use kernel::{ChunkId, DocumentId};

use super::{Chunk, Collection};

/// A chunk an index found, with that index's own score (higher is better).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredChunk {
    /// The chunk.
    pub chunk: ChunkId,
    /// The index's score: BM25 or cosine similarity; comparable within one answer only.
    pub score: f32,
}

/// A chunk as stored, with what is needed to cite it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredChunk {
    /// The chunk.
    pub chunk: Chunk,
    /// The document's collection.
    pub collection: Collection,
    /// The document's title.
    pub title: String,
    /// The document's address.
    pub url: Option<String>,
}

impl StoredChunk {
    /// The document it belongs to.
    pub const fn document(&self) -> &DocumentId {
        &self.chunk.document
    }
}

/// How common terms are: what inverse document frequencies are made from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TermStatistics {
    /// Chunks in all.
    pub total: u64,
    /// For each term asked for, in the same order, how many chunks have it.
    pub frequencies: Vec<u64>,
}

/// A term of the question and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct TermWeight {
    /// The index term.
    pub term: String,
    /// Its inverse document frequency; a term the index has never seen weighs most.
    pub weight: f32,
}

/// What a content word says of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// What the question is about: a noun.
    Topic,
    /// Who asks, when, where or how it feels.
    Circumstance,
    /// What is done, how many, or what cannot be told.
    #[default]
    Other,
}

/// A content word of the question, in every form a text may have it in.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Concept {
    /// The word without particle or ending, as the customer wrote it.
    pub word: String,
    /// Likely spellings of a mistyped word; empty when the index knows the word.
    pub spellings: Vec<String>,
    /// Other words for it.
    pub synonyms: Vec<String>,
    /// Its inverse document frequency, lessened for numbers and for words of earlier turns.
    pub weight: f32,
    /// Whether the index knows the word, a spelling or a synonym of it.
    pub known: bool,
    /// What it says of the question.
    pub role: Role,
    /// Whether it comes from an earlier turn rather than from the question.
    pub inherited: bool,
}
