//! Exact nearest neighbours by reading every vector of the scope.

use async_trait::async_trait;
use kernel::{ChunkId, RepositoryError};
use rag_pipeline::model::{Scope, ScoredChunk};
use rag_pipeline::ports::VectorIndex;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use storage_sea::{Pools, repository_error};
use uuid::Uuid;

/// Compares a vector with every stored one. Exact, and fast enough for the tens of thousands of chunks
/// that a shop has: reading 512 floats takes about a microsecond.
#[derive(Clone, Debug)]
pub(crate) struct SqliteVectors {
    pools: Pools,
}

impl SqliteVectors {
    pub(crate) const fn new(pools: Pools) -> Self {
        Self { pools }
    }
}

/// The dot product of a vector with one in its stored form; both have unit length, so it is the cosine.
fn cosine(vector: &[f32], stored: &[u8]) -> f32 {
    let (floats, _) = stored.as_chunks::<4>();
    vector.iter().zip(floats).map(|(a, b)| a * f32::from_le_bytes(*b)).sum()
}

#[async_trait]
impl VectorIndex for SqliteVectors {
    async fn search(&self, scope: &Scope, vector: &[f32], limit: usize) -> Result<Vec<ScoredChunk>, RepositoryError> {
        if limit == 0 || vector.is_empty() {
            return Ok(Vec::new());
        }
        let mut values: Vec<Value> = vec![scope.store.as_str().into(), ((vector.len() * 4) as i64).into()];
        let mut sql = "SELECT c.id AS id, c.embedding AS embedding FROM document_chunks c \
                       JOIN documents d ON d.store_id = c.store_id AND d.id = c.document_id \
                       WHERE c.store_id = ? AND length(c.embedding) = ?"
            .to_owned();
        if !scope.collections.is_empty() {
            sql.push_str(&format!(" AND d.collection IN ({})", vec!["?"; scope.collections.len()].join(",")));
            values.extend(scope.collections.iter().map(|name| Value::from(name.as_str())));
        }
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, &sql, values);
        let rows = self.pools.reader().query_all_raw(statement).await.map_err(repository_error)?;
        let mut hits = Vec::with_capacity(rows.len());
        for row in rows {
            let id: Uuid = row.try_get("", "id").map_err(repository_error)?;
            let embedding: Vec<u8> = row.try_get("", "embedding").map_err(repository_error)?;
            hits.push(ScoredChunk { chunk: ChunkId::from_uuid(id), score: cosine(vector, &embedding) });
        }
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.chunk.cmp(&b.chunk)));
        hits.truncate(limit);
        Ok(hits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_of_stored_unit_vectors_is_their_dot_product() {
        let stored: Vec<u8> = [0.6_f32, 0.8].iter().flat_map(|x| x.to_le_bytes()).collect();
        assert!((cosine(&[1.0, 0.0], &stored) - 0.6).abs() < 1e-6);
        assert!((cosine(&[0.6, 0.8], &stored) - 1.0).abs() < 1e-6);
    }
}
