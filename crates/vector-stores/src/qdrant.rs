//! Qdrant over its REST API, 1.10 or newer.

use std::fmt;

use async_trait::async_trait;
use kernel::{ChunkId, DocumentId, StoreId};
use rag_pipeline::model::{Collection, EmbeddingSpec, Scope, ScoredChunk, VectorError, VectorPoint};
use rag_pipeline::ports::VectorStore;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::http::{Call, Http, KeyHeader};
use crate::points::{self, Bound};
use crate::{HttpLimits, Prefix, Secret};

const NAME: &str = "qdrant";
/// Far below the 32 mebibytes that a server takes unless it is told otherwise (`service.max_request_size_mb`), so that
/// a request is done well within its time.
const REQUEST: Bound = Bound { points: 256, bytes: 4 << 20 };
/// Ids in one request to remove them.
const REMOVED: usize = 1_000;
/// Edges for each point of a store's own graph; Qdrant's own number for a graph of all.
const EDGES: u32 = 16;
/// Writes are answered once they can be read.
const WAIT: &str = "wait=true";

/// How Qdrant is used.
#[derive(Debug, Clone)]
pub struct QdrantOptions {
    /// `http://host:6333`, or `https://` for Qdrant Cloud.
    pub url: String,
    /// The API key, where the server wants one. Without TLS it can be read by whoever is between.
    pub api_key: Option<Secret>,
    /// What the names of collections begin with.
    pub prefix: Prefix,
    /// How long it is waited for.
    pub limits: HttpLimits,
}

impl QdrantOptions {
    /// The usual ones, without a key.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), api_key: None, prefix: Prefix::default(), limits: HttpLimits::default() }
    }
}

/// Embeddings in Qdrant: a collection for each kind, in which each point carries its store and collection.
///
/// Collections are made with a graph for each store and none for all, since no search crosses a store.
pub struct QdrantStore {
    http: Http,
    prefix: Prefix,
}

#[derive(Serialize)]
struct Sending<'a> {
    points: Vec<Sent<'a>>,
}

#[derive(Serialize)]
struct Sent<'a> {
    id: ChunkId,
    vector: &'a [f32],
    payload: Payload<'a>,
}

#[derive(Serialize)]
struct Payload<'a> {
    store: &'a str,
    collection: &'a Collection,
    document: &'a DocumentId,
}

#[derive(Serialize)]
struct Search<'a> {
    query: &'a [f32],
    filter: Value,
    limit: usize,
    with_payload: bool,
    with_vector: bool,
}

/// What every answer has around it.
#[derive(Deserialize)]
struct Answer<T> {
    result: T,
}

#[derive(Deserialize)]
struct Info {
    config: Config,
    payload_schema: Value,
}

#[derive(Deserialize)]
struct Config {
    params: Params,
}

#[derive(Deserialize)]
struct Params {
    vectors: Value,
}

#[derive(Deserialize)]
struct Written {
    status: String,
}

#[derive(Deserialize)]
struct Found {
    points: Vec<Point>,
}

#[derive(Deserialize)]
struct Point {
    id: Value,
    score: f32,
}

#[derive(Deserialize)]
struct Counted {
    count: u64,
}

impl QdrantStore {
    /// A store at an address; nothing is asked yet.
    ///
    /// # Errors
    /// [`VectorError::Permanent`] when the address or the key cannot be used.
    pub fn new(options: QdrantOptions) -> Result<Self, VectorError> {
        let header = |key| KeyHeader { name: HeaderName::from_static("api-key"), scheme: "", key };
        let key = options.api_key.map(header);
        let http = Http::new(NAME, &options.url, key, HeaderMap::new(), options.limits)?;
        Ok(Self { http, prefix: options.prefix })
    }

    /// The name of a kind's collection.
    pub fn collection(&self, spec: &EmbeddingSpec) -> String {
        self.prefix.room(spec)
    }

