//! Qdrant as its documentation describes it: <https://api.qdrant.tech/api-reference> (the OpenAPI document of 1.19), and
//! the texts of errors as its source has them (`lib/storage/src/content_manager`, `src/common/auth`).
//!
//! It is stricter: a field that our client has no business with is refused, as is a filter by a field that is not
//! indexed, which a real server does in strict mode (<https://qdrant.tech/documentation/guides/administration>).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::wire::{Asked, Peer, Reply, lock};
use super::{KEY, cosine};

#[derive(Default)]
pub(crate) struct Qdrant(Mutex<BTreeMap<String, Room>>);

pub(crate) struct Room {
    size: usize,
    distance: String,
    indexes: BTreeMap<String, Value>,
    points: BTreeMap<String, Point>,
}

/// `CreateCollection`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    vectors: VectorParams,
    hnsw_config: HnswConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorParams {
    size: usize,
    distance: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HnswConfig {
    m: u32,
    payload_m: u32,
}

/// `CreateFieldIndex` with `KeywordIndexParams`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateFieldIndex {
    field_name: String,
    field_schema: KeywordIndexParams,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeywordIndexParams {
    r#type: String,
    is_tenant: bool,
}

/// `PointsList`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PointsList {
    points: Vec<Point>,
}

/// `PointStruct`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Point {
    id: String,
    vector: Vec<f32>,
    payload: Map<String, Value>,
}

/// `FilterSelector`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilterSelector {
    filter: Filter,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    must: Vec<Condition>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Condition {
    HasId(HasId),
    Field(Field),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HasId {
    has_id: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    key: String,
    r#match: Match,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Match {
    Value(String),
    Any(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryRequest {
    query: Vec<f32>,
    filter: Filter,
    limit: usize,
    with_payload: bool,
    with_vector: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountRequest {
    filter: Filter,
    exact: bool,
}

type Outcome = Result<Value, Reply>;

fn ok(result: &Value) -> Reply {
    Reply::json(200, &json!({ "result": result, "status": "ok", "time": 0.000_1, "usage": { "hardware": null } }))
}

fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "status": { "error": message }, "time": 0.0 }))
}

fn body<T: serde::de::DeserializeOwned>(asked: &Asked) -> Result<T, Reply> {
    asked.json().map_err(|reason| error(400, &format!("Format error in JSON body: {reason}")))
}

impl Peer for Qdrant {
    fn answer(&self, asked: &Asked) -> Reply {
        match asked.header("api-key") {
            None => return Reply::text(401, "Must provide an API key or an Authorization bearer token"),
            Some(KEY) => {}
            Some(_) => return Reply::text(401, "Invalid API key or JWT"),
        }
        let mut rooms = lock(&self.0);
        let outcome = match asked.route() {
            ("PUT", path) if path.len() == 2 && path[0] == "collections" => create(&mut rooms, path[1], asked),
            (method, path) if path.len() >= 2 && path[0] == "collections" => {
                let missing = format!("Not found: Collection `{}` doesn't exist!", path[1]);
                match rooms.get_mut(path[1]) {
                    Some(room) => room.answer(method, &path[2..], asked),
                    None => Err(error(404, &missing)),
                }
            }
            _ => Err(Reply::text(404, "")),
        };
        outcome.map_or_else(|refusal| refusal, |result| ok(&result))
    }
}

impl Qdrant {
    /// A collection that somebody else has made.
    pub(crate) fn occupy(&self, name: &str, size: usize, distance: &str) {
        let room = Room { size, distance: distance.into(), indexes: BTreeMap::new(), points: BTreeMap::new() };
        lock(&self.0).insert(name.into(), room);
    }

    /// The indexes of a collection by field.
    pub(crate) fn indexes(&self, name: &str) -> BTreeMap<String, Value> {
        lock(&self.0)[name].indexes.clone()
    }
}

fn create(rooms: &mut BTreeMap<String, Room>, name: &str, asked: &Asked) -> Outcome {
    let Create { vectors, hnsw_config } = body(asked)?;
    // Qdrant makes a folder of that name.
    assert!(name.len() <= 255 && !name.contains(['<', '>', ':', '"', '/', '\\', '|', '?', '*', '\0']), "{name}");
    assert!(vectors.size >= 1 && hnsw_config.m == 0 && hnsw_config.payload_m > 0);
    if rooms.contains_key(name) {
        return Err(error(409, &format!("Wrong input: Collection `{name}` already exists!")));
    }
    let VectorParams { size, distance } = vectors;
    rooms.insert(name.into(), Room { size, distance, indexes: BTreeMap::new(), points: BTreeMap::new() });
    Ok(json!(true))
}

