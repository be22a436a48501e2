//! Servers that stand in for the real ones, and stores that use them.

pub(crate) mod pinecone;
pub(crate) mod qdrant;
pub(crate) mod wire;

use std::time::Duration;

use kernel::{ChunkId, DocumentId, StoreId};
use rag_pipeline::model::{Collection, EmbeddingSpec, VectorPoint};
use reqwest::Client;
use vector_stores::{HttpLimits, Secret};

/// The key that all servers here want.
pub(crate) const KEY: &str = "sk-hunter2-vectors";

pub(crate) fn key() -> Secret {
    Secret::new(KEY)
}

/// Patient with a machine that is busy with tests, quick to ask again.
pub(crate) fn limits() -> HttpLimits {
    HttpLimits {
        connect: Duration::from_secs(20),
        attempt: Duration::from_mins(1),
        total: Duration::from_secs(90),
        first_pause: Duration::from_millis(1),
        ..HttpLimits::default()
    }
}

/// A client to talk to a server past its store.
pub(crate) fn client() -> Client {
    // reqwest asks for a provider even where there is no TLS. Another test may have been quicker, with the same.
    rustls::crypto::ring::default_provider().install_default().ok();
    Client::builder().tls_certs_only([]).build().unwrap()
}

pub(crate) fn spec(dimension: u32) -> EmbeddingSpec {
    EmbeddingSpec { embedder: "e5".into(), dimension }
}

pub(crate) fn store(name: &str) -> StoreId {
    StoreId::new(name).unwrap()
}

pub(crate) fn chunk(number: u32) -> ChunkId {
    format!("00000000-0000-7000-8000-{number:012x}").parse().unwrap()
}

pub(crate) fn point(number: u32, vector: Vec<f32>) -> VectorPoint {
    VectorPoint {
        chunk: chunk(number),
        document: DocumentId::new("d").unwrap(),
        collection: Collection::new("help").unwrap(),
        vector,
    }
}

/// Cosine, as all of them compare.
pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { dot(a, b) / lengths } else { 0.0 }
}