    async fn info(&self, name: &str) -> Result<Option<Info>, Failure> {
        match self.http.ask(Call::new(Method::GET, ["collections", name])).await {
            Ok(Answer { result }) => Ok(Some(result)),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Makes a collection, unless another instance has just done so.
    async fn create(&self, name: &str, spec: &EmbeddingSpec) -> Result<Info, VectorError> {
        let body = json!({
            "vectors": { "size": spec.dimension, "distance": "Cosine" },
            "hnsw_config": { "m": 0, "payload_m": EDGES },
        });
        let made = self.http.ask::<IgnoredAny>(Call::new(Method::PUT, ["collections", name]).json(&body)?).await;
        if let Some(info) = self.info(name).await? {
            return Ok(info);
        }
        made?;
        Err(VectorError::Permanent(format!("{NAME} does not show the collection {name} it has just made")))
    }

    /// Indexes a field of the payload. Where there is such an index, nothing changes.
    async fn index(&self, name: &str, field: &str, is_tenant: bool) -> Result<(), Failure> {
        let body = json!({ "field_name": field, "field_schema": { "type": "keyword", "is_tenant": is_tenant } });
        let call = Call::new(Method::PUT, ["collections", name, "index"]).query(WAIT).json(&body)?;
        self.write(call).await
    }

    /// Changes something, and makes sure that it can be read.
    async fn write(&self, call: Call<'_>) -> Result<(), Failure> {
        let Answer { result: Written { status } } = self.http.ask(call).await?;
        if status == "completed" {
            return Ok(());
        }
        let message = format!("{NAME} took the change but could not carry it out in time ({status})");
        Err(Failure::Transient { message, retry_after: None })
    }
}

/// Compares what a collection is made for.
fn compare(info: &Info, name: &str, spec: &EmbeddingSpec) -> Result<(), VectorError> {
    let unfit = |what: &str| Err(VectorError::Permanent(format!("the collection {name} of {NAME} {what}; remove it")));
    let vectors = &info.config.params.vectors;
    let Some(kept) = vectors["size"].as_u64().and_then(|size| u32::try_from(size).ok()) else {
        return unfit("has vectors with names");
    };
    if kept != spec.dimension {
        return Err(VectorError::Mismatch { store: NAME.into(), kept, given: spec.dimension });
    }
    if vectors["distance"] == "Cosine" { Ok(()) } else { unfit("does not compare by cosine") }
}

fn of_store(store: &StoreId) -> Value {
    json!({ "key": "store", "match": { "value": store.as_str() } })
}

fn within(scope: &Scope) -> Value {
    let mut must = vec![of_store(&scope.store)];
    if !scope.collections.is_empty() {
        let names: Vec<&str> = scope.collections.iter().map(Collection::as_str).collect();
        must.push(json!({ "key": "collection", "match": { "any": names } }));
    }
    json!({ "must": must })
}

impl<'a> Sent<'a> {
    fn new(point: &'a VectorPoint, store: &'a StoreId) -> Self {
        let VectorPoint { chunk, document, collection, vector } = point;
        Self { id: *chunk, vector, payload: Payload { store: store.as_str(), collection, document } }
    }
}

#[async_trait]
impl VectorStore for QdrantStore {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn prepare(&self, spec: &EmbeddingSpec) -> Result<(), VectorError> {
        let name = self.collection(spec);
        let info = match self.info(&name).await? {
            Some(info) => info,
            None => self.create(&name, spec).await?,
        };
        compare(&info, &name, spec)?;
        // Whoever made the collection may have ended before its indexes were there.
        for (field, is_tenant) in [("store", true), ("collection", false)] {
            if info.payload_schema.get(field).is_none() {
                self.index(&name, field, is_tenant).await?;
            }
        }
        Ok(())
    }

    async fn upsert(&self, spec: &EmbeddingSpec, store: &StoreId, points: &[VectorPoint]) -> Result<(), VectorError> {
        points::check_all(NAME, spec, points)?;
        let name = self.collection(spec);
        for batch in points::batches(&points::latest(points), REQUEST) {
            let points = batch.iter().map(|point| Sent::new(point, store)).collect();
            let call = Call::new(Method::PUT, ["collections", &name, "points"]).query(WAIT);
            self.write(call.json(&Sending { points })?).await?;
        }
        Ok(())
    }

    async fn remove(&self, spec: &EmbeddingSpec, store: &StoreId, chunks: &[ChunkId]) -> Result<(), VectorError> {
        let name = self.collection(spec);
        for batch in chunks.chunks(REMOVED) {
            let body = json!({ "filter": { "must": [{ "has_id": batch }, of_store(store)] } });
            let call = Call::new(Method::POST, ["collections", &name, "points", "delete"]).query(WAIT);
            match self.write(call.json(&body)?).await {
                Err(failure) if failure.is_missing() => return Ok(()),
                outcome => outcome?,
            }
        }
        Ok(())
    }

    async fn search(
        &self,
        spec: &EmbeddingSpec,
        scope: &Scope,
        vector: &[f32],
        limit: usize,
    ) -> Result<Vec<ScoredChunk>, VectorError> {
        if vector.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        points::check(NAME, spec, vector)?;
        let name = self.collection(spec);
        let body = Search { query: vector, filter: within(scope), limit, with_payload: false, with_vector: false };
        let call = Call::new(Method::POST, ["collections", &name, "points", "query"]).json(&body)?;
        let Found { points } = match self.http.ask(call).await {
            Ok(Answer { result }) => result,
            Err(failure) if failure.is_missing() => return Ok(Vec::new()),
            Err(failure) => return Err(failure.into()),
        };
        let hit = |point: &Point| {
            let id = point.id.as_str().map_or_else(|| point.id.to_string(), str::to_owned);
            points::hit(NAME, &id, point.score)
        };
        let hits: Vec<ScoredChunk> = points.iter().map(hit).collect::<Result<_, _>>()?;
        Ok(points::best_first(hits, limit))
    }

    async fn count(&self, spec: &EmbeddingSpec, store: &StoreId) -> Result<u64, VectorError> {
        let body = json!({ "filter": { "must": [of_store(store)] }, "exact": true });
        let name = self.collection(spec);
        let call = Call::new(Method::POST, ["collections", &name, "points", "count"]).json(&body)?;
        match self.http.ask(call).await {
            Ok(Answer { result: Counted { count } }) => Ok(count),
            Err(failure) if failure.is_missing() => Ok(0),
            Err(failure) => Err(failure.into()),
        }
    }
}

impl fmt::Debug for QdrantStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.http.base().as_str();
        f.debug_struct("QdrantStore").field("url", &url).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
