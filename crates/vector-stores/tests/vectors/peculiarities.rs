//! What is particular to one vector store.

mod qdrant {
    use std::sync::Arc;

    use rag_pipeline::model::VectorError;
    use rag_pipeline::ports::VectorStore;
    use serde_json::json;
    use vector_stores::{QdrantOptions, QdrantStore};

    use crate::support::qdrant::Qdrant;
    use crate::support::wire::{Asked, Reply, Served};
    use crate::support::{key, limits, point, spec, store};

    fn qdrant(served: &Served) -> QdrantStore {
        let options = QdrantOptions { api_key: Some(key()), limits: limits(), ..QdrantOptions::new(&served.url) };
        QdrantStore::new(options).unwrap()
    }

    #[tokio::test]
    async fn a_collection_is_indexed_by_store_as_its_tenant_and_by_collection() {
        let server = Arc::new(Qdrant::default());
        let served = Served::new(server.clone()).await;
        let qdrant = qdrant(&served);
        qdrant.prepare(&spec(8)).await.unwrap();
        let indexes = server.indexes(&qdrant.collection(&spec(8)));
        assert_eq!(indexes["store"], json!({ "type": "keyword", "is_tenant": true }));
        assert_eq!(indexes["collection"], json!({ "type": "keyword", "is_tenant": false }));
    }

    /// Whoever made the collection died before its indexes were there.
    #[tokio::test]
    async fn indexes_that_are_missing_are_made_once() {
        let server = Arc::new(Qdrant::default());
        let served = Served::new(server.clone()).await;
        let qdrant = qdrant(&served);
        server.occupy(&qdrant.collection(&spec(8)), 8, "Cosine");
        qdrant.prepare(&spec(8)).await.unwrap();
        assert_eq!(server.indexes(&qdrant.collection(&spec(8))).len(), 2);
        let asked = served.asked().len();
        qdrant.prepare(&spec(8)).await.unwrap();
        assert_eq!(served.asked().len(), asked + 1);
    }

    #[tokio::test]
    async fn a_collection_that_compares_otherwise_is_refused() {
        let server = Arc::new(Qdrant::default());
        let served = Served::new(server.clone()).await;
        let qdrant = qdrant(&served);
        server.occupy(&qdrant.collection(&spec(8)), 8, "Euclid");
        let refused = qdrant.prepare(&spec(8)).await;
        assert!(matches!(&refused, Err(VectorError::Permanent(why)) if why.contains("cosine")), "{refused:?}");
    }

    #[tokio::test]
    async fn putting_points_where_nothing_was_prepared_is_told_in_the_servers_words() {
        let served = Served::new(Arc::new(Qdrant::default())).await;
        let refused = qdrant(&served).upsert(&spec(8), &store("a"), &[point(1, vec![1.0; 8])]).await;
        assert!(matches!(&refused, Err(VectorError::Permanent(why)) if why.contains("doesn't exist")), "{refused:?}");
    }

    /// A write that Qdrant has only noted is not yet found by whoever asks.
    #[tokio::test]
    async fn a_write_that_was_only_noted_does_not_count() {
        for status in ["acknowledged", "wait_timeout"] {
            let noted = json!({ "result": { "operation_id": 1, "status": status }, "status": "ok", "time": 0.1 });
            let served = Served::new(Arc::new(move |_: &Asked| Reply::json(200, &noted))).await;
            let written = qdrant(&served).upsert(&spec(8), &store("a"), &[point(1, vec![1.0; 8])]).await;
            assert!(matches!(written, Err(VectorError::Transient { .. })), "{written:?}");
        }
    }
}

mod chroma {
    use std::sync::Arc;

    use rag_pipeline::model::{Scope, VectorError};
    use rag_pipeline::ports::VectorStore;
    use serde_json::json;
    use vector_stores::{ChromaKey, ChromaOptions, ChromaStore, Prefix};

    use crate::support::wire::{Asked, Reply, Served};
    use crate::support::{KEY, client, key, limits, point, spec, store};

    const COLLECTIONS: &str = "/api/v2/tenants/default_tenant/databases/default_database/collections";

    fn room(dimension: Option<u32>, space: &str) -> Reply {
        let configuration = json!({ "hnsw": { "space": space }, "spann": null });
        let said = json!({
            "id": "1", "name": "n", "dimension": null, "configuration_json": configuration,
            "metadata": dimension.map(|dimension| json!({ "dimension": dimension })),
        });
        Reply::json(200, &said)
    }

    async fn prepared(reply: Reply) -> Result<(), VectorError> {
        let served = Served::new(Arc::new(move |_: &Asked| reply.clone())).await;
        let options = ChromaOptions { limits: limits(), ..ChromaOptions::new(&served.url) };
        ChromaStore::new(options).unwrap().prepare(&spec(8)).await
    }