impl Room {
    fn answer(&mut self, method: &str, below: &[&str], asked: &Asked) -> Outcome {
        match (method, below) {
            ("GET", []) => Ok(self.info()),
            ("PUT", ["index"]) => self.index(asked),
            ("PUT", ["points"]) => self.upsert(asked),
            ("POST", ["points", "delete"]) => self.delete(asked),
            ("POST", ["points", "query"]) => self.query(asked),
            ("POST", ["points", "count"]) => self.count(asked),
            _ => Err(Reply::text(404, "")),
        }
    }

    /// `CollectionInfo`
    fn info(&self) -> Value {
        let schema: BTreeMap<_, _> = self
            .indexes
            .iter()
            .map(|(field, params)| (field, json!({ "data_type": "keyword", "params": params, "points": 0 })))
            .collect();
        json!({
            "status": "green", "optimizer_status": "ok", "segments_count": 2, "points_count": self.points.len(),
            "indexed_vectors_count": 0,
            "config": {
                "params": {
                    "vectors": { "size": self.size, "distance": self.distance },
                    "shard_number": 1, "replication_factor": 1, "write_consistency_factor": 1, "on_disk_payload": true,
                },
                "hnsw_config": { "m": 0, "ef_construct": 100, "full_scan_threshold": 10_000, "payload_m": 16 },
                "optimizer_config": { "deleted_threshold": 0.2, "vacuum_min_vector_number": 1_000 },
            },
            "payload_schema": schema,
        })
    }

    /// `UpdateResult`; only who waits may rely on it.
    fn written(&self, asked: &Asked) -> Value {
        let status = if asked.query == "wait=true" { "completed" } else { "acknowledged" };
        json!({ "operation_id": self.points.len(), "status": status })
    }

    fn index(&mut self, asked: &Asked) -> Outcome {
        let CreateFieldIndex { field_name, field_schema: KeywordIndexParams { r#type, is_tenant } } = body(asked)?;
        self.indexes.insert(field_name, json!({ "type": r#type, "is_tenant": is_tenant }));
        Ok(self.written(asked))
    }

    fn fits(&self, vector: &[f32]) -> Result<(), Reply> {
        let (expected, got) = (self.size, vector.len());
        if expected == got {
            return Ok(());
        }
        Err(error(400, &format!("Wrong input: Vector dimension error: expected dim: {expected}, got {got}")))
    }

    fn upsert(&mut self, asked: &Asked) -> Outcome {
        if asked.body.len() > 32 << 20 {
            return Err(error(413, "JSON payload is larger than allowed"));
        }
        let PointsList { points } = body(asked)?;
        for point in points {
            self.fits(&point.vector)?;
            let id: String = point.id.clone();
            if id.parse::<kernel::ChunkId>().is_err() {
                return Err(error(400, &format!("Format error in JSON body: value {id} is not a valid point ID")));
            }
            self.points.insert(id, point);
        }
        Ok(self.written(asked))
    }

    fn indexed(&self, filter: &Filter) -> Result<(), Reply> {
        for condition in &filter.must {
            if let Condition::Field(Field { key, .. }) = condition
                && !self.indexes.contains_key(key)
            {
                let message = format!("Bad request: Index required but not found for \"{key}\" of type [keyword]");
                return Err(error(400, &message));
            }
        }
        Ok(())
    }

    fn delete(&mut self, asked: &Asked) -> Outcome {
        let FilterSelector { filter } = body(asked)?;
        self.indexed(&filter)?;
        self.points.retain(|_, point| !filter.takes(point));
        Ok(self.written(asked))
    }

    fn query(&self, asked: &Asked) -> Outcome {
        let QueryRequest { query, filter, limit, with_payload, with_vector } = body(asked)?;
        self.fits(&query)?;
        self.indexed(&filter)?;
        assert!(limit >= 1 && !with_payload && !with_vector);
        let within = self.points.values().filter(|point| filter.takes(point));
        let mut hits: Vec<_> = within.map(|point| (cosine(&point.vector, &query), &point.id)).collect();
        // Of equal ones any may come first.
        hits.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(a.1)));
        let hits = hits.iter().take(limit).map(|(score, id)| json!({ "id": id, "version": 1, "score": score }));
        Ok(json!({ "points": hits.collect::<Vec<_>>() }))
    }

    fn count(&self, asked: &Asked) -> Outcome {
        let CountRequest { filter, exact } = body(asked)?;
        self.indexed(&filter)?;
        assert!(exact);
        Ok(json!({ "count": self.points.values().filter(|point| filter.takes(point)).count() }))
    }
}

impl Filter {
    fn takes(&self, point: &Point) -> bool {
        self.must.iter().all(|condition| match condition {
            Condition::HasId(HasId { has_id }) => has_id.contains(&point.id),
            Condition::Field(Field { key, r#match }) => {
                let value = point.payload.get(key).and_then(Value::as_str);
                match r#match {
                    Match::Value(wanted) => value == Some(wanted),
                    Match::Any(wanted) => value.is_some_and(|value| wanted.iter().any(|w| w == value)),
                }
            }
        })
    }
}
