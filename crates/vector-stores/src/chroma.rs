//! Chroma over its API v2, that of servers from 1.0 on.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kernel::{ChunkId, DocumentId, StoreId};
use rag_pipeline::model::{Collection, EmbeddingSpec, Scope, ScoredChunk, VectorError, VectorPoint};
use rag_pipeline::ports::VectorStore;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::http::{Call, Http, KeyHeader};
use crate::points::{self, Bound};
use crate::{HttpLimits, Prefix, Secret};

const NAME: &str = "chroma";
/// What Chroma Cloud takes at most, in writing and reading; a server of one's own takes several thousand.
const RECORDS: usize = 300;
const REQUEST: Bound = Bound { points: RECORDS, bytes: 4 << 20 };

/// How Chroma wants its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChromaKey {
    /// In `X-Chroma-Token`, as Chroma Cloud does.
    Token(Secret),
    /// In `Authorization: Bearer`, as a proxy before a server of one's own may want it.
    Bearer(Secret),
}

/// How Chroma is used.
#[derive(Debug, Clone)]
pub struct ChromaOptions {
    /// `http://host:8000`, or `https://api.trychroma.com` for Chroma Cloud.
    pub url: String,
    /// The tenant; it must be there.
    pub tenant: String,
    /// The tenant's database; it must be there.
    pub database: String,
    /// The key, where one is wanted. Without TLS it can be read by whoever is between.
    pub key: Option<ChromaKey>,
    /// What the names of collections begin with.
    pub prefix: Prefix,
    /// How long it is waited for.
    pub limits: HttpLimits,
}

impl ChromaOptions {
    /// The tenant and the database that every server has, without a key.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            tenant: "default_tenant".into(),
            database: "default_database".into(),
            key: None,
            prefix: Prefix::default(),
            limits: HttpLimits::default(),
        }
    }
}

/// Embeddings in Chroma: a collection for each kind, in which each record carries its store and collection.
///
/// Counting reads the ids of all records of a store, since Chroma counts whole collections only.
pub struct ChromaStore {
    http: Http,
    tenant: String,
    database: String,
    prefix: Prefix,
    /// The ids of collections by their names.
    known: Mutex<HashMap<String, String>>,
}

#[derive(Serialize)]
struct Sending<'a> {
    ids: Vec<ChunkId>,
    embeddings: Vec<&'a [f32]>,
    metadatas: Vec<Metadata<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    store: &'a str,
    collection: &'a Collection,
    document: &'a DocumentId,
}

