use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kernel::{ChunkId, StoreId};

use crate::model::{EmbeddingSpec, Scope, ScoredChunk, VectorError, VectorPoint};
use crate::ports::VectorStore;

/// Embeddings in memory, compared exactly: the reference the other vector stores are compared with.
///
/// It refuses points of a kind that nothing was prepared for, which not every store can.
#[derive(Debug, Default)]
pub struct MemoryVectors(Mutex<BTreeMap<EmbeddingSpec, Room>>);

#[derive(Debug)]
struct Room {
    length: u32,
    points: BTreeMap<(StoreId, ChunkId), VectorPoint>,
}

impl MemoryVectors {
    /// One with room for vectors of a length under the name of a kind that may be of another.
    pub fn with_room(spec: EmbeddingSpec, length: u32) -> Self {
        Self(Mutex::new(BTreeMap::from([(spec, Room { length, points: BTreeMap::new() })])))
    }

    /// All that is kept of a kind for a store, by chunk id.
    pub fn points(&self, spec: &EmbeddingSpec, store: &StoreId) -> Vec<VectorPoint> {
        let rooms = self.lock();
        let points = rooms.get(spec).map(|room| &room.points).into_iter().flatten();
        points.filter(|((of, _), _)| of == store).map(|(_, point)| point.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<EmbeddingSpec, Room>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn fits(&self, given: usize) -> Result<(), VectorError> {
        let given = u32::try_from(given).unwrap_or(u32::MAX);
        if given == self.length {
            return Ok(());
        }
        Err(VectorError::Mismatch { store: "memory".into(), kept: self.length, given })
    }
}

fn in_scope(scope: &Scope, store: &StoreId, point: &VectorPoint) -> bool {
    *store == scope.store && (scope.collections.is_empty() || scope.collections.contains(&point.collection))
}

/// Cosine similarity; nothing is similar to a vector without direction.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { dot(a, b) / lengths } else { 0.0 }
}

#[async_trait]
impl VectorStore for MemoryVectors {
    fn name(&self) -> &'static str {
        "memory"
    }

    async fn prepare(&self, spec: &EmbeddingSpec) -> Result<(), VectorError> {
        let mut rooms = self.lock();
        let room =
            rooms.entry(spec.clone()).or_insert_with(|| Room { length: spec.dimension, points: BTreeMap::new() });
        room.fits(spec.dimension as usize)
    }

    async fn upsert(&self, spec: &EmbeddingSpec, store: &StoreId, points: &[VectorPoint]) -> Result<(), VectorError> {
        let mut rooms = self.lock();
        let Some(room) = rooms.get_mut(spec) else {
            return Err(VectorError::Permanent(format!("nothing was prepared for \"{}\"", spec.embedder)));
        };
        for point in points {
            room.fits(point.vector.len())?;
        }
        room.points.extend(points.iter().map(|point| ((store.clone(), point.chunk), point.clone())));
        Ok(())
    }

    async fn remove(&self, spec: &EmbeddingSpec, store: &StoreId, chunks: &[ChunkId]) -> Result<(), VectorError> {
        if let Some(room) = self.lock().get_mut(spec) {
            for chunk in chunks {
                room.points.remove(&(store.clone(), *chunk));
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
        let rooms = self.lock();
        let Some(room) = rooms.get(spec).filter(|_| !vector.is_empty()) else {
            return Ok(Vec::new());
        };
        room.fits(vector.len())?;
        let searched = room.points.iter().filter(|((store, _), point)| in_scope(scope, store, point));
        let scored =
            searched.map(|((_, chunk), point)| ScoredChunk { chunk: *chunk, score: cosine(&point.vector, vector) });
        let mut hits: Vec<ScoredChunk> = scored.collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.chunk.cmp(&b.chunk)));
        hits.truncate(limit);
        Ok(hits)
    }

    async fn count(&self, spec: &EmbeddingSpec, store: &StoreId) -> Result<u64, VectorError> {
        Ok(self.points(spec, store).len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::VectorFixture;

    crate::vector_store_contract!(async { Some(VectorFixture::memory()) });
}
