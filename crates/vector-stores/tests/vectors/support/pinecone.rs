//! Pinecone as its documentation describes it, version 2026-07 of the API:
//! <https://docs.pinecone.io/reference/api/2026-07/data-plane> (`upsert`, `delete`, `query`, `describeindexstats`),
//! <https://docs.pinecone.io/reference/api/2026-07/control-plane/describe_index> and
//! <https://docs.pinecone.io/reference/api/database-limits>. The shapes are those of the published OpenAPI documents
//! (github.com/pinecone-io/pinecone-api). What removing from an unknown namespace and an unfit vector is answered with
//! is not documented; it is as reported in github.com/pinecone-io/pinecone-ts-client/issues/324 and
//! github.com/probots-io/pinecone-php/issues/15. The texts about limits are our own.
//!
//! It is strict: a field that our client has no business with is refused. And it is slow, as the real one may be: what
//! is written can be read only after [`Pinecone::settle`].

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::wire::{Asked, Peer, Reply, lock};
use super::{KEY, cosine};

pub(crate) struct Pinecone {
    pub(crate) dimension: Option<usize>,
    pub(crate) metric: &'static str,
    pub(crate) ready: bool,
    pub(crate) state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    namespaces: BTreeMap<String, BTreeMap<String, Vector>>,
    pending: Vec<Change>,
}

enum Change {
    Upsert(String, Vec<Vector>),
    Delete(String, Vec<String>),
}

/// `UpsertRequest`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Upsert {
    vectors: Vec<Vector>,
    namespace: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    id: String,
    values: Vec<f32>,
    metadata: Map<String, Value>,
}

/// `DeleteRequest`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delete {
    ids: Vec<String>,
    namespace: String,
}

