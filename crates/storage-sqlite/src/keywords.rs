//! The keyword index on FTS5.

use std::collections::HashMap;

use async_trait::async_trait;
use kernel::{ChunkId, RepositoryError, StoreId};
use korean_text::index_terms;
use rag_pipeline::model::{Collection, Document, Scope, ScoredChunk, TermStatistics};
use rag_pipeline::ports::KeywordIndex;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, QueryResult, Statement, Value};
use storage_sea::{ChunkIndex, ChunkRow, Pools, repository_error};
use uuid::Uuid;

use crate::scope;

/// What a match in title or headings is worth beside one in the text.
const HEADING_WEIGHT: f32 = 2.0;
/// SQLite takes 32,766 variables in a statement; lists are cut well below.
const MAX_VARIABLES: usize = 10_000;
/// Chunks that are read at a time when the index is built anew.
const REBUILD_BATCH: i64 = 500;

/// Finds chunks by their terms.
#[derive(Clone, Debug)]
pub(crate) struct SqliteKeywords {
    pools: Pools,
}

impl SqliteKeywords {
    pub(crate) const fn new(pools: Pools) -> Self {
        Self { pools }
    }

    async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, RepositoryError> {
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        self.pools.reader().query_all_raw(statement).await.map_err(repository_error)
    }
}

/// A term as an FTS5 string: whatever it holds, it is text and not syntax.
fn quoted(term: &str) -> String {
    format!("\"{}\"", term.replace('"', "\"\""))
}

#[async_trait]
impl KeywordIndex for SqliteKeywords {
    async fn search(&self, scope: &Scope, terms: &[String], limit: usize) -> Result<Vec<ScoredChunk>, RepositoryError> {
        let usable: Vec<String> = terms.iter().filter(|term| !term.contains('\0')).map(|term| quoted(term)).collect();
        if usable.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let query = format!("{} AND {{heading body}} : ({})", scope::filter(scope), usable.join(" OR "));
        let sql = "SELECT c.id AS id, -bm25(chunk_search, 0.0, ?, 1.0) AS score \
                   FROM chunk_search JOIN document_chunks c ON c.seq = chunk_search.rowid \
                   WHERE chunk_search MATCH ? ORDER BY score DESC, c.id LIMIT ?";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.rows(sql, vec![HEADING_WEIGHT.into(), query.into(), limit.into()]).await?;
        let hit = |row: &QueryResult| -> Result<ScoredChunk, RepositoryError> {
            let id: Uuid = row.try_get("", "id").map_err(repository_error)?;
            let score: f64 = row.try_get("", "score").map_err(repository_error)?;
            Ok(ScoredChunk { chunk: ChunkId::from_uuid(id), score: score as f32 })
        };
        rows.iter().map(hit).collect()
    }

    async fn statistics(&self, _scope: &Scope, terms: &[String]) -> Result<TermStatistics, RepositoryError> {
        let counted = self.rows("SELECT count(*) AS n FROM document_chunks", Vec::new()).await?;
        let total: i64 = match counted.first() {
            Some(row) => row.try_get("", "n").map_err(repository_error)?,
            None => 0,
        };
        let mut counts: HashMap<String, i64> = HashMap::new();
        for part in terms.chunks(MAX_VARIABLES) {
            let marks = vec!["?"; part.len()].join(",");
            let sql = format!("SELECT term, doc FROM chunk_vocabulary WHERE term IN ({marks})");
            for row in self.rows(&sql, part.iter().map(|term| term.as_str().into()).collect()).await? {
                let term: String = row.try_get("", "term").map_err(repository_error)?;
                counts.insert(term, row.try_get("", "doc").map_err(repository_error)?);
            }
        }
        let frequency = |term: &String| counts.get(term).copied().unwrap_or(0).max(0).cast_unsigned();
        Ok(TermStatistics { total: total.max(0).cast_unsigned(), frequencies: terms.iter().map(frequency).collect() })
    }
}

/// Fills the empty FTS5 table from the chunks that are stored, under the terms that taking them in gave them.
pub(crate) async fn rebuild(transaction: &DatabaseTransaction) -> Result<(), RepositoryError> {
    let sql = "SELECT c.seq, c.text, c.heading_path, d.store_id, d.collection, d.title FROM document_chunks c \
               JOIN documents d ON d.store_id = c.store_id AND d.id = c.document_id WHERE c.seq > ? ORDER BY c.seq LIMIT ?";
    let mut after = 0_i64;
    loop {
        let values: [Value; 2] = [after.into(), REBUILD_BATCH.into()];
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        let rows = transaction.query_all_raw(statement).await.map_err(repository_error)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.try_get("", "seq").map_err(repository_error)?;
        for row in &rows {
            insert(transaction, rebuilt(row)?).await?;
        }
    }
}

/// The row of the index for a stored chunk.
fn rebuilt(row: &QueryResult) -> Result<[Value; 4], RepositoryError> {
    let text = |column: &str| row.try_get::<String>("", column).map_err(repository_error);
    let store = StoreId::new(text("store_id")?).map_err(RepositoryError::backend)?;
    let collection = Collection::new(text("collection")?).map_err(RepositoryError::backend)?;
    let path: serde_json::Value = row.try_get("", "heading_path").map_err(repository_error)?;
    let path: Vec<&str> = path.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
    let headings = format!("{}\n{}", text("title")?, path.join("\n"));
    let seq: i64 = row.try_get("", "seq").map_err(repository_error)?;
    Ok([
        seq.into(),
        scope::tokens(&store, &collection).into(),
        index_terms(&headings).join(" ").into(),
        index_terms(&text("text")?).join(" ").into(),
    ])
}

async fn insert(transaction: &DatabaseTransaction, values: [Value; 4]) -> Result<(), RepositoryError> {
    let sql = "INSERT INTO chunk_search (rowid, scope, heading, body) VALUES (?, ?, ?, ?)";
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    transaction.execute_raw(statement).await.map(|_| ()).map_err(repository_error)
}

/// Writes the FTS5 table.
pub(crate) struct Fts5Index;

#[async_trait]
impl ChunkIndex for Fts5Index {
    async fn add(
        &self,
        transaction: &DatabaseTransaction,
        document: &Document,
        rows: &[ChunkRow<'_>],
    ) -> Result<(), RepositoryError> {
        let scope = scope::tokens(&document.store, &document.collection);
        for row in rows {
            let values = [
                row.seq.into(),
                scope.as_str().into(),
                row.chunk.heading_terms.join(" ").into(),
                row.chunk.text_terms.join(" ").into(),
            ];
            insert(transaction, values).await?;
        }
        Ok(())
    }

    async fn remove(&self, transaction: &DatabaseTransaction, rows: &[i64]) -> Result<(), RepositoryError> {
        for part in rows.chunks(MAX_VARIABLES) {
            let marks = vec!["?"; part.len()].join(",");
            let sql = format!("DELETE FROM chunk_search WHERE rowid IN ({marks})");
            let values: Vec<Value> = part.iter().map(|seq| (*seq).into()).collect();
            let statement = Statement::from_sql_and_values(DbBackend::Sqlite, &sql, values);
            transaction.execute_raw(statement).await.map_err(repository_error)?;
        }
        Ok(())
    }
}
