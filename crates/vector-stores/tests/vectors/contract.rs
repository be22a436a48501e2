//! The contract of the port, with each vector store: Chroma's own server, and stand-ins that speak what Qdrant and
//! Pinecone document.

mod chroma {
    use std::sync::Arc;

    use rag_pipeline::testing::VectorFixture;
    use rag_pipeline::testing::contract::vectors::{DIMENSION, kind};
    use serde_json::{Value, json};
    use vector_stores::{ChromaOptions, ChromaStore, Prefix};

    use crate::support::{client, limits};

    rag_pipeline::vector_store_contract!(async { fixture().await });

    /// An empty part of the server that all tests share; `None` without one.
    async fn fixture() -> Option<VectorFixture<()>> {
        let server = match test_support::chroma::server().await {
            Ok(server) => server,
            Err(unavailable) => {
                test_support::skip_or_panic(&unavailable);
                return None;
            }
        };
        let prefix = Prefix::new(test_support::chroma::prefix()).unwrap();
        let options = ChromaOptions { prefix, limits: limits(), ..ChromaOptions::new(server.url()) };
        let chroma = ChromaStore::new(options).unwrap();
        let other = kind("of another length");
        occupy(server.url(), &chroma.collection(&other)).await;
        Some(VectorFixture::new(Arc::new(chroma), (other, DIMENSION + 1), ()))
    }

    /// Makes a collection whose first record settles its length.
    async fn occupy(url: &str, name: &str) {
        let collections = format!("{url}/api/v2/tenants/default_tenant/databases/default_database/collections");
        let cosine = json!({ "name": name, "configuration": { "hnsw": { "space": "cosine" } } });
        let made: Value = post(&collections, &cosine).await;
        let id = made["id"].as_str().unwrap();
        let vector = vec![1.0; DIMENSION as usize + 1];
        post(&format!("{collections}/{id}/upsert"), &json!({ "ids": ["other"], "embeddings": [vector] })).await;
    }

    async fn post(url: &str, body: &Value) -> Value {
        let answer = client().post(url).json(body).send().await.unwrap().error_for_status().unwrap();
        answer.json().await.unwrap()
    }
}

mod qdrant {
    use std::sync::Arc;

    use rag_pipeline::testing::VectorFixture;
    use rag_pipeline::testing::contract::vectors::{DIMENSION, kind};
    use vector_stores::{QdrantOptions, QdrantStore};

    use crate::support::qdrant::Qdrant;
    use crate::support::wire::Served;
    use crate::support::{key, limits};

    rag_pipeline::vector_store_contract!(async {
        let server = Arc::new(Qdrant::default());
        let served = Served::new(server.clone()).await;
        let options = QdrantOptions { api_key: Some(key()), limits: limits(), ..QdrantOptions::new(&served.url) };
        let qdrant = QdrantStore::new(options).unwrap();
        let other = kind("of another length");
        server.occupy(&qdrant.collection(&other), DIMENSION as usize + 1, "Cosine");
        Some(VectorFixture::new(Arc::new(qdrant), (other, DIMENSION + 1), served))
    });
}

mod pinecone {
    use std::sync::Arc;

    use rag_pipeline::model::EmbeddingSpec;
    use rag_pipeline::testing::VectorFixture;
    use rag_pipeline::testing::contract::vectors::DIMENSION;
    use vector_stores::{PineconeIndex, PineconeOptions, PineconeStore};

    use crate::support::pinecone::Pinecone;
    use crate::support::wire::Served;
    use crate::support::{key, limits};

    rag_pipeline::vector_store_contract!(async {
        let server = Arc::new(Pinecone::new(DIMENSION));
        let served = Served::new(server.clone()).await;
        let index = PineconeIndex::Name("shop".into());
        let control = served.url.clone();
        let options = PineconeOptions { control, limits: limits(), ..PineconeOptions::new(key(), index) };
        let pinecone = Arc::new(PineconeStore::new(options).unwrap());
        // An index has vectors of one length, whatever the kind.
        let longer = EmbeddingSpec { embedder: "of another length".into(), dimension: DIMENSION + 1 };
        let fixture = VectorFixture::new(pinecone, (longer, DIMENSION), served);
        Some(fixture.settling(move || {
            let server = server.clone();
            Box::pin(async move { server.settle() })
        }))
    });
}
