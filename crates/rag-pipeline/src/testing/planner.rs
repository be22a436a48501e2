use std::sync::Arc;

use async_trait::async_trait;
use kernel::testing::{ManualClock, SequentialIds};
use kernel::{ChunkId, Clock, DocumentId, StoreId};
use serde_json::json;

use super::{MemoryDocuments, MemoryVectors};
use crate::model::{
    Chunk, Collection, Document, DocumentStatus, DocumentVersion, EmbeddingSpec, IndexedChunk, ModelError, Place,
    VectorPoint,
};
use crate::planner::AnswerPlanner;
use crate::ports::{DocumentRepository, Embedder, VectorStore};
use crate::retrieval::Retriever;

const VECTOR: [f32; 2] = [1.0, 0.0];

/// An embedder to which all texts are alike.
pub struct OneVector;

#[async_trait]
impl Embedder for OneVector {
    fn name(&self) -> String {
        "one-vector".into()
    }

    fn dimension(&self) -> usize {
        VECTOR.len()
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        Ok(vec![VECTOR.to_vec(); texts.len()])
    }
}

/// A document that is one passage.
#[derive(Debug, Clone, Copy)]
pub struct Passage<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its title, which is its heading too.
    pub title: &'a str,
    /// Its address.
    pub url: Option<&'a str>,
    /// What it says.
    pub text: &'a str,
}

/// A planner over these documents of a store, in memory.
///
/// # Panics
/// When an id is not one.
pub async fn planner_over(store: &StoreId, passages: &[Passage<'_>]) -> AnswerPlanner {
    AnswerPlanner::new(Arc::new(retriever_over(store, passages).await))
}

/// A retriever over these documents of a store, in memory, to which all are equally near.
///
/// # Panics
/// When an id is not one.
#[allow(clippy::expect_used)] // a test's own constants
pub async fn retriever_over(store: &StoreId, passages: &[Passage<'_>]) -> Retriever {
    let documents = Arc::new(MemoryDocuments::default());
    let vectors = Arc::new(MemoryVectors::default());
    let spec = EmbeddingSpec { embedder: OneVector.name(), dimension: VECTOR.len() as u32 };
    vectors.prepare(&spec).await.expect("memory takes it");
    let (ids, now) = (SequentialIds::default(), ManualClock::new().now());
    for passage in passages {
        let id = DocumentId::new(passage.id).expect("a valid id");
        let document = Document {
            store: store.clone(),
            id: id.clone(),
            collection: Collection::new("help").expect("a valid name"),
            title: passage.title.to_owned(),
            url: passage.url.map(str::to_owned),
            metadata: json!({}),
            content_hash: String::new(),
            embedding: Some(spec.clone()),
            status: DocumentStatus::Ready,
            failure: None,
            chunk_count: 1,
            page_count: 0,
            created_at: now,
            updated_at: now,
        };
        let chunk = Chunk {
            id: ChunkId::generate(&ids),
            document: id,
            ordinal: 0,
            heading_path: Vec::new(),
            text: passage.text.to_owned(),
            token_count: 20,
            place: Place::default(),
        };
        let indexed = IndexedChunk {
            heading_terms: korean_text::index_terms(passage.title),
            text_terms: korean_text::index_terms(passage.text),
            chunk,
        };
        let point = VectorPoint {
            chunk: indexed.chunk.id,
            document: document.id.clone(),
            collection: document.collection.clone(),
            vector: VECTOR.to_vec(),
        };
        vectors.upsert(&spec, store, &[point]).await.expect("memory takes it");
        let (chunks, text) = ([indexed], passage.text);
        let version = DocumentVersion { document: &document, text, chunks: &chunks, planned: None, task: None };
        documents.replace(&version).await.expect("memory takes it");
    }
    Retriever::new(documents.clone(), documents, vectors, Arc::new(OneVector))
}
