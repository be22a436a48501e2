//! What comes of servers that refuse, are busy, break or say nothing: the same for every vector store.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::wire::{Asked, Reply, Served, lock};
use crate::support::{KEY, key, limits, spec};
use rag_pipeline::model::VectorError;
use rag_pipeline::ports::VectorStore;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use vector_stores::{
    ChromaKey, ChromaOptions, ChromaStore, HttpLimits, PineconeIndex, PineconeOptions, PineconeStore, QdrantOptions,
    QdrantStore,
};

/// The stores, each with what its server answers when a kind of length 8 is prepared.
fn stores(url: &str, limits: HttpLimits) -> Vec<(Arc<dyn VectorStore>, Value)> {
    let qdrant = QdrantOptions { api_key: Some(key()), limits, ..QdrantOptions::new(url) };
    let chroma = ChromaOptions { key: Some(ChromaKey::Token(key())), limits, ..ChromaOptions::new(url) };
    let pinecone = PineconeOptions { limits, ..PineconeOptions::new(key(), PineconeIndex::Host(url.into())) };
    let info = json!({ "result": {
        "config": { "params": { "vectors": { "size": 8, "distance": "Cosine" } } },
        "payload_schema": { "store": {}, "collection": {} },
    } });
    let room = json!({ "id": "1", "configuration_json": { "hnsw": { "space": "cosine" } } });
    vec![
        (Arc::new(QdrantStore::new(qdrant).unwrap()), info),
        (Arc::new(ChromaStore::new(chroma).unwrap()), room),
        (Arc::new(PineconeStore::new(pinecone).unwrap()), json!({ "dimension": 8, "metric": "cosine" })),
    ]
}

/// How many there are.
const STORES: usize = 3;

/// What came of preparing a kind, and how often the server was asked.
struct Outcome {
    result: Result<(), VectorError>,
    asked: usize,
    took: Duration,
    shown: String,
}

/// Prepares a kind with each store, whose server gives these replies and then the right one.
async fn after(replies: &[Reply], limits: HttpLimits) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for which in 0..STORES {
        let right = Arc::new(Mutex::new(Value::Null));
        let (queue, last) = (Mutex::new(VecDeque::from(replies.to_vec())), right.clone());
        let answer = move |_: &Asked| lock(&queue).pop_front().unwrap_or_else(|| Reply::json(200, &lock(&last)));
        let served = Served::new(Arc::new(answer)).await;
        let (store, success) = stores(&served.url, limits).swap_remove(which);
        *lock(&right) = success;
        let begun = Instant::now();
        let result = store.prepare(&spec(8)).await;
        let shown = result.as_ref().err().map_or_else(String::new, |error| format!("{error} {error:?}"));
        outcomes.push(Outcome { result, asked: served.asked().len(), took: begun.elapsed(), shown });
    }
    outcomes
}

fn transient(outcome: &Outcome) -> (&str, Option<u64>) {
    match &outcome.result {
        Err(VectorError::Transient { message, retry_after }) => (message, *retry_after),
        other => panic!("not transient: {other:?}"),
    }
}

fn permanent(outcome: &Outcome) -> &str {
    match &outcome.result {
        Err(VectorError::Permanent(message)) => message,
        other => panic!("not permanent: {other:?}"),
    }
}

fn busy(seconds: &str) -> Reply {
    Reply::Says(429, vec![("Retry-After", seconds.into())], "slow down".into())
}

#[tokio::test]
async fn a_wrong_key_is_told_in_the_servers_words_and_not_tried_again() {
    for status in [401, 403] {
        for outcome in after(&[Reply::text(status, "Invalid API key or JWT")], limits()).await {
            let message = permanent(&outcome);
            assert!(message.ends_with(&format!("answered {status}: Invalid API key or JWT")), "{message}");
            assert_eq!(outcome.asked, 1);
        }
    }
}

#[tokio::test]
async fn a_busy_server_is_asked_again_when_it_wants_to_be() {
    for outcome in after(&[busy("1")], limits()).await {
        assert_eq!(outcome.result, Ok(()));
        assert_eq!(outcome.asked, 2);
        assert!(outcome.took >= Duration::from_secs(1), "{:?}", outcome.took);
    }
}

#[tokio::test]
async fn a_server_that_is_busy_for_long_is_left_alone_and_the_caller_is_told_until_when() {
    for outcome in after(&[busy("120")], limits()).await {
        let (message, retry_after) = transient(&outcome);
        assert!(message.ends_with("answered 429: slow down"), "{message}");
        assert_eq!((retry_after, outcome.asked), (Some(120), 1));
    }
}

#[tokio::test]
async fn errors_that_pass_are_not_noticed() {
    let errors = [Reply::text(500, "oops"), Reply::HangsUp, Reply::text(503, "")];
    for outcome in after(&errors, limits()).await {
        assert_eq!(outcome.result, Ok(()));
        assert_eq!(outcome.asked, 4);
    }
}

