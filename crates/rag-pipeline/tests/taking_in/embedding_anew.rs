//! Another embedder.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::testing::SequentialIds;
use rag_pipeline::ingest::Ingestor;
use rag_pipeline::model::{EmbeddingSpec, ModelError, RawDocument};
use rag_pipeline::ports::{CollectionRepository, Embedder};
use rag_pipeline::reindex::Reindexer;
use rag_pipeline::testing::ports_in_memory;

use crate::shop::{Pages, Shop, help, store};

/// Another embedder, of another length.
struct Longer;

#[async_trait]
impl Embedder for Longer {
    fn name(&self) -> String {
        "longer-1".into()
    }

    fn dimension(&self) -> usize {
        3
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        Ok(vec![vec![0.0, 0.6, 0.8]; texts.len()])
    }
}

#[tokio::test]
async fn another_embedder_is_refused_until_the_collection_is_embedded_anew() {
    let shop = Shop::new();
    shop.submit("d", "배송은 이틀 걸립니다.").await;
    shop.work().await.1.unwrap();
    let ids = Arc::new(SequentialIds::default());
    let ports =
        ports_in_memory(&shop.documents, &shop.vectors, Arc::new(Pages), Arc::new(Longer), shop.clock.clone(), ids);
    let other = Ingestor::new(ports);
    let raw = RawDocument { name: "e.txt".into(), media_type: None, bytes: "교환은 7일".into() };
    let new = || rag_pipeline::ingest::NewDocument::from(raw.clone());
    let refused = other.ingest(&store(), &help(), new(), &rag_pipeline::ingest::NoDesk).await.unwrap_err();
    assert!(refused.to_string().contains("iyagi reindex"), "{refused}");
    let reindexer = Reindexer::new(
        shop.documents.clone(),
        shop.documents.clone(),
        Arc::new(Longer),
        shop.vectors.clone(),
        shop.clock.clone(),
    );
    let outdated = reindexer.outdated(None, None, false).await.unwrap();
    assert_eq!(outdated.len(), 1);
    let done = reindexer.reindex(&outdated[0], |_| {}).await.unwrap();
    assert_eq!((done.documents, done.chunks), (1, 1));
    assert!(reindexer.outdated(None, None, false).await.unwrap().is_empty());
    let spec = EmbeddingSpec { embedder: "longer-1".into(), dimension: 3 };
    assert_eq!(shop.vectors.points(&spec, &store()).len(), 1);
    // The old vectors go with the next round of upkeep, although their chunks are still there.
    shop.worker.sweep().await.unwrap();
    assert!(shop.vectors.points(&shop.spec(), &store()).is_empty());
    let known = CollectionRepository::find(shop.documents.as_ref(), &store(), &help()).await.unwrap().unwrap();
    assert_eq!(known.embedding, spec);
}
