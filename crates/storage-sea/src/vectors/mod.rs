//! The built-in vector store: embeddings in tables, on either database, searched in memory.
//!
//! A space is what is searched together: one kind of embeddings, one store, one collection. Every change raises its
//! revision and marks the rows it touched with it, so that each process brings what it holds in memory up to date by
//! reading what is newer. Removed vectors stay as empty rows for a while, for those who have not read of it yet.

mod memory;
mod rows;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use kernel::{ChunkId, RepositoryError, StoreId, error_chain};
use rag_pipeline::model::{Collection, EmbeddingSpec, Scope, ScoredChunk, VectorError, VectorPoint};
use rag_pipeline::ports::VectorStore;

use vector_search::Settings;

use crate::pools::Pools;
use memory::{Memory, refused};
use rows::{Kind, Rows};

/// Points of a transaction: about ten milliseconds of SQLite's one writer.
const BATCH: usize = 64;
/// From how many bytes on a search gets a thread of its own, so that other requests go on meanwhile.
const LARGE: u64 = 4 << 20;

/// The built-in vector store, on either database.
#[derive(Clone)]
pub struct SeaVectors {
    rows: Rows,
    memory: Arc<Memory>,
    kinds: Arc<Mutex<HashMap<String, Kind>>>,
}

impl SeaVectors {
    /// What collections call it.
    pub const NAME: &'static str = "builtin";

    /// A vector store over migrated databases that searches as the settings say.
    pub fn new(pools: Pools, settings: Settings) -> Self {
        Self { rows: Rows::new(pools), memory: Arc::new(Memory::new(settings)), kinds: Arc::default() }
    }

    /// The kind as it is kept, if it is.
    async fn kind(&self, spec: &EmbeddingSpec) -> Result<Option<Kind>, VectorError> {
        let known = self.kinds.lock().unwrap_or_else(PoisonError::into_inner).get(&spec.embedder).copied();
        let kind = match known {
            Some(kind) => Some(kind),
            None => self.rows.kind(&spec.embedder).await.map_err(vector_error)?,
        };
        if let Some(kind) = kind {
            self.kinds.lock().unwrap_or_else(PoisonError::into_inner).insert(spec.embedder.clone(), kind);
        }
        Ok(kind)
    }

    async fn fitting(&self, spec: &EmbeddingSpec, given: usize) -> Result<Option<Kind>, VectorError> {
        match self.kind(spec).await? {
            Some(kind) if kind.dimension as usize != given => Err(mismatch(kind.dimension, given)),
            kind => Ok(kind),
        }
    }
}

fn mismatch(kept: u32, given: usize) -> VectorError {
    VectorError::Mismatch { store: SeaVectors::NAME.to_owned(), kept, given: u32::try_from(given).unwrap_or(u32::MAX) }
}

/// The vector with length one. Embedders should give it so, and not all do. One without direction stays as it is.
fn unit(vector: &[f32]) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 && length.is_finite() {
        vector.iter().map(|x| x / length).collect()
    } else {
        vec![0.0; vector.len()]
    }
}

/// The database's own words go to the log only.
fn vector_error(error: RepositoryError) -> VectorError {
    tracing::warn!(error = error_chain(&error), "the built-in vector store failed");
    match error {
        RepositoryError::Unavailable(_) => VectorError::Transient { message: error.to_string(), retry_after: None },
        other => VectorError::Permanent(other.to_string()),
    }
}

#[async_trait]
impl VectorStore for SeaVectors {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn prepare(&self, spec: &EmbeddingSpec) -> Result<(), VectorError> {
        if self.kind(spec).await?.is_none() {
            self.rows.begin_kind(spec).await.map_err(vector_error)?;
        }
        self.fitting(spec, spec.dimension as usize).await.map(|_| ())
    }

    async fn upsert(&self, spec: &EmbeddingSpec, store: &StoreId, points: &[VectorPoint]) -> Result<(), VectorError> {
        let given = points.iter().map(|point| point.vector.len());
        let wrong = given.clone().find(|length| *length != spec.dimension as usize);
        let Some(kind) = self.fitting(spec, wrong.unwrap_or(spec.dimension as usize)).await? else {
            return Err(VectorError::Permanent(format!("nothing was prepared for \"{}\"", spec.embedder)));
        };
        if let Some(wrong) = wrong {
            return Err(mismatch(kind.dimension, wrong));
        }
        for batch in points.chunks(BATCH) {
            let mut collections: Vec<&Collection> = batch.iter().map(|point| &point.collection).collect();
            collections.sort_unstable();
            collections.dedup();
            for collection in collections {
                let of_collection: Vec<&VectorPoint> = batch.iter().filter(|p| p.collection == *collection).collect();
                self.rows.put(kind, store, collection, &of_collection).await.map_err(vector_error)?;
            }
        }
        Ok(())
    }

    async fn remove(&self, spec: &EmbeddingSpec, store: &StoreId, chunks: &[ChunkId]) -> Result<(), VectorError> {
        let Some(kind) = self.kind(spec).await? else { return Ok(()) };
        for batch in chunks.chunks(BATCH) {
            self.rows.remove(kind, store, batch).await.map_err(vector_error)?;
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
        let Some(kind) = self.fitting(spec, vector.len()).await? else { return Ok(Vec::new()) };
        let vector = unit(vector);
        let mut hits: Vec<ScoredChunk> = Vec::new();
        for state in self.rows.spaces(kind, scope).await.map_err(vector_error)? {
            let space = self.memory.up_to_date(&self.rows, kind, state).await?;
            let found = if space.bytes() < LARGE {
                space.search(&vector, limit)
            } else {
                let vector = vector.clone();
                let searched = tokio::task::spawn_blocking(move || space.search(&vector, limit)).await;
                searched.map_err(|error| VectorError::Permanent(error.to_string()))?
            };
            let found = found.map_err(|error| refused(&error))?;
            hits.extend(found.into_iter().map(|(id, score)| ScoredChunk { chunk: ChunkId::from_uuid(id), score }));
        }
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.chunk.cmp(&b.chunk)));
        hits.truncate(limit);
        Ok(hits)
    }

    async fn count(&self, spec: &EmbeddingSpec, store: &StoreId) -> Result<u64, VectorError> {
        let Some(kind) = self.kind(spec).await? else { return Ok(0) };
        self.rows.count(kind, store).await.map_err(vector_error)
    }
}
