//! Pinecone over its REST API.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;
use kernel::{ChunkId, DocumentId, StoreId};
use rag_pipeline::model::{Collection, EmbeddingSpec, Scope, ScoredChunk, VectorError, VectorPoint};
use rag_pipeline::ports::VectorStore;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::failure::Failure;
use crate::http::{Call, Http, KeyHeader};
use crate::points::{self, Bound};
use crate::{HttpLimits, Prefix, Secret};

const NAME: &str = "pinecone";
/// Pinecone takes 1000 records and 2 megabytes in one request.
const REQUEST: Bound = Bound { points: 1_000, bytes: 1_900_000 };
/// The most ids in one request to remove them.
const REMOVED: usize = 1_000;
/// The most hits of one search.
const HITS: usize = 10_000;
/// Versions are supported for a year at least.
const VERSION: &str = "2026-07";
const CONTROL: &str = "https://api.pinecone.io";

/// Which index is used. It must be there, with the embedder's dimension and the metric `cosine` or `dotproduct`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PineconeIndex {
    /// The one at this host, as the console shows it.
    Host(String),
    /// The one of this name; its host is asked for once.
    Name(String),
}

/// How Pinecone is used.
#[derive(Debug, Clone)]
pub struct PineconeOptions {
    /// The API key.
    pub api_key: Secret,
    /// The index.
    pub index: PineconeIndex,
    /// Where the host of an index is asked for.
    pub control: String,
    /// The version of the API, as in `X-Pinecone-Api-Version`.
    pub api_version: String,
    /// What the names of namespaces begin with.
    pub prefix: Prefix,
    /// How long it is waited for.
    pub limits: HttpLimits,
}

impl PineconeOptions {
    /// The usual ones.
    pub fn new(api_key: Secret, index: PineconeIndex) -> Self {
        Self {
            api_key,
            index,
            control: CONTROL.into(),
            api_version: VERSION.into(),
            prefix: Prefix::default(),
            limits: HttpLimits::default(),
        }
    }
}

/// Embeddings in an index of Pinecone: a namespace for each kind and store, in which each record carries its collection.
///
/// What is written can be read after a moment, seconds as a rule, not at once. An index has vectors of one length: for
/// another embedder of another length there must be another index. A vector of zeros is not kept, since Pinecone takes
/// none; nothing is similar to it.
pub struct PineconeStore {
    options: PineconeOptions,
    control: Http,
    data: OnceCell<Http>,
}

#[derive(Serialize)]
struct Sending<'a> {
    vectors: Vec<Sent<'a>>,
    namespace: &'a str,
}

#[derive(Serialize)]
struct Sent<'a> {
    id: ChunkId,
    values: &'a [f32],
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    collection: &'a Collection,
    document: &'a DocumentId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Search<'a> {
    namespace: String,
    vector: &'a [f32],
    top_k: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Value>,
    include_values: bool,
    include_metadata: bool,
}

#[derive(Deserialize)]
struct Index {
    host: String,
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    ready: bool,
    state: String,
}

#[derive(Deserialize)]
struct Stats {
    /// Absent for an index of sparse vectors.
    dimension: Option<u32>,
    metric: Option<String>,
    #[serde(default)]
    namespaces: HashMap<String, Summary>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    #[serde(default)]
    vector_count: u64,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    matches: Vec<Match>,
}

#[derive(Deserialize)]
struct Match {
    id: String,
    score: f32,
}

impl PineconeStore {
    /// A store in an index; nothing is asked yet.
    ///
    /// # Errors
    /// [`VectorError::Permanent`] when the host or the key cannot be used.
    pub fn new(options: PineconeOptions) -> Result<Self, VectorError> {
        let control = http(&options, &options.control)?;
        let data = match &options.index {
            PineconeIndex::Host(host) => OnceCell::new_with(Some(http(&options, &with_scheme(host, "https"))?)),
            PineconeIndex::Name(_) => OnceCell::new(),
        };
        Ok(Self { options, control, data })
    }

    /// The namespace of a store within a kind.
    pub fn namespace(&self, spec: &EmbeddingSpec, store: &StoreId) -> String {
        self.options.prefix.store_room(spec, store)
    }

    /// The way to the index.
    async fn data(&self) -> Result<&Http, VectorError> {
        self.data.get_or_try_init(|| self.find()).await
    }

    /// Asks where the index is.
    async fn find(&self) -> Result<Http, VectorError> {
        let (PineconeIndex::Name(name) | PineconeIndex::Host(name)) = &self.options.index;
        let index: Index = match self.control.ask(Call::new(Method::GET, ["indexes", name])).await {
            Err(failure) if failure.is_missing() => return Err(absent(name)),
            outcome => outcome?,
        };
        if !index.status.ready {
            let message = format!("the index {name} of {NAME} is not ready yet ({})", index.status.state);
            return Err(VectorError::Transient { message, retry_after: None });
        }
        // An emulator without TLS has its indexes without TLS.
        http(&self.options, &with_scheme(&index.host, if self.control.is_plain() { "http" } else { "https" }))
    }

    async fn stats(&self) -> Result<Stats, VectorError> {
        let call = Call::new(Method::POST, ["describe_index_stats"]).json(&json!({}))?;
        Ok(self.data().await?.ask(call).await?)
    }