#[tokio::test]
async fn an_error_that_stays_is_told_after_as_many_attempts_as_allowed() {
    let errors = vec![Reply::text(502, "<html>bad gateway</html>"); 20];
    for outcome in after(&errors, HttpLimits { attempts: 3, ..limits() }).await {
        let (message, retry_after) = transient(&outcome);
        assert!(message.ends_with("answered 502: <html>bad gateway</html>"), "{message}");
        assert_eq!((retry_after, outcome.asked), (None, 3));
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up_after_its_time() {
    let quick = HttpLimits { attempt: Duration::from_millis(100), attempts: 2, ..limits() };
    for outcome in after(&[Reply::IsSilent, Reply::IsSilent], quick).await {
        assert!(transient(&outcome).0.contains("did not answer in time"), "{}", outcome.shown);
        assert_eq!(outcome.asked, 2);
    }
}

#[tokio::test]
async fn all_attempts_together_have_a_limit_of_time() {
    let quick = HttpLimits { total: Duration::from_millis(200), ..limits() };
    for outcome in after(&[Reply::IsSilent], quick).await {
        assert!(transient(&outcome).0.contains("did not answer within 200ms"), "{}", outcome.shown);
        assert!(outcome.took < Duration::from_secs(30), "{:?}", outcome.took);
    }
}

#[tokio::test]
async fn where_nobody_listens_is_unreachable_for_now() {
    let nobody = format!("http://127.0.0.1:{}", test_support::ports::free().unwrap());
    for (store, _) in stores(&nobody, limits()) {
        let Err(VectorError::Transient { message, retry_after: None }) = store.prepare(&spec(8)).await else {
            panic!("somebody listens");
        };
        assert!(message.contains("cannot be reached: Connection refused"), "{message}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    for outcome in after(&[Reply::Breaks("{\"result\":".into())], limits()).await {
        assert_eq!(outcome.result, Ok(()));
        assert_eq!(outcome.asked, 2);
    }
}

#[tokio::test]
async fn an_answer_of_something_else_is_told_as_such() {
    for body in ["<html>welcome</html>", "", "[1,2", "{}", "null", "{\"result\":3}"] {
        for outcome in after(&[Reply::text(200, body)], limits()).await {
            // An index of Pinecone without a dimension is one of sparse vectors.
            let message = permanent(&outcome);
            assert!(message.contains("is the address right?") || message.contains("sparse"), "{message}");
            assert_eq!(outcome.asked, 1);
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_so_that_the_key_stays_where_it_belongs() {
    let elsewhere = Served::new(Arc::new(|_: &Asked| Reply::text(200, "{}"))).await;
    let redirect = Reply::Says(307, vec![("Location", elsewhere.url.clone())], String::new());
    for outcome in after(&[redirect], limits()).await {
        assert!(permanent(&outcome).contains("set the address it is really at"), "{}", outcome.shown);
    }
    assert!(elsewhere.asked().is_empty());
}

/// Qdrant behind TLS; `None` on a machine without certificates, which is told before anything is asked.
fn encrypted(port: u16) -> Option<QdrantStore> {
    let url = format!("https://127.0.0.1:{port}");
    match QdrantStore::new(QdrantOptions { api_key: Some(key()), limits: limits(), ..QdrantOptions::new(url) }) {
        Ok(qdrant) => Some(qdrant),
        Err(error) => {
            assert!(error.to_string().contains("certificates"), "{error}");
            None
        }
    }
}

#[tokio::test]
async fn a_server_whose_certificate_nobody_vouches_for_is_refused_at_once() {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let secret = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], secret)
        .unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepted = Arc::new(AtomicUsize::new(0));
    let counter = accepted.clone();
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            counter.fetch_add(1, Ordering::Relaxed);
            // The client ends it.
            assert!(TlsAcceptor::from(Arc::new(config.clone())).accept(stream).await.is_err());
        }
    });
    if let Some(qdrant) = encrypted(port) {
        let refused = qdrant.prepare(&spec(8)).await;
        let Err(VectorError::Permanent(message)) = &refused else {
            panic!("{refused:?}");
        };
        assert!(message.contains("certificate"), "{message}");
        assert_eq!(accepted.load(Ordering::Relaxed), 1);
    }
    server.abort();
}

#[tokio::test]
async fn an_address_with_tls_is_never_asked_without() {
    let served = Served::new(Arc::new(|_: &Asked| Reply::text(200, "{}"))).await;
    let port = served.url.rsplit(':').next().unwrap().parse().unwrap();
    if let Some(qdrant) = encrypted(port) {
        let refused = qdrant.prepare(&spec(8)).await;
        assert!(matches!(&refused, Err(VectorError::Transient { .. })), "{refused:?}");
    }
    assert!(served.asked().is_empty());
}

#[tokio::test]
async fn the_key_is_sent_and_shown_nowhere() {
    let echo = |status| Reply::text(status, &format!("you sent {KEY}, {{\"key\":\"{KEY}\"}}"));
    for status in [200, 401, 400, 429, 500] {
        for outcome in after(&vec![echo(status); 9], limits()).await {
            assert!(outcome.result.is_err());
            assert!(!outcome.shown.contains(KEY), "{}", outcome.shown);
        }
    }
    let qdrant = QdrantOptions { api_key: Some(key()), ..QdrantOptions::new("http://host:6333") };
    let chroma = ChromaOptions { key: Some(ChromaKey::Bearer(key())), ..ChromaOptions::new("http://host:8000") };
    let pinecone = PineconeOptions::new(key(), PineconeIndex::Host("http://host".into()));
    let mut shown = format!("{qdrant:?} {chroma:?} {pinecone:?}");
    shown += &format!("{:?}", QdrantStore::new(qdrant).unwrap());
    shown += &format!("{:?}", ChromaStore::new(chroma).unwrap());
    shown += &format!("{:?}", PineconeStore::new(pinecone).unwrap());
    assert!(!shown.contains(KEY), "{shown}");
}

#[tokio::test]
async fn a_long_message_is_shortened() {
    for outcome in after(&[Reply::text(400, &"all wrong\n".repeat(10_000))], limits()).await {
        let message = permanent(&outcome);
        assert!(message.chars().count() < 400 && message.contains("all wrong all wrong"), "{message}");
    }
}
