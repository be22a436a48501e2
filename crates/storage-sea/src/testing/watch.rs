use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use kernel::RepositoryError;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::crowd;
use crate::error::repository_error;
use crate::pools::{Pools, SeaSessions};

/// The most rows of a table that a call may read on PostgreSQL: a hundredth of what is there.
const MOST_ROWS: i64 = crowd::SESSIONS as i64 / 100;
/// The most steps of its machine that SQLite may take for a call: a scan takes several for each row.
const MOST_STEPS: u64 = crowd::SESSIONS as u64;
/// A table with fewer rows may be read through.
const MANY_ROWS: i64 = 1_000;
/// After how many steps SQLite says that it has taken them.
const PACE: i32 = 100;

/// Looks on while calls are made, and tells which of them read too much.
///
/// PostgreSQL counts the rows that it reads and the scans that it begins, also those of triggers and foreign
/// keys; the storage must have one connection only, whose counts are looked at. SQLite counts the steps of its
/// virtual machine, and explains each statement.
pub struct Watch {
    sessions: SeaSessions,
    /// The same database; what is asked here is not recorded.
    plain: DatabaseConnection,
    statements: Arc<Mutex<Vec<Sent>>>,
    /// Those that SQLite has taken since the last statement.
    steps: Arc<AtomicU64>,
    findings: Vec<String>,
}

/// A statement that was sent.
pub struct Sent {
    /// The statement.
    pub statement: Statement,
    /// The steps that SQLite took for it; zero on PostgreSQL.
    pub steps: u64,
}

/// What PostgreSQL has counted of a table since it was made.
#[derive(Clone, Copy, Default)]
struct Reads {
    scans: i64,
    rows: i64,
    there: i64,
}

impl Watch {
    /// Watches a storage that nobody else uses.
    pub async fn over(sessions: &SeaSessions) -> Self {
        let statements = Arc::<Mutex<Vec<Sent>>>::default();
        let steps = Arc::<AtomicU64>::default();
        let recording = |connection: &DatabaseConnection| {
            let (mut connection, seen) = (connection.clone(), Arc::clone(&statements));
            let steps = Arc::clone(&steps);
            connection.set_metric_callback(move |info| {
                let steps = steps.swap(0, Ordering::SeqCst);
                seen.lock().unwrap().push(Sent { statement: info.statement.clone(), steps });
            });
            connection
        };
        let (reader, writer) = (sessions.pools.reader(), sessions.pools.writer());
        if reader.get_database_backend() == DbBackend::Sqlite {
            count_steps(reader, &steps).await;
            count_steps(writer, &steps).await;
        }
        let watched = SeaSessions::new(Pools::new(recording(reader), recording(writer)), Arc::clone(&sessions.index));
        Self { sessions: watched, plain: reader.clone(), statements, steps, findings: Vec::new() }
    }

    /// The storage, for the calls to watch.
    pub fn sessions(&self) -> SeaSessions {
        self.sessions.clone()
    }

    /// Changes a setting of PostgreSQL's for the one connection.
    pub async fn set(&self, name: &str, value: &str) {
        self.plain.execute_unprepared(&format!("SET {name} = {value}")).await.unwrap();
    }

    /// Makes a call, which must succeed, and notes whether it read too much.
    pub async fn call<T>(&mut self, name: &str, call: impl Future<Output = Result<T, RepositoryError>>) -> T {
        let sqlite = self.plain.get_database_backend() == DbBackend::Sqlite;
        let before = if sqlite { BTreeMap::new() } else { self.reads().await };
        let (answer, statements) = self.statements_of(call).await;
        let answer = answer.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let found = if sqlite { self.sqlite_excess(&statements).await } else { excess(&before, &self.reads().await) };
        if !found.is_empty() {
            self.findings.push(format!("{name}: {}{}", found.join("; "), listed(&statements)));
        }
        answer
    }

    /// What a call answers, and the statements that it sent.
    pub async fn statements_of<T>(&self, call: impl Future<Output = T>) -> (T, Vec<Sent>) {
        self.statements.lock().unwrap().clear();
        self.steps.store(0, Ordering::SeqCst);
        let answer = call.await;
        (answer, self.statements.lock().unwrap().drain(..).collect())
    }

    /// The calls that read too much, which is none; and proof that one would have been noticed.
    pub async fn finish(mut self) {
        let findings = std::mem::take(&mut self.findings);
        assert!(findings.is_empty(), "read too much:\n{}", findings.join("\n"));
        for (name, condition) in [
            // There is no index.
            ("sessions by title", "title = 'none'"),
            // The index of their store gives them, one by one.
            ("titles of a store", "store_id = 'demo' AND title = 'none'"),
        ] {
            let sql = format!("SELECT id FROM chat_sessions WHERE {condition}");
            let statement = Statement::from_string(self.plain.get_database_backend(), sql);
            let reader = self.sessions().pools.reader().clone();
            self.call(name, async { reader.query_all_raw(statement).await.map_err(repository_error) }).await;
            let Some(finding) = self.findings.pop() else { panic!("{name} went unnoticed") };
            assert!(
                finding.starts_with(name) && finding.contains(&format!("chat_sessions WHERE {condition}")),
                "{finding}"
            );
        }
    }