    /// A collection has no length before its first record, but we note the one it is for.
    #[tokio::test]
    async fn a_collection_without_records_is_known_by_its_note() {
        let mismatch = VectorError::Mismatch { store: "chroma".into(), kept: 9, given: 8 };
        assert_eq!(prepared(room(Some(9), "cosine")).await, Err(mismatch));
        assert_eq!(prepared(room(Some(8), "cosine")).await, Ok(()));
        assert_eq!(prepared(room(None, "cosine")).await, Ok(()));
    }

    #[tokio::test]
    async fn a_collection_that_compares_otherwise_is_refused() {
        let refused = prepared(room(Some(8), "l2")).await;
        assert!(matches!(&refused, Err(VectorError::Permanent(why)) if why.contains("cosine")), "{refused:?}");
    }

    #[tokio::test]
    async fn the_key_goes_where_it_is_wanted() {
        let wanted = [
            (ChromaKey::Token(key()), "x-chroma-token", KEY.to_owned()),
            (ChromaKey::Bearer(key()), "authorization", format!("Bearer {KEY}")),
        ];
        for (key, header, value) in wanted {
            let served = Served::new(Arc::new(|_: &Asked| room(None, "cosine"))).await;
            let options = ChromaOptions { key: Some(key), limits: limits(), ..ChromaOptions::new(&served.url) };
            ChromaStore::new(options).unwrap().prepare(&spec(8)).await.unwrap();
            assert_eq!(served.asked()[0].header(header), Some(value.as_str()));
        }
    }

    #[tokio::test]
    async fn a_collection_that_was_removed_and_made_anew_is_found_again() {
        let server = test_support::require!(test_support::chroma::server().await);
        let prefix = Prefix::new(test_support::chroma::prefix()).unwrap();
        let options = ChromaOptions { prefix, limits: limits(), ..ChromaOptions::new(server.url()) };
        let [ours, theirs] = [options.clone(), options].map(|options| ChromaStore::new(options).unwrap());
        let points = [point(1, vec![1.0; 8])];
        ours.prepare(&spec(8)).await.unwrap();
        ours.upsert(&spec(8), &store("a"), &points).await.unwrap();

        let url = format!("{}{COLLECTIONS}/{}", server.url(), ours.collection(&spec(8)));
        client().delete(url).send().await.unwrap().error_for_status().unwrap();
        let everywhere = Scope { store: store("a"), collections: Vec::new() };
        assert_eq!(ours.search(&spec(8), &everywhere, &[1.0; 8], 3).await, Ok(Vec::new()));
        let unprepared = ours.upsert(&spec(8), &store("a"), &points).await;
        assert!(matches!(&unprepared, Err(VectorError::Permanent(why)) if why.contains("prepared")), "{unprepared:?}");

        theirs.prepare(&spec(8)).await.unwrap();
        ours.upsert(&spec(8), &store("a"), &points).await.unwrap();
        assert_eq!(theirs.count(&spec(8), &store("a")).await, Ok(1));
    }

    #[tokio::test]
    async fn a_database_that_is_not_there_is_told_in_the_servers_words() {
        let server = test_support::require!(test_support::chroma::server().await);
        let options =
            ChromaOptions { database: "no/where".into(), limits: limits(), ..ChromaOptions::new(server.url()) };
        let refused = ChromaStore::new(options).unwrap().prepare(&spec(8)).await;
        assert!(matches!(&refused, Err(VectorError::Permanent(why)) if why.contains("no/where")), "{refused:?}");
    }

    /// Beyond what one page of ids or one round through its graph holds.
    #[tokio::test]
    async fn a_wide_search_and_a_long_count_are_whole() {
        let server = test_support::require!(test_support::chroma::server().await);
        let prefix = Prefix::new(test_support::chroma::prefix()).unwrap();
        let options = ChromaOptions { prefix, limits: limits(), ..ChromaOptions::new(server.url()) };
        let chroma = ChromaStore::new(options).unwrap();
        chroma.prepare(&spec(8)).await.unwrap();
        let angle = |n: u32| vec![(n as f32 / 900.0).cos(), (n as f32 / 900.0).sin(), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let points: Vec<_> = (0..900).map(|n| point(n, angle(n))).collect();
        chroma.upsert(&spec(8), &store("a"), &points).await.unwrap();
        assert_eq!(chroma.count(&spec(8), &store("a")).await, Ok(900));
        let everywhere = Scope { store: store("a"), collections: Vec::new() };
        let hits = chroma.search(&spec(8), &everywhere, &angle(0), 600).await.unwrap();
        assert_eq!(hits.len(), 600);
        assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
    }
}

mod pinecone {
    use std::sync::Arc;