    async fn put(&self, namespace: &str, points: &[&VectorPoint]) -> Result<(), VectorError> {
        for batch in points::batches(points, REQUEST) {
            let vectors = batch.iter().map(|point| Sent::new(point)).collect();
            let call = Call::new(Method::POST, ["vectors", "upsert"]).json(&Sending { vectors, namespace })?;
            self.data().await?.ask::<IgnoredAny>(call).await?;
        }
        Ok(())
    }

    async fn forget(&self, namespace: &str, chunks: &[ChunkId]) -> Result<(), VectorError> {
        for batch in chunks.chunks(REMOVED) {
            let body = json!({ "ids": batch, "namespace": namespace });
            let call = Call::new(Method::POST, ["vectors", "delete"]).json(&body)?;
            match self.data().await?.ask::<IgnoredAny>(call).await {
                Err(failure) if knows_no_namespace(&failure) => return Ok(()),
                outcome => outcome?,
            };
        }
        Ok(())
    }
}

fn http(options: &PineconeOptions, url: &str) -> Result<Http, VectorError> {
    let version = HeaderValue::from_str(&options.api_version)
        .map_err(|_| VectorError::Permanent(format!("{NAME}: the version must look like {VERSION}")))?;
    let headers = HeaderMap::from_iter([(HeaderName::from_static("x-pinecone-api-version"), version)]);
    let name = HeaderName::from_static("api-key");
    let key = KeyHeader { name, scheme: "", key: options.api_key.clone() };
    Http::new(NAME, url, Some(key), headers, options.limits)
}

/// Hosts are told without a scheme.
fn with_scheme(host: &str, scheme: &str) -> String {
    if host.contains("://") { host.to_owned() } else { format!("{scheme}://{host}") }
}

fn absent(index: &str) -> VectorError {
    VectorError::Permanent(format!(
        "{NAME} has no index {index:?}: make one with the embedder's dimension and the metric cosine"
    ))
}

/// A namespace is made by its first record; removing from one that is not there is answered with 404.
fn knows_no_namespace(failure: &Failure) -> bool {
    let Failure::Refused { message, .. } = failure else {
        return false;
    };
    failure.is_missing() && message.to_lowercase().contains("namespace not found")
}

/// The filter for collections; none looks into all.
fn within(collections: &[Collection]) -> Option<Value> {
    let names: Vec<&str> = collections.iter().map(Collection::as_str).collect();
    (!names.is_empty()).then(|| json!({ "collection": { "$in": names } }))
}

impl<'a> Sent<'a> {
    fn new(point: &'a VectorPoint) -> Self {
        let VectorPoint { chunk, document, collection, vector } = point;
        Self { id: *chunk, values: vector, metadata: Metadata { collection, document } }
    }
}

#[async_trait]
impl VectorStore for PineconeStore {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn prepare(&self, spec: &EmbeddingSpec) -> Result<(), VectorError> {
        let stats = self.stats().await?;
        let unfit = |what: &str| Err(VectorError::Permanent(format!("the index of {NAME} {what}; make another")));
        match stats.dimension {
            None => return unfit("is for sparse vectors"),
            Some(kept) if kept != spec.dimension => {
                return Err(VectorError::Mismatch { store: NAME.into(), kept, given: spec.dimension });
            }
            Some(_) => {}
        }
        match stats.metric.as_deref() {
            // Vectors have unit length: their dot product is the cosine.
            None | Some("cosine" | "dotproduct") => Ok(()),
            Some(_) => unfit("does not compare by cosine"),
        }
    }

    async fn upsert(&self, spec: &EmbeddingSpec, store: &StoreId, points: &[VectorPoint]) -> Result<(), VectorError> {
        points::check_all(NAME, spec, points)?;
        let namespace = self.namespace(spec, store);
        let latest = points::latest(points);
        let (kept, zero): (Vec<_>, Vec<_>) = latest.into_iter().partition(|p| points::has_direction(&p.vector));
        self.put(&namespace, &kept).await?;
        let zero: Vec<ChunkId> = zero.iter().map(|point| point.chunk).collect();
        self.forget(&namespace, &zero).await
    }

    async fn remove(&self, spec: &EmbeddingSpec, store: &StoreId, chunks: &[ChunkId]) -> Result<(), VectorError> {
        self.forget(&self.namespace(spec, store), chunks).await
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
        if !points::has_direction(vector) {
            return Ok(Vec::new());
        }
        let body = Search {
            namespace: self.namespace(spec, &scope.store),
            vector,
            top_k: limit.min(HITS),
            filter: within(&scope.collections),
            include_values: false,
            include_metadata: false,
        };
        let Found { matches } = self.data().await?.ask(Call::new(Method::POST, ["query"]).json(&body)?).await?;
        let hits = matches.iter().map(|found| points::hit(NAME, &found.id, found.score)).collect::<Result<_, _>>()?;
        Ok(points::best_first(hits, limit))
    }

    async fn count(&self, spec: &EmbeddingSpec, store: &StoreId) -> Result<u64, VectorError> {
        let stats = self.stats().await?;
        Ok(stats.namespaces.get(&self.namespace(spec, store)).map_or(0, |summary| summary.vector_count))
    }
}

impl fmt::Debug for PineconeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PineconeOptions { index, prefix, .. } = &self.options;
        f.debug_struct("PineconeStore").field("index", index).field("prefix", prefix).finish_non_exhaustive()
    }
}
