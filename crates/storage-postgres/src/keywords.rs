//! The keyword index over chunks: candidates by a `tsvector` under GIN, ranked here.
//!
//! PostgreSQL's own ranking knows nothing of how rare a term is. So the index only finds the chunks that have the terms,
//! and BM25 is reckoned from the counts beside them, in the way SQLite does it: the databases order alike.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use kernel::{ChunkId, RepositoryError, StoreId};
use korean_text::index_terms;
use rag_pipeline::model::{Collection, Document, Scope, ScoredChunk, TermStatistics};
use rag_pipeline::ports::KeywordIndex;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, QueryResult, Statement, Value};
use storage_sea::term_counts::{TermCounts, Totals, candidates};
use storage_sea::{ChunkIndex, ChunkRow, repository_error, scope};
use uuid::Uuid;

use crate::chunk_terms::{Bm25, ChunkTerms};

/// Chunks that have any of the terms looked by: their counts are a kilobyte each.
const BUDGET: u64 = 4_000;
/// Chunks that are read at a time when the index is built anew.
const REBUILD_BATCH: i64 = 500;
/// The most chunks that are ranked, where two common terms meet more often than that.
const RANKED: i64 = 8_000;

/// Finds chunks by their terms.
#[derive(Clone, Debug)]
pub struct PostgresKeywords {
    pool: DatabaseConnection,
    counts: Arc<TermCounts>,
}

impl PostgresKeywords {
    pub(crate) fn new(pool: DatabaseConnection) -> Self {
        Self { pool, counts: Arc::default() }
    }

    async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, RepositoryError> {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        self.pool.query_all_raw(statement).await.map_err(repository_error)
    }

    /// How many chunks have each of the terms; those of versions that nobody sees may be counted.
    async fn count(&self, terms: &[String]) -> Result<HashMap<String, u64>, RepositoryError> {
        let (mut known, unknown) = self.counts.known(terms);
        let usable: Vec<String> = unknown.into_iter().filter(|term| is_usable(term)).map(str::to_owned).collect();
        if usable.is_empty() {
            return Ok(known);
        }
        let queries: Vec<String> = usable.iter().map(|term| quoted(term)).collect();
        let sql = "SELECT q.place AS place, (SELECT count(*) FROM chunk_terms s WHERE s.terms @@ q.term::tsquery) AS chunks \
                   FROM unnest($1::text[]) WITH ORDINALITY AS q(term, place)";
        let mut counted = HashMap::with_capacity(usable.len());
        for row in self.rows(sql, vec![queries.into()]).await? {
            let (place, chunks): (i64, i64) = (get(&row, "place")?, get(&row, "chunks")?);
            if let Some(term) = usize::try_from(place - 1).ok().and_then(|at| usable.get(at)) {
                counted.insert(term.clone(), chunks.max(0).cast_unsigned());
            }
        }
        self.counts.learn(&counted);
        known.extend(counted);
        Ok(known)
    }

    async fn totals(&self) -> Result<Totals, RepositoryError> {
        if let Some(totals) = self.counts.totals() {
            return Ok(totals);
        }
        let sql = "SELECT count(*) AS chunks, coalesce(avg(length), 0)::float8 AS length FROM chunk_terms";
        let rows = self.rows(sql, Vec::new()).await?;
        let row = rows.first().ok_or_else(|| RepositoryError::Corrupt("a count has no row".into()))?;
        let chunks: i64 = get(row, "chunks")?;
        let totals = Totals { chunks: chunks.max(0).cast_unsigned(), length: get(row, "length")? };
        self.counts.learn_totals(totals);
        Ok(totals)
    }
}

/// What a lexeme can be.
fn is_usable(term: &str) -> bool {
    // A lexeme is shorter than two kilobytes, never empty, and text without NUL.
    !term.is_empty() && term.len() < 2_000 && !term.contains('\0')
}

/// A term as a quoted lexeme: whatever it holds, it is text and not syntax.
fn quoted(term: &str) -> String {
    format!("'{}'", term.replace('\\', "\\\\").replace('\'', "''"))
}

/// The query for the chunks of a scope that have the terms of any of the sets.
fn query(scope: &Scope, sets: &[Vec<String>]) -> String {
    let within = if scope.collections.is_empty() {
        quoted(&term_of(&scope::store_token(&scope.store)))
    } else {
        let token = |name| quoted(&term_of(&scope::collection_token(&scope.store, name)));
        scope.collections.iter().map(token).collect::<Vec<_>>().join(" | ")
    };
    let all = |set: &Vec<String>| set.iter().map(|term| quoted(term)).collect::<Vec<_>>().join(" & ");
    let sets: Vec<String> = sets.iter().map(|set| format!("({})", all(set))).collect();
    format!("({within}) & ({})", sets.join(" | "))
}

/// A token of a scope as a term that no text has: none holds a control character.
fn term_of(token: &str) -> String {
    format!("\u{1}{token}")
}

fn get<T: sea_orm::TryGetable>(row: &QueryResult, column: &str) -> Result<T, RepositoryError> {
    row.try_get("", column).map_err(repository_error)
}