    /// What PostgreSQL has counted, by table.
    async fn reads(&self) -> BTreeMap<String, Reads> {
        let flush = "SELECT pg_stat_force_next_flush()";
        self.plain.execute_unprepared(flush).await.expect("PostgreSQL 15 or newer, which shows its counts on demand");
        let counted = "SELECT s.relname AS name, s.seq_scan AS scans, \
             s.seq_tup_read + COALESCE(s.idx_tup_fetch, 0) AS rows, c.reltuples::bigint AS there \
             FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid";
        let counted = Statement::from_string(DbBackend::Postgres, counted);
        let rows = self.plain.query_all_raw(counted).await.unwrap();
        let number = |row: &sea_orm::QueryResult, column: &str| row.try_get("", column).unwrap();
        let reads = |row: &sea_orm::QueryResult| Reads {
            scans: number(row, "scans"),
            rows: number(row, "rows"),
            there: number(row, "there"),
        };
        rows.iter().map(|row| (row.try_get("", "name").unwrap(), reads(row))).collect()
    }

    async fn sqlite_excess(&self, statements: &[Sent]) -> Vec<String> {
        let mut found = Vec::new();
        for sent in statements {
            found.extend(scans(&self.plan(&sent.statement).await));
        }
        let steps: u64 = statements.iter().map(|sent| sent.steps).sum();
        if steps > MOST_STEPS {
            found.push(format!("{steps} steps"));
        }
        found
    }

    /// SQLite's plan.
    async fn plan(&self, statement: &Statement) -> Vec<String> {
        let explain = Statement { sql: format!("EXPLAIN QUERY PLAN {}", statement.sql), ..statement.clone() };
        let rows = self.plain.query_all_raw(explain).await.unwrap();
        rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect()
    }
}

/// The statements of a call, each once.
fn listed(statements: &[Sent]) -> String {
    let mut each = BTreeMap::<&str, (usize, u64)>::new();
    for Sent { statement, steps } in statements {
        let (times, all) = each.entry(&statement.sql).or_default();
        (*times, *all) = (*times + 1, *all + steps);
    }
    each.into_iter().map(|(sql, (times, steps))| format!("\n    {times} times, {steps} steps: {sql}")).collect()
}

/// Has every connection of a pool count its steps.
async fn count_steps(connection: &DatabaseConnection, steps: &Arc<AtomicU64>) {
    let pool = connection.get_sqlite_connection_pool();
    let mut all = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        all.push(pool.acquire().await.unwrap());
    }
    for connection in &mut all {
        let steps = Arc::clone(steps);
        let count = move || {
            steps.fetch_add(PACE as u64, Ordering::SeqCst);
            true
        };
        connection.lock_handle().await.unwrap().set_progress_handler(PACE, count);
    }
}

/// Tables of many rows that were scanned, or of which much was read.
fn excess(before: &BTreeMap<String, Reads>, after: &BTreeMap<String, Reads>) -> Vec<String> {
    let mut found = Vec::new();
    for (table, now) in after {
        let then = before.get(table).copied().unwrap_or_default();
        let (scans, rows) = (now.scans - then.scans, now.rows - then.rows);
        if (scans > 0 && now.there > MANY_ROWS) || rows > MOST_ROWS {
            found.push(format!("{table}: {scans} scans, {rows} rows read"));
        }
    }
    found
}

/// The lines of SQLite's plan that read a table, or an index of it, from end to end. What a part of the statement
/// has found may be read through, and the full-text index when it is asked for words.
fn scans(plan: &[String]) -> Vec<String> {
    let made: BTreeSet<&str> = plan
        .iter()
        .filter_map(|line| line.strip_prefix("MATERIALIZE ").or_else(|| line.strip_prefix("CO-ROUTINE ")))
        .collect();
    let reads_all = |line: &&String| {
        let Some(what) = line.strip_prefix("SCAN ") else { return false };
        // A function of the statement's own values is a virtual table too.
        let by_words = what.contains(":M") || !what.starts_with("message_search");
        let virtual_table = what.contains("VIRTUAL TABLE INDEX") && by_words;
        !(virtual_table || what.starts_with('(') || what == "CONSTANT ROW" || made.contains(what))
    };
    plan.iter().filter(reads_all).cloned().collect()
}
