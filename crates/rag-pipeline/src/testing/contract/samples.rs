use kernel::{ChunkId, DocumentId, RepositoryError, StoreId, Timestamp};
use korean_text::index_terms;
use serde_json::json;

use crate::model::{
    Chunk, Collection, Document, DocumentStatus, DocumentVersion, EmbeddingSpec, IndexedChunk, Place, Scope,
};
use crate::ports::DocumentRepository;

pub(super) fn store(name: &str) -> StoreId {
    StoreId::new(name).unwrap()
}

pub(super) fn id(name: &str) -> DocumentId {
    DocumentId::new(name).unwrap()
}

pub(super) fn scope(store_name: &str) -> Scope {
    Scope { store: store(store_name), collections: Vec::new() }
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_795_132_800_000_000 + seconds * 1_000_000 + 7).unwrap()
}

pub(super) fn document(store_name: &str, name: &str) -> Document {
    Document {
        store: store(store_name),
        id: id(name),
        collection: Collection::new("help").unwrap(),
        title: format!("{name} 안내"),
        url: Some(format!("https://shop.example/{name}")),
        metadata: json!({"source": "test", "tags": ["가", "b"], "n": 1}),
        content_hash: "ab".repeat(32),
        embedding: Some(spec("three", 3)),
        status: DocumentStatus::Ready,
        failure: None,
        chunk_count: 1,
        page_count: 4,
        created_at: at(0),
        updated_at: at(5),
    }
}

/// A chunk whose id is the number, with the terms of its heading and text.
pub(super) fn chunk(number: u128, document: &str, ordinal: u32, heading: &str, text: &str) -> IndexedChunk {
    IndexedChunk {
        chunk: Chunk {
            id: chunk_id(number),
            document: id(document),
            ordinal,
            heading_path: vec![heading.to_owned()],
            text: text.to_owned(),
            token_count: 12,
            place: Place { page: Some(ordinal + 1), start: 7 * ordinal, end: 7 * ordinal + 7 },
        },
        heading_terms: index_terms(heading),
        text_terms: index_terms(text),
    }
}

pub(super) fn spec(embedder: &str, dimension: u32) -> EmbeddingSpec {
    EmbeddingSpec { embedder: embedder.to_owned(), dimension }
}

/// Stores a document with its chunks, without a task or a plan.
pub(super) async fn put(
    documents: &dyn DocumentRepository,
    document: &Document,
    chunks: &[IndexedChunk],
) -> Result<(), RepositoryError> {
    let text = &format!("{} 글", document.title);
    documents.replace(&DocumentVersion { document, text, chunks, planned: None, task: None }).await
}

pub(super) fn chunk_id(number: u128) -> ChunkId {
    format!("00000000-0000-7000-8000-{number:012x}").parse().unwrap()
}

pub(super) fn terms(text: &str) -> Vec<String> {
    index_terms(text)
}
