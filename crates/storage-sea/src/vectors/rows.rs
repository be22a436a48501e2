//! Vectors in their tables.

use futures::TryStreamExt;
use kernel::{ChunkId, RepositoryError, StoreId};
use rag_pipeline::model::{Collection, EmbeddingSpec, Scope, VectorPoint};
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Statement, StreamTrait, Value};
use uuid::Uuid;

use super::unit;
use crate::error::repository_error;
use crate::pools::Pools;

/// How many revisions back a process may be and still learn what was removed without reading everything.
const REMEMBERED: i64 = 1_000;

/// A kind of embeddings as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) id: i64,
    pub(super) dimension: u32,
}

/// How new a space is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpaceState {
    pub(super) id: i64,
    pub(super) revision: i64,
    /// Who knows less must read everything.
    pub(super) forgotten: i64,
}

/// A change of a space: a chunk's vector, or none where it was removed.
pub(super) struct Changed {
    pub(super) chunk: Uuid,
    pub(super) revision: i64,
    pub(super) vector: Option<Vec<f32>>,
}

/// The tables.
#[derive(Clone)]
pub(super) struct Rows {
    pools: Pools,
}

impl Rows {
    pub(super) const fn new(pools: Pools) -> Self {
        Self { pools }
    }

    fn statement(&self, sql: impl Into<String>, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.pools.writer.get_database_backend(), sql, values)
    }

    async fn read(&self, sql: impl Into<String>, values: Vec<Value>) -> Result<Vec<QueryResult>, RepositoryError> {
        self.pools.reader.query_all_raw(self.statement(sql, values)).await.map_err(repository_error)
    }

    pub(super) async fn kind(&self, embedder: &str) -> Result<Option<Kind>, RepositoryError> {
        let rows =
            self.read("SELECT id, dimension FROM vector_kinds WHERE embedder = $1", vec![embedder.into()]).await?;
        rows.first()
            .map(|row| Ok(Kind { id: get(row, "id")?, dimension: get::<i32>(row, "dimension")?.cast_unsigned() }))
            .transpose()
    }

    pub(super) async fn begin_kind(&self, spec: &EmbeddingSpec) -> Result<(), RepositoryError> {
        let sql = "INSERT INTO vector_kinds (embedder, dimension) VALUES ($1, $2) ON CONFLICT (embedder) DO NOTHING";
        let dimension = i32::try_from(spec.dimension).map_err(RepositoryError::backend)?;
        let statement = self.statement(sql, vec![spec.embedder.as_str().into(), dimension.into()]);
        self.pools.writer.execute_raw(statement).await.map(|_| ()).map_err(repository_error)
    }

    /// Keeps points of one collection, no more than fit a statement.
    pub(super) async fn put(
        &self,
        kind: Kind,
        store: &StoreId,
        collection: &Collection,
        points: &[&VectorPoint],
    ) -> Result<(), RepositoryError> {
        // Of two points of one chunk the later one counts; a statement cannot write a row twice.
        let mut newest: Vec<&VectorPoint> = Vec::with_capacity(points.len());
        for point in points.iter().rev() {
            if !newest.iter().any(|kept| kept.chunk == point.chunk) {
                newest.push(point);
            }
        }
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let begin = "INSERT INTO vector_spaces (kind_id, store_id, collection, revision, forgotten_revision) \
                     VALUES ($1, $2, $3, 0, 0) ON CONFLICT (kind_id, store_id, collection) DO NOTHING";
        let names: Vec<Value> = vec![kind.id.into(), store.as_str().into(), collection.as_str().into()];
        transaction.execute_raw(self.statement(begin, names.clone())).await.map_err(repository_error)?;
        let raise = "UPDATE vector_spaces SET revision = revision + 1 \
                     WHERE kind_id = $1 AND store_id = $2 AND collection = $3 RETURNING id, revision";
        let raised = transaction.query_one_raw(self.statement(raise, names)).await.map_err(repository_error)?;
        let raised = raised.ok_or_else(|| RepositoryError::Corrupt("a space that was just made is gone".into()))?;
        let (space, revision): (i64, i64) = (get(&raised, "id")?, get(&raised, "revision")?);
        let chunks: Vec<ChunkId> = newest.iter().map(|point| point.chunk).collect();
        self.clear(&transaction, kind, store, &chunks, Some(space)).await?;
        self.write(&transaction, space, revision, &newest).await?;
        transaction.commit().await.map_err(repository_error)
    }

    async fn write(
        &self,
        transaction: &DatabaseTransaction,
        space: i64,
        revision: i64,
        points: &[&VectorPoint],
    ) -> Result<(), RepositoryError> {
        let mut values: Vec<Value> = vec![space.into(), revision.into()];
        let mut rows = Vec::with_capacity(points.len());
        for point in points {
            values.push(point.chunk.as_uuid().into());
            let bytes: Vec<u8> = unit(&point.vector).iter().flat_map(|x| x.to_le_bytes()).collect();
            values.push(bytes.into());
            rows.push(format!("($1, ${}, $2, ${})", values.len() - 1, values.len()));
        }
        let sql = format!(
            "INSERT INTO chunk_vectors (space_id, chunk_id, revision, embedding) VALUES {} \
             ON CONFLICT (space_id, chunk_id) DO UPDATE SET revision = excluded.revision, embedding = excluded.embedding",
            rows.join(", ")
        );
        transaction.execute_raw(self.statement(sql, values)).await.map(|_| ()).map_err(repository_error)
    }

    pub(super) async fn remove(&self, kind: Kind, store: &StoreId, chunks: &[ChunkId]) -> Result<(), RepositoryError> {
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        self.clear(&transaction, kind, store, chunks, None).await?;
        transaction.commit().await.map_err(repository_error)
    }

    /// Empties the rows of chunks, in all spaces of the store but one.
    async fn clear(
        &self,
        transaction: &DatabaseTransaction,
        kind: Kind,
        store: &StoreId,
        chunks: &[ChunkId],
        except: Option<i64>,
    ) -> Result<(), RepositoryError> {
        if chunks.is_empty() {
            return Ok(());
        }
        let mut values: Vec<Value> = vec![kind.id.into(), store.as_str().into(), except.unwrap_or(-1).into()];
        let marks = places(&mut values, chunks);
        let sql = format!(
            "SELECT DISTINCT s.id AS id FROM vector_spaces s JOIN chunk_vectors v ON v.space_id = s.id \
             WHERE s.kind_id = $1 AND s.store_id = $2 AND s.id <> $3 AND v.chunk_id IN ({marks}) \
             AND v.embedding IS NOT NULL ORDER BY id"
        );
        let spaces = transaction.query_all_raw(self.statement(sql, values)).await.map_err(repository_error)?;
        for row in spaces {
            self.clear_in(transaction, get(&row, "id")?, chunks).await?;
        }
        Ok(())
    }

    async fn clear_in(
        &self,
        transaction: &DatabaseTransaction,
        space: i64,
        chunks: &[ChunkId],
    ) -> Result<(), RepositoryError> {
        let raise = "UPDATE vector_spaces SET revision = revision + 1, forgotten_revision = \
                     CASE WHEN revision > $2 THEN revision + 1 - $2 ELSE 0 END WHERE id = $1 \
                     RETURNING revision, forgotten_revision";
        let statement = self.statement(raise, vec![space.into(), REMEMBERED.into()]);
        let Some(raised) = transaction.query_one_raw(statement).await.map_err(repository_error)? else { return Ok(()) };
        let (revision, forgotten): (i64, i64) = (get(&raised, "revision")?, get(&raised, "forgotten_revision")?);
        let mut values: Vec<Value> = vec![space.into(), revision.into()];
        let marks = places(&mut values, chunks);
        let sql = format!(
            "UPDATE chunk_vectors SET embedding = NULL, revision = $2 WHERE space_id = $1 AND chunk_id IN ({marks}) \
             AND embedding IS NOT NULL"
        );
        transaction.execute_raw(self.statement(sql, values)).await.map_err(repository_error)?;
        let forget = "DELETE FROM chunk_vectors WHERE space_id = $1 AND revision <= $2 AND embedding IS NULL";
        let statement = self.statement(forget, vec![space.into(), forgotten.into()]);
        transaction.execute_raw(statement).await.map(|_| ()).map_err(repository_error)
    }

    pub(super) async fn spaces(&self, kind: Kind, scope: &Scope) -> Result<Vec<SpaceState>, RepositoryError> {
        let mut values: Vec<Value> = vec![kind.id.into(), scope.store.as_str().into()];
        let mut sql = "SELECT id, revision, forgotten_revision FROM vector_spaces WHERE kind_id = $1 AND store_id = $2"
            .to_owned();
        if !scope.collections.is_empty() {
            let marks: Vec<String> = (3..3 + scope.collections.len()).map(|place| format!("${place}")).collect();
            sql.push_str(&format!(" AND collection IN ({})", marks.join(", ")));
            values.extend(scope.collections.iter().map(|name| Value::from(name.as_str())));
        }
        let rows = self.read(sql, values).await?;
        let state = |row: &QueryResult| {
            Ok(SpaceState {
                id: get(row, "id")?,
                revision: get(row, "revision")?,
                forgotten: get(row, "forgotten_revision")?,
            })
        };
        rows.iter().map(state).collect()
    }

    /// Gives every change of a space after a revision to `each`, as long as it wants more.
    pub(super) async fn changes(
        &self,
        space: i64,
        after: i64,
        mut each: impl FnMut(Changed) -> bool,
    ) -> Result<(), RepositoryError> {
        // Who reads everything has no use for what was removed.
        let removed = if after > 0 { "" } else { " AND embedding IS NOT NULL" };
        let sql = format!(
            "SELECT chunk_id, revision, embedding FROM chunk_vectors WHERE space_id = $1 AND revision > $2{removed}"
        );
        let statement = self.statement(sql, vec![space.into(), after.into()]);
        let mut rows = self.pools.reader.stream_raw(statement).await.map_err(repository_error)?;
        while let Some(row) = rows.try_next().await.map_err(repository_error)? {
            let embedding: Option<Vec<u8>> = get(&row, "embedding")?;
            let vector =
                embedding.map(|bytes| bytes.as_chunks::<4>().0.iter().map(|x| f32::from_le_bytes(*x)).collect());
            let changed = Changed { chunk: get(&row, "chunk_id")?, revision: get(&row, "revision")?, vector };
            if !each(changed) {
                break;
            }
        }
        Ok(())
    }

    pub(super) async fn count(&self, kind: Kind, store: &StoreId) -> Result<u64, RepositoryError> {
        let sql = "SELECT count(*) AS n FROM chunk_vectors v JOIN vector_spaces s ON s.id = v.space_id \
                   WHERE s.kind_id = $1 AND s.store_id = $2 AND v.embedding IS NOT NULL";
        let rows = self.read(sql, vec![kind.id.into(), store.as_str().into()]).await?;
        let n: i64 = rows.first().map_or(Ok(0), |row| get(row, "n"))?;
        Ok(n.max(0).cast_unsigned())
    }
}

fn get<T: sea_orm::TryGetable>(row: &QueryResult, column: &str) -> Result<T, RepositoryError> {
    row.try_get("", column).map_err(repository_error)
}

/// Adds the chunks to the values of a statement; the marks of their places.
fn places(values: &mut Vec<Value>, chunks: &[ChunkId]) -> String {
    let first = values.len() + 1;
    values.extend(chunks.iter().map(|chunk| Value::from(chunk.as_uuid())));
    (first..=values.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}
