use kernel::{ChunkId, DocumentId, StoreId, Timestamp};
use korean_text::index_terms;
use serde_json::json;

use crate::model::{Chunk, Collection, Document, DocumentStatus, IndexedChunk, Scope};

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
        status: DocumentStatus::Ready,
        chunk_count: 1,
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
        },
        heading_terms: index_terms(heading),
        text_terms: index_terms(text),
        embedding: vec![0.6, 0.8, 0.0],
    }
}

pub(super) fn embedded(number: u128, document: &str, embedding: Vec<f32>) -> IndexedChunk {
    IndexedChunk { embedding, ..chunk(number, document, number as u32, "제목", "글") }
}

pub(super) fn chunk_id(number: u128) -> ChunkId {
    format!("00000000-0000-7000-8000-{number:012x}").parse().unwrap()
}

pub(super) fn terms(text: &str) -> Vec<String> {
    index_terms(text)
}