    use rag_pipeline::model::{Scope, VectorError};
    use rag_pipeline::ports::VectorStore;
    use vector_stores::{PineconeIndex, PineconeOptions, PineconeStore};

    use crate::support::pinecone::Pinecone;
    use crate::support::wire::Served;
    use crate::support::{chunk, key, limits, point, spec, store};

    fn named(served: &Served, index: &str) -> PineconeStore {
        let index = PineconeIndex::Name(index.into());
        let options =
            PineconeOptions { control: served.url.clone(), limits: limits(), ..PineconeOptions::new(key(), index) };
        PineconeStore::new(options).unwrap()
    }

    #[tokio::test]
    async fn the_host_of_an_index_is_asked_for_once() {
        let served = Served::new(Arc::new(Pinecone::new(8))).await;
        let pinecone = named(&served, "shop");
        for _ in 0..3 {
            pinecone.prepare(&spec(8)).await.unwrap();
        }
        let asked = served.asked();
        assert_eq!(asked.iter().filter(|asked| asked.path == "/indexes/shop").count(), 1);
        assert_eq!(asked.len(), 4);
    }

    #[tokio::test]
    async fn an_index_at_a_known_host_is_not_asked_for() {
        let served = Served::new(Arc::new(Pinecone::new(8))).await;
        let index = PineconeIndex::Host(served.url.clone());
        let options = PineconeOptions { limits: limits(), ..PineconeOptions::new(key(), index) };
        PineconeStore::new(options).unwrap().prepare(&spec(8)).await.unwrap();
        assert_eq!(served.asked().len(), 1);
    }

    #[tokio::test]
    async fn an_index_that_is_not_there_is_to_be_made() {
        let served = Served::new(Arc::new(Pinecone::new(8))).await;
        let refused = named(&served, "shoes").prepare(&spec(8)).await;
        let Err(VectorError::Permanent(why)) = &refused else {
            panic!("{refused:?}");
        };
        assert!(why.contains("no index \"shoes\": make one"), "{why}");
    }

    #[tokio::test]
    async fn an_index_that_is_being_made_is_waited_for() {
        let served = Served::new(Arc::new(Pinecone { ready: false, ..Pinecone::new(8) })).await;
        let refused = named(&served, "shop").prepare(&spec(8)).await;
        let Err(VectorError::Transient { message, .. }) = &refused else {
            panic!("{refused:?}");
        };
        assert!(message.contains("not ready yet (Initializing)"), "{message}");
    }

    #[tokio::test]
    async fn an_index_that_compares_otherwise_is_refused() {
        for (metric, dimension, fits) in
            [("dotproduct", Some(8), true), ("euclidean", Some(8), false), ("dotproduct", None, false)]
        {
            let served = Served::new(Arc::new(Pinecone { dimension, metric, ..Pinecone::new(8) })).await;
            let prepared = named(&served, "shop").prepare(&spec(8)).await;
            assert_eq!(prepared.is_ok(), fits, "{metric}");
            assert!(fits || matches!(prepared, Err(VectorError::Permanent(_))));
        }
    }

    /// The stand-in refuses more than two megabytes in one request.
    #[tokio::test]
    async fn long_vectors_go_in_requests_that_pinecone_takes() {
        let server = Arc::new(Pinecone::new(1_536));
        let served = Served::new(server.clone()).await;
        let pinecone = named(&served, "shop");
        let long = |n: u32| (0..1_536).map(|i| ((n * 31 + i) as f32).sin() / 39.2).collect();
        let points: Vec<_> = (0..300).map(|n| point(n, long(n))).collect();
        pinecone.upsert(&spec(1_536), &store("a"), &points).await.unwrap();
        server.settle();
        assert_eq!(pinecone.count(&spec(1_536), &store("a")).await, Ok(300));
        let requests = served.asked().iter().filter(|asked| asked.path == "/vectors/upsert").count();
        assert!((2..10).contains(&requests), "{requests}");
    }

    #[tokio::test]
    async fn a_point_that_lost_its_direction_is_removed() {
        let server = Arc::new(Pinecone::new(8));
        let served = Served::new(server.clone()).await;
        let pinecone = named(&served, "shop");
        for points in
            [[point(1, vec![1.0; 8]), point(2, vec![1.0; 8])], [point(1, vec![0.0; 8]), point(3, vec![1.0; 8])]]
        {
            pinecone.upsert(&spec(8), &store("a"), &points).await.unwrap();
            server.settle();
        }
        let everywhere = Scope { store: store("a"), collections: Vec::new() };
        let hits = pinecone.search(&spec(8), &everywhere, &[1.0; 8], 9).await.unwrap();
        assert_eq!(hits.iter().map(|hit| hit.chunk).collect::<Vec<_>>(), [2, 3].map(chunk));
    }
}