/// `QueryRequest`
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Query {
    namespace: String,
    vector: Vec<f32>,
    top_k: usize,
    filter: Option<BTreeMap<String, Operator>>,
    include_values: bool,
    include_metadata: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operator {
    #[serde(rename = "$in")]
    any: Vec<String>,
}

/// `DescribeIndexStatsRequest`: no filter, which serverless indexes do not support.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DescribeIndexStats {}

type Outcome = Result<Value, Reply>;

/// `rpcStatus`: 3 is an invalid argument, 5 something unknown.
fn refused(status: u16, code: u8, message: &str) -> Reply {
    Reply::json(status, &json!({ "code": code, "message": message, "details": [] }))
}

fn body<T: serde::de::DeserializeOwned>(asked: &Asked) -> Result<T, Reply> {
    asked.json().map_err(|reason| refused(400, 3, &reason))
}

fn check(right: bool, message: &str) -> Result<(), Reply> {
    if right { Ok(()) } else { Err(refused(400, 3, message)) }
}

/// Identifiers: 512 characters of ASCII.
fn identifier(id: &str) -> Result<(), Reply> {
    check(!id.is_empty() && id.len() <= 512 && id.bytes().all(|b| (0x20..0x7F).contains(&b)), "not an identifier")
}

impl Peer for Pinecone {
    fn answer(&self, asked: &Asked) -> Reply {
        let control = asked.path.starts_with("/indexes");
        if asked.header("api-key") != Some(KEY) {
            let said = json!({ "error": { "code": "UNAUTHENTICATED", "message": "Invalid API key." }, "status": 401 });
            return Reply::json(401, &if control { said } else { json!("Unauthorized") });
        }
        if asked.header("x-pinecone-api-version") != Some("2026-07") {
            return refused(400, 3, "unknown version");
        }
        let outcome = match asked.route() {
            ("GET", path) if control && path.len() == 2 => self.describe(path[1], asked),
            ("POST", path) => match path[..] {
                ["vectors", "upsert"] => self.upsert(asked),
                ["vectors", "delete"] => self.delete(asked),
                ["query"] => self.query(asked),
                ["describe_index_stats"] => self.stats(asked),
                _ => Err(Reply::text(404, "")),
            },
            _ => Err(Reply::text(404, "")),
        };
        outcome.map_or_else(|refusal| refusal, |result| Reply::json(200, &result))
    }
}

impl Pinecone {
    pub(crate) fn new(dimension: u32) -> Self {
        Self { dimension: Some(dimension as usize), metric: "cosine", ready: true, state: Mutex::default() }
    }

    /// Carries out what was written.
    pub(crate) fn settle(&self) {
        let mut state = lock(&self.state);
        for change in take(&mut state.pending) {
            match change {
                Change::Upsert(namespace, vectors) => {
                    let room = state.namespaces.entry(namespace).or_default();
                    room.extend(vectors.into_iter().map(|vector| (vector.id.clone(), vector)));
                }
                Change::Delete(namespace, ids) => {
                    if let Some(room) = state.namespaces.get_mut(&namespace) {
                        room.retain(|id, _| !ids.contains(id));
                    }
                }
            }
        }
    }

    /// `IndexModel`; the host is told without a scheme.
    fn describe(&self, name: &str, asked: &Asked) -> Outcome {
        if name != "shop" {
            let message = format!("Resource {name} not found");
            return Err(Reply::json(
                404,
                &json!({ "error": { "code": "NOT_FOUND", "message": message }, "status": 404 }),
            ));
        }
        let state = if self.ready { "Ready" } else { "Initializing" };
        Ok(json!({
            "name": name, "metric": self.metric, "dimension": self.dimension, "vector_type": "dense",
            "status": { "ready": self.ready, "state": state }, "host": asked.header("host"),
            "spec": { "serverless": { "cloud": "aws", "region": "us-east-1" } }, "deletion_protection": "disabled",
        }))
    }

    fn fits(&self, vector: &[f32]) -> Result<(), Reply> {
        let (kept, given) = (self.dimension.unwrap_or_default(), vector.len());
        let message = format!("Vector dimension {given} does not match the dimension of the index {kept}");
        check(kept == given, &message)?;
        check(vector.iter().any(|x| *x != 0.0), "Dense vectors must contain at least one non-zero value")
    }

    fn upsert(&self, asked: &Asked) -> Outcome {
        check(asked.body.len() <= 2_000_000, "the request is larger than 2 MB")?;
        let Upsert { vectors, namespace } = body(asked)?;
        identifier(&namespace)?;
        check((1..=1_000).contains(&vectors.len()), "1 to 1000 vectors")?;
        let ids: BTreeSet<_> = vectors.iter().map(|vector| &vector.id).collect();
        check(ids.len() == vectors.len(), "an id is there twice")?;
        for vector in &vectors {
            identifier(&vector.id)?;
            self.fits(&vector.values)?;
            check(vector.metadata.values().all(Value::is_string), "metadata must be flat")?;
        }
        let count = vectors.len();
        lock(&self.state).pending.push(Change::Upsert(namespace, vectors));
        Ok(json!({ "upsertedCount": count }))
    }

    fn delete(&self, asked: &Asked) -> Outcome {
        let Delete { ids, namespace } = body(asked)?;
        check((1..=1_000).contains(&ids.len()), "1 to 1000 ids")?;
        let mut state = lock(&self.state);
        let coming = |change: &Change| matches!(change, Change::Upsert(into, _) if *into == namespace);
        if !state.namespaces.contains_key(&namespace) && !state.pending.iter().any(coming) {
            return Err(refused(404, 5, "Namespace not found"));
        }
        state.pending.push(Change::Delete(namespace, ids));
        Ok(json!({}))
    }

    fn query(&self, asked: &Asked) -> Outcome {
        let Query { namespace, vector, top_k, filter, include_values, include_metadata } = body(asked)?;
        self.fits(&vector)?;
        check((1..=10_000).contains(&top_k), "topK is 1 to 10000")?;
        assert!(!include_values && !include_metadata);
        let takes = |record: &Vector| {
            filter.iter().flatten().all(|(field, Operator { any })| {
                record.metadata.get(field).and_then(Value::as_str).is_some_and(|value| any.iter().any(|a| a == value))
            })
        };
        let state = lock(&self.state);
        let records = state.namespaces.get(&namespace).into_iter().flat_map(BTreeMap::values);
        let mut hits: Vec<_> = records
            .filter(|record| takes(record))
            .map(|record| (cosine(&record.values, &vector), &record.id))
            .collect();
        // Of equal ones any may come first.
        hits.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(a.1)));
        let matches: Vec<_> =
            hits.iter().take(top_k).map(|(score, id)| json!({ "id": id, "score": score, "values": [] })).collect();
        Ok(json!({ "matches": matches, "namespace": namespace, "usage": { "readUnits": 1 } }))
    }

    /// `IndexDescription`
    fn stats(&self, asked: &Asked) -> Outcome {
        let DescribeIndexStats {} = body(asked)?;
        let state = lock(&self.state);
        let counts: BTreeMap<_, _> =
            state.namespaces.iter().map(|(name, room)| (name, json!({ "vectorCount": room.len() }))).collect();
        let total: usize = state.namespaces.values().map(BTreeMap::len).sum();
        let mut said = json!({
            "namespaces": counts, "indexFullness": 0, "totalVectorCount": total, "metric": self.metric,
            "vectorType": "dense", "memoryFullness": 0, "storageFullness": 0,
        });
        if let Some(dimension) = self.dimension {
            said["dimension"] = json!(dimension);
        }
        Ok(said)
    }
}
