//! Documents as the shop knows them, and the chunks they are searched by.

use kernel::{ChunkId, DocumentId, StoreId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Claim, EmbeddingSpec, TaskFailure};

/// A named set of documents within a store (`help`, `products`); agents choose among them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Collection(String);

/// A collection's name that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a collection's name has 1 to 64 letters, digits, '-' or '_', not \"{0}\"")]
pub struct InvalidCollection(String);

impl Collection {
    /// Checks and wraps a name: 1 to 64 letters of any script, digits, `-` or `_`.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidCollection> {
        let name = name.into();
        let length = name.chars().count();
        if (1..=64).contains(&length) && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_') {
            Ok(Self(name))
        } else {
            Err(InvalidCollection(name.chars().take(64).collect()))
        }
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Collection {
    type Error = InvalidCollection;
    fn try_from(name: String) -> Result<Self, InvalidCollection> {
        Self::new(name)
    }
}

impl From<Collection> for String {
    fn from(collection: Collection) -> Self {
        collection.0
    }
}

/// Where a search may look: one store, and in it all collections or the named ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The store; no query crosses it.
    pub store: StoreId,
    /// The collections to look in; empty means all of the store's.
    pub collections: Vec<Collection>,
}

/// Whether a document can be searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentStatus {
    /// It is being taken in for the first time.
    Pending,
    /// Its chunks are indexed.
    Ready,
    /// Its last ingestion failed; older chunks, if any, are still searched.
    Failed,
}

/// A document of a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The store it belongs to.
    pub store: StoreId,
    /// Its id, unique within the store.
    pub id: DocumentId,
    /// The collection it is in.
    pub collection: Collection,
    /// Its title, as cited.
    pub title: String,
    /// Where a customer can read it.
    pub url: Option<String>,
    /// Whatever else the shop wants to keep with it: a JSON object.
    pub metadata: serde_json::Value,
    /// SHA-256 (hex) of the source and of everything that decides what is made of it: chunker, embedder, vector store, OCR,
    /// title, address, collection, metadata. Equal means nothing to do.
    pub content_hash: String,
    /// What its chunks are embedded by; `None` while it has none.
    pub embedding: Option<EmbeddingSpec>,
    /// Whether it can be searched.
    pub status: DocumentStatus,
    /// Why its last ingestion failed.
    pub failure: Option<TaskFailure>,
    /// How many chunks it has.
    pub chunk_count: u32,
    /// How many pages, slides or sheets; 0 when its kind has none.
    pub page_count: u32,
    /// When it was first taken in.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A document as it is to be from now on, whole.
#[derive(Debug, Clone, Copy)]
pub struct DocumentVersion<'a> {
    /// The document, ready.
    pub document: &'a Document,
    /// Its text in Markdown: what chunks are places in.
    pub text: &'a str,
    /// Its chunks.
    pub chunks: &'a [IndexedChunk],
    /// The plan to remove its vectors, made before they were put into the vector store; it is given up with this.
    pub planned: Option<Uuid>,
    /// The task that takes it in, which is completed with this, and what it says.
    pub task: Option<(&'a Claim, &'a serde_json::Value)>,
}

/// Where a chunk stands in its document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// The page, slide or sheet it begins on, from 1; `None` when its kind of document has none.
    pub page: Option<u32>,
    /// Its first character in the document's text, from 0.
    pub start: u32,
    /// The one after its last.
    pub end: u32,
}

/// A piece of a document, small enough to retrieve and quote.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// Its id.
    pub id: ChunkId,
    /// The document it was cut from.
    pub document: DocumentId,
    /// Its number in the document, from 0.
    pub ordinal: u32,
    /// The headings above it, outermost first; the document's title is not repeated.
    pub heading_path: Vec<String>,
    /// The text as a reader sees it. A part of a table has the table's header above it.
    pub text: String,
    /// Tokens of the text.
    pub token_count: u32,
    /// Where it stands.
    pub place: Place,
}

/// A chunk with what it is found by.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexedChunk {
    /// The chunk.
    pub chunk: Chunk,
    /// Index terms of the document's title and the heading path, with repetitions, in order.
    pub heading_terms: Vec<String>,
    /// Index terms of the text, with repetitions, in order.
    pub text_terms: Vec<String>,
}

/// What is known of a collection: how its chunks are embedded and where the vectors are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionInfo {
    /// The store.
    pub store: StoreId,
    /// Its name.
    pub name: Collection,
    /// The vector store's name.
    pub vector_store: String,
    /// What its chunks are embedded by.
    pub embedding: EmbeddingSpec,
    /// When its first document was about to be stored.
    pub created_at: Timestamp,
}

/// Vectors to be removed from a vector store, because their chunks are gone or never came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VectorRemoval {
    /// The plan.
    pub id: Uuid,
    /// The store.
    pub store: StoreId,
    /// Where the vectors are.
    pub vector_store: String,
    /// What they were made by.
    pub embedding: EmbeddingSpec,
    /// Their chunks.
    pub chunks: Vec<ChunkId>,
    /// Not before this time.
    pub due_at: Timestamp,
}