#[derive(Serialize)]
struct Search<'a> {
    query_embeddings: [&'a [f32]; 1],
    n_results: usize,
    r#where: Value,
    include: [&'static str; 1],
}

#[derive(Deserialize)]
struct Room {
    id: String,
    /// Set by the first record.
    dimension: Option<u32>,
    metadata: Option<Value>,
    configuration_json: Value,
}

#[derive(Deserialize)]
struct Found {
    ids: Vec<Vec<String>>,
    distances: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct Ids {
    ids: Vec<String>,
}

impl ChromaStore {
    /// A store at an address; nothing is asked yet.
    ///
    /// # Errors
    /// [`VectorError::Permanent`] when the address or the key cannot be used.
    pub fn new(options: ChromaOptions) -> Result<Self, VectorError> {
        let key = options.key.map(|key| match key {
            ChromaKey::Token(key) => KeyHeader { name: HeaderName::from_static("x-chroma-token"), scheme: "", key },
            ChromaKey::Bearer(key) => KeyHeader { name: AUTHORIZATION, scheme: "Bearer ", key },
        });
        let http = Http::new(NAME, &options.url, key, HeaderMap::new(), options.limits)?;
        let ChromaOptions { tenant, database, prefix, .. } = options;
        Ok(Self { http, tenant, database, prefix, known: Mutex::default() })
    }

    /// The name of a kind's collection.
    pub fn collection(&self, spec: &EmbeddingSpec) -> String {
        self.prefix.room(spec)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call<'a>(&'a self, method: Method, below: &[&'a str]) -> Call<'a> {
        let mut path = vec!["api", "v2", "tenants", &self.tenant, "databases", &self.database, "collections"];
        path.extend(below);
        Call::new(method, path)
    }

    /// The id of a kind's collection, if there is one.
    async fn room(&self, name: &str) -> Result<Option<String>, Failure> {
        if let Some(id) = self.known().get(name) {
            return Ok(Some(id.clone()));
        }
        match self.http.ask::<Room>(self.call(Method::GET, &[name])).await {
            Ok(room) => {
                self.known().insert(name.to_owned(), room.id.clone());
                Ok(Some(room.id))
            }
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Asks a kind's collection; `None` when there is none.
    async fn ask<T: DeserializeOwned>(
        &self,
        name: &str,
        verb: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<Option<T>, Failure> {
        loop {
            let remembered = self.known().contains_key(name);
            let Some(id) = self.room(name).await? else {
                return Ok(None);
            };
            match self.http.ask(self.call(Method::POST, &[&id, verb]).json(body)?).await {
                // It was removed, and perhaps made anew under another id.
                Err(failure) if failure.is_missing() => {
                    self.known().remove(name);
                    if !remembered {
                        return Err(failure);
                    }
                }
                outcome => return outcome.map(Some),
            }
        }
    }
}

/// Compares what a collection is made for.
fn compare(room: &Room, name: &str, spec: &EmbeddingSpec) -> Result<(), VectorError> {
    let noted = || room.metadata.as_ref()?.get("dimension")?.as_u64()?.try_into().ok();
    if let Some(kept) = room.dimension.or_else(noted).filter(|kept| *kept != spec.dimension) {
        return Err(VectorError::Mismatch { store: NAME.into(), kept, given: spec.dimension });
    }
    // A server of one's own has one kind of index, Chroma Cloud the other.
    let space = ["hnsw", "spann"].iter().find_map(|index| room.configuration_json[index]["space"].as_str());
    if space == Some("cosine") {
        return Ok(());
    }
    let what = format!("the collection {name} of {NAME} does not compare by cosine; remove it");
    Err(VectorError::Permanent(what))
}

fn of_store(store: &StoreId) -> Value {
    json!({ "store": { "$eq": store.as_str() } })
}

fn within(scope: &Scope) -> Value {
    if scope.collections.is_empty() {
        return of_store(&scope.store);
    }
    let names: Vec<&str> = scope.collections.iter().map(Collection::as_str).collect();
    json!({ "$and": [of_store(&scope.store), { "collection": { "$in": names } }] })
}

impl<'a> Sending<'a> {
    fn new(batch: &[&'a VectorPoint], store: &'a StoreId) -> Self {
        let metadata = |point: &&'a VectorPoint| {
            let VectorPoint { document, collection, .. } = point;
            Metadata { store: store.as_str(), collection, document }
        };
        Self {
            ids: batch.iter().map(|point| point.chunk).collect(),
            embeddings: batch.iter().map(|point| point.vector.as_slice()).collect(),
            metadatas: batch.iter().map(metadata).collect(),
        }
    }
}

#[async_trait]
impl VectorStore for ChromaStore {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn prepare(&self, spec: &EmbeddingSpec) -> Result<(), VectorError> {
        let name = self.collection(spec);
        let body = json!({
            "name": name,
            "get_or_create": true,
            "metadata": { "embedder": spec.embedder, "dimension": spec.dimension },
            "configuration": { "hnsw": { "space": "cosine" } },
        });
        let room: Room = self.http.ask(self.call(Method::POST, &[]).json(&body)?).await?;
        compare(&room, &name, spec)?;
        self.known().insert(name, room.id);
        Ok(())
    }

    async fn upsert(&self, spec: &EmbeddingSpec, store: &StoreId, points: &[VectorPoint]) -> Result<(), VectorError> {
        points::check_all(NAME, spec, points)?;
        let name = self.collection(spec);
        for batch in points::batches(&points::latest(points), REQUEST) {
            if self.ask::<IgnoredAny>(&name, "upsert", &Sending::new(batch, store)).await?.is_none() {
                return Err(VectorError::Permanent(format!("{NAME} has no collection {name}: nothing was prepared")));
            }
        }
        Ok(())
    }

    async fn remove(&self, spec: &EmbeddingSpec, store: &StoreId, chunks: &[ChunkId]) -> Result<(), VectorError> {
        let name = self.collection(spec);
        for batch in chunks.chunks(RECORDS) {
            let body = json!({ "ids": batch, "where": of_store(store) });
            if self.ask::<IgnoredAny>(&name, "delete", &body).await?.is_none() {
                return Ok(());
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
        let body =
            Search { query_embeddings: [vector], n_results: limit, r#where: within(scope), include: ["distances"] };
        let Some(Found { ids, distances }) = self.ask(&self.collection(spec), "query", &body).await? else {
            return Ok(Vec::new());
        };
        // One vector was asked about. A cosine distance is one minus the similarity.
        let hits = ids.iter().flatten().zip(distances.iter().flatten());
        let hits = hits.map(|(id, distance)| points::hit(NAME, id, 1.0 - distance)).collect::<Result<_, _>>()?;
        Ok(points::best_first(hits, limit))
    }

    async fn count(&self, spec: &EmbeddingSpec, store: &StoreId) -> Result<u64, VectorError> {
        let name = self.collection(spec);
        let mut counted = 0;
        loop {
            let body = json!({ "where": of_store(store), "include": [], "limit": RECORDS, "offset": counted });
            let page = self.ask::<Ids>(&name, "get", &body).await?.map_or(0, |page| page.ids.len());
            counted += page;
            if page < RECORDS {
                return Ok(counted as u64);
            }
        }
    }
}

impl fmt::Debug for ChromaStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.http.base().as_str();
        f.debug_struct("ChromaStore").field("url", &url).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
