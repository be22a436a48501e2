//! The keyword index on FTS5.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use kernel::{ChunkId, RepositoryError, StoreId};
use korean_text::index_terms;
use rag_pipeline::model::{Collection, Document, Scope, ScoredChunk, TermStatistics};
use rag_pipeline::ports::KeywordIndex;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, QueryResult, Statement, Value};
use storage_sea::term_counts::{TermCounts, Totals, candidates};
use storage_sea::{ChunkIndex, ChunkRow, Pools, repository_error, scope};
use uuid::Uuid;

/// What a match in title or headings is worth beside one in the text.
const HEADING_WEIGHT: f32 = 2.0;
/// SQLite takes 32,766 variables in a statement; lists are cut well below.
const MAX_VARIABLES: usize = 10_000;
/// Chunks that are read at a time when the index is built anew.
const REBUILD_BATCH: i64 = 500;

/// Chunks that have any of the terms looked by: reading so many takes about twenty milliseconds.
const BUDGET: u64 = 20_000;
/// Chunks of versions that nobody sees may be among the best: so many more are asked for.
const UNSEEN: usize = 50;

/// Finds chunks by their terms.
#[derive(Clone, Debug)]
pub struct SqliteKeywords {
    pools: Pools,
    counts: Arc<TermCounts>,
}

impl SqliteKeywords {
    pub(crate) fn new(pools: Pools) -> Self {
        Self { pools, counts: Arc::default() }
    }

    async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, RepositoryError> {
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        self.pools.reader().query_all_raw(statement).await.map_err(repository_error)
    }

    /// How many chunks have each of the terms; those of versions that nobody sees may be counted.
    async fn count(&self, terms: &[String]) -> Result<HashMap<String, u64>, RepositoryError> {
        let (mut known, unknown) = self.counts.known(terms);
        let mut counted: HashMap<String, u64> = HashMap::new();
        for part in unknown.chunks(MAX_VARIABLES) {
            let marks = vec!["?"; part.len()].join(",");
            let sql = format!("SELECT term, doc FROM chunk_vocabulary WHERE term IN ({marks})");
            for row in self.rows(&sql, part.iter().map(|term| (*term).into()).collect()).await? {
                let term: String = row.try_get("", "term").map_err(repository_error)?;
                let count: i64 = row.try_get("", "doc").map_err(repository_error)?;
                counted.insert(term, count.max(0).cast_unsigned());
            }
        }
        self.counts.learn(&counted);
        known.extend(counted);
        Ok(known)
    }

    async fn total(&self) -> Result<u64, RepositoryError> {
        if let Some(totals) = self.counts.totals() {
            return Ok(totals.chunks);
        }
        let counted = self.rows("SELECT count(*) AS n FROM document_chunks", Vec::new()).await?;
        let total: i64 = counted.first().map_or(Ok(0), |row| row.try_get("", "n")).map_err(repository_error)?;
        let chunks = total.max(0).cast_unsigned();
        self.counts.learn_totals(Totals { chunks, length: 0.0 });
        Ok(chunks)
    }

    /// The best `asked` chunks of any version, without those that nobody sees; and whether there were so many.
    async fn best(&self, query: &str, asked: usize) -> Result<(Vec<ScoredChunk>, bool), RepositoryError> {
        let sql = "SELECT c.id AS id, m.score AS score, d.version IS c.version AS seen FROM \
                   (SELECT rowid AS seq, -bm25(chunk_search, 0.0, ?, 1.0) AS score FROM chunk_search \
                    WHERE chunk_search MATCH ? ORDER BY score DESC, rowid LIMIT ?) m \
                   JOIN document_chunks c ON c.seq = m.seq \
                   LEFT JOIN documents d ON d.store_id = c.store_id AND d.id = c.document_id \
                   ORDER BY m.score DESC, c.id";
        let limit = i64::try_from(asked).unwrap_or(i64::MAX);
        let rows = self.rows(sql, vec![HEADING_WEIGHT.into(), query.into(), limit.into()]).await?;
        let mut hits = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.try_get("", "seen").map_err(repository_error)? {
                let id: Uuid = row.try_get("", "id").map_err(repository_error)?;
                let score: f64 = row.try_get("", "score").map_err(repository_error)?;
                hits.push(ScoredChunk { chunk: ChunkId::from_uuid(id), score: score as f32 });
            }
        }
        Ok((hits, rows.len() == asked))
    }
}

/// A term as an FTS5 string: whatever it holds, it is text and not syntax.
fn quoted(term: &str) -> String {
    format!("\"{}\"", term.replace('"', "\"\""))
}

/// The part of a query that keeps it within a scope.
fn filter(scope: &Scope) -> String {
    if scope.collections.is_empty() {
        return format!("scope : \"{}\"", scope::store_token(&scope.store));
    }
    let token = |name| format!("\"{}\"", scope::collection_token(&scope.store, name));
    format!("scope : ({})", scope.collections.iter().map(token).collect::<Vec<_>>().join(" OR "))
}

/// The FTS5 query for chunks of a scope that have any of the terms, and of those only the candidates.
fn query(scope: &Scope, terms: &[String], candidates: Option<Vec<Vec<String>>>) -> String {
    let any: Vec<String> = terms.iter().map(|term| quoted(term)).collect();
    let any = format!("{} AND {{heading body}} : ({})", filter(scope), any.join(" OR "));
    let Some(sets) = candidates else { return any };
    let all = |set: &Vec<String>| set.iter().map(|term| quoted(term)).collect::<Vec<_>>().join(" AND ");
    let sets: Vec<String> = sets.iter().map(|set| format!("({})", all(set))).collect();
    format!("{{heading body}} : ({}) AND {any}", sets.join(" OR "))
}

#[async_trait]
impl KeywordIndex for SqliteKeywords {
    async fn search(&self, scope: &Scope, terms: &[String], limit: usize) -> Result<Vec<ScoredChunk>, RepositoryError> {
        let usable: Vec<String> = terms.iter().filter(|term| !term.contains('\0')).cloned().collect();
        if usable.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let sets = candidates(&usable, &self.count(&usable).await?, BUDGET);
        let query = query(scope, &usable, sets);
        let mut asked = limit.saturating_add(UNSEEN);
        loop {
            let (mut hits, more) = self.best(&query, asked).await?;
            if hits.len() >= limit || !more {
                hits.truncate(limit);
                return Ok(hits);
            }
            asked = asked.saturating_mul(4);
        }
    }

    async fn statistics(&self, _scope: &Scope, terms: &[String]) -> Result<TermStatistics, RepositoryError> {
        let counts = self.count(terms).await?;
        let frequency = |term: &String| counts.get(term).copied().unwrap_or(0);
        Ok(TermStatistics { total: self.total().await?, frequencies: terms.iter().map(frequency).collect() })
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