#[async_trait]
impl KeywordIndex for PostgresKeywords {
    async fn search(&self, scope: &Scope, terms: &[String], limit: usize) -> Result<Vec<ScoredChunk>, RepositoryError> {
        let usable: Vec<String> = terms.iter().filter(|term| is_usable(term)).cloned().collect();
        if usable.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let counts = self.count(&usable).await?;
        let sets = candidates(&usable, &counts, BUDGET)
            .unwrap_or_else(|| usable.iter().map(|term| vec![term.clone()]).collect());
        let sql = "SELECT c.id AS id, s.length AS length, s.counts AS counts FROM \
                   (SELECT seq, length, counts FROM chunk_terms WHERE terms @@ $1::tsquery LIMIT $2) s \
                   JOIN document_chunks c ON c.seq = s.seq \
                   JOIN documents d ON d.store_id = c.store_id AND d.id = c.document_id AND d.version = c.version";
        let rows = self.rows(sql, vec![query(scope, &sets).into(), RANKED.into()]).await?;
        let bm25 = Bm25::new(&usable, &counts, self.totals().await?);
        let mut hits = Vec::with_capacity(rows.len());
        for row in &rows {
            let (id, length): (Uuid, i32) = (get(row, "id")?, get(row, "length")?);
            let counts: Vec<u8> = get(row, "counts")?;
            hits.push(ScoredChunk { chunk: ChunkId::from_uuid(id), score: bm25.score(&counts, length) });
        }
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.chunk.cmp(&b.chunk)));
        hits.truncate(limit);
        Ok(hits)
    }

    async fn statistics(&self, _scope: &Scope, terms: &[String]) -> Result<TermStatistics, RepositoryError> {
        let counts = self.count(terms).await?;
        let frequency = |term: &String| counts.get(term).copied().unwrap_or(0);
        let total = self.totals().await?.chunks;
        Ok(TermStatistics { total, frequencies: terms.iter().map(frequency).collect() })
    }
}

/// Fills the empty table from the chunks that are stored, under the terms that taking them in gave them.
pub(crate) async fn rebuild(transaction: &DatabaseTransaction) -> Result<(), RepositoryError> {
    let sql = "SELECT c.seq, c.id, c.text, c.heading_path::text AS headings, d.store_id, d.id AS document, d.collection, \
               d.title FROM document_chunks c \
               JOIN documents d ON d.store_id = c.store_id AND d.id = c.document_id AND d.version = c.version \
               WHERE c.seq > $1 ORDER BY c.seq LIMIT $2";
    let mut after = 0_i64;
    loop {
        let values: [Value; 2] = [after.into(), REBUILD_BATCH.into()];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        let rows = transaction.query_all_raw(statement).await.map_err(repository_error)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = get(last, "seq")?;
        let entries = rows.iter().map(rebuilt).collect::<Result<Vec<_>, _>>()?;
        insert(transaction, entries).await?;
    }
}

/// The row of the index for a stored chunk.
fn rebuilt(row: &QueryResult) -> Result<Entry, RepositoryError> {
    let store = StoreId::new(get::<String>(row, "store_id")?).map_err(RepositoryError::backend)?;
    let collection = Collection::new(get::<String>(row, "collection")?).map_err(RepositoryError::backend)?;
    let path: Vec<String> = serde_json::from_str(&get::<String>(row, "headings")?).map_err(RepositoryError::backend)?;
    let headings = format!("{}\n{}", get::<String>(row, "title")?, path.join("\n"));
    let counted = ChunkTerms::of(&index_terms(&headings), &index_terms(&get::<String>(row, "text")?));
    Ok(Entry { seq: get(row, "seq")?, tokens: tokens(&store, &collection), counted })
}

/// A row to be written.
struct Entry {
    seq: i64,
    /// The terms of its scope.
    tokens: String,
    counted: ChunkTerms,
}

fn tokens(store: &StoreId, collection: &Collection) -> String {
    [term_of(&scope::store_token(store)), term_of(&scope::collection_token(store, collection))].join(" ")
}

async fn insert(transaction: &DatabaseTransaction, entries: Vec<Entry>) -> Result<(), RepositoryError> {
    let (mut seqs, mut lengths, mut terms, mut counts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for Entry { seq, tokens, counted } in entries {
        seqs.push(seq);
        lengths.push(counted.length);
        terms.push(format!("{tokens} {}", counted.terms.join(" ")));
        counts.push(counted.counts);
    }
    // Terms hold no white space, so a list of them is parted by it.
    let sql = "INSERT INTO chunk_terms (seq, length, terms, counts) \
               SELECT seq, length, array_to_tsvector(string_to_array(btrim(terms), ' ')), counts \
               FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::bytea[]) AS n(seq, length, terms, counts)";
    let values: [Value; 4] = [seqs.into(), lengths.into(), terms.into(), counts.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    transaction.execute_raw(statement).await.map(|_| ()).map_err(repository_error)
}

/// Writes `chunk_terms`.
#[derive(Debug)]
pub(crate) struct TsvectorChunks;

#[async_trait]
impl ChunkIndex for TsvectorChunks {
    async fn add(
        &self,
        transaction: &DatabaseTransaction,
        document: &Document,
        rows: &[ChunkRow<'_>],
    ) -> Result<(), RepositoryError> {
        let tokens = tokens(&document.store, &document.collection);
        let entry = |row: &ChunkRow<'_>| Entry {
            seq: row.seq,
            tokens: tokens.clone(),
            counted: ChunkTerms::of(&row.chunk.heading_terms, &row.chunk.text_terms),
        };
        insert(transaction, rows.iter().map(entry).collect()).await
    }

    async fn remove(&self, transaction: &DatabaseTransaction, rows: &[i64]) -> Result<(), RepositoryError> {
        let sql = "DELETE FROM chunk_terms WHERE seq = ANY($1)";
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [rows.to_vec().into()]);
        transaction.execute_raw(statement).await.map(|_| ()).map_err(repository_error)
    }
}
