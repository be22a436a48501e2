//! Both forms of a backup, and what refuses to be restored.

use std::collections::BTreeMap;

use kernel::{RepositoryError, error_chain};
use sea_orm::sqlx::{Executor, Row};
use session_core::ports::{SessionRepository, TurnRepository};
use session_core::testing::samples;
use storage_sea::dump::DumpReader;
use storage_sea::{Counting, TableRows};
use test_support::postgres::{self, TestDatabase};
use test_support::{Unavailable, require};

use crate::{PostgresOptions, PostgresStorage};

async fn empty() -> Result<(PostgresStorage, TestDatabase), Unavailable> {
    let database = postgres::database().await?;
    let storage = PostgresStorage::connect(&PostgresOptions::new(database.url.as_str())).await.unwrap();
    Ok((storage, database))
}

/// A database with rows of every type: text in Korean, JSON `null`, NULL, times, bytes and numbers from a sequence.
async fn filled() -> Result<(PostgresStorage, TestDatabase), Unavailable> {
    let (storage, database) = empty().await?;
    storage.migrate().await.unwrap();
    storage.sessions().insert(&samples::session("kim")).await.unwrap();
    storage.sessions().open_turn(&samples::new_turn(1, 1, "제주도 배송비는 얼마예요?")).await.unwrap();
    let documents = "INSERT INTO documents VALUES \
         ('demo', 'd', 'help', '배송 \"안내\"', NULL, 'null', 'h', 'one', 3, gen_random_uuid(), 'ready', NULL, NULL, 1, 0, \
          '2026-01-02T03:04:05.678901+09:00', now()); \
         INSERT INTO document_chunks (id, store_id, document_id, version, ordinal, heading_path, text, token_count, \
          start_at, end_at) \
         SELECT gen_random_uuid(), 'demo', 'd', version, 0, '[\"가\\\\n\"]', E'줄\\n바꿈\\t', 3, 0, 6 FROM documents; \
         INSERT INTO chunk_vectors VALUES (1, gen_random_uuid(), 1, '\\x00ff10')";
    storage.driver.execute(documents).await.unwrap();
    Ok((storage, database))
}

/// Every row of every table as the server writes it.
async fn contents(storage: &PostgresStorage) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for table in storage.table_names().await.unwrap() {
        let sql = format!("SELECT t::text FROM \"{table}\" t ORDER BY 1");
        let rows = storage.driver.fetch_all(sea_orm::sqlx::AssertSqlSafe(sql)).await.unwrap();
        found.insert(table, rows.iter().map(|row| row.get(0)).collect());
    }
    found
}

async fn dumped(storage: &PostgresStorage) -> (Vec<u8>, BTreeMap<String, u64>) {
    let (mut bytes, mut seen) = (Vec::new(), 0);
    let rows = storage.back_up_portably(&mut bytes, || seen += 1).await.unwrap();
    assert_eq!(rows.values().sum::<u64>(), seen);
    (bytes, rows)
}

async fn restored(storage: &PostgresStorage, bytes: &[u8]) -> Result<BTreeMap<String, u64>, RepositoryError> {
    let mut reader = DumpReader::begin(bytes).map_err(RepositoryError::backend)?;
    storage.restore_portably(&mut reader, || {}).await
}

#[tokio::test]
async fn the_portable_form_restores_every_value_and_numbers_go_on() {
    let (source, _source) = require!(filled().await);
    let (bytes, rows) = dumped(&source).await;
    assert_eq!((rows["chat_sessions"], rows["chat_messages"], rows["document_chunks"]), (1, 1, 1));
    let (target, _target) = require!(empty().await);
    assert_eq!(restored(&target, &bytes).await.unwrap(), rows);
    assert_eq!(contents(&target).await, contents(&source).await);
    let again = "INSERT INTO document_chunks (id, store_id, document_id, version, ordinal, heading_path, text, token_count, \
         start_at, end_at) SELECT gen_random_uuid(), 'demo', 'd', version, 1, '[]', '', 0, 0, 0 FROM documents";
    target.driver.execute(again).await.unwrap();
    assert!(target.facts(Counting::Exact).await.unwrap().migrations.pending.is_empty());
}

#[tokio::test]
async fn a_dump_of_an_older_schema_restores_into_a_database_that_is_ahead() {
    use migration::{Migrator, MigratorTrait};
    let (source, _source) = require!(filled().await);
    Migrator::down(&source.pool, Some(1)).await.unwrap();
    let (bytes, rows) = dumped(&source).await;
    let (target, _target) = require!(empty().await);
    target.migrate().await.unwrap();
    assert_eq!(restored(&target, &bytes).await.unwrap(), rows);
    assert!(target.facts(Counting::Exact).await.unwrap().migrations.pending.is_empty());
}

#[tokio::test]
async fn a_dump_that_was_changed_or_is_newer_leaves_the_database_empty() {
    let (source, _source) = require!(filled().await);
    let text = String::from_utf8(dumped(&source).await.0).unwrap();
    let newer = text.replacen("\"m20261120_000001", "\"m99991120_000001", 1);
    let (target, _target) = require!(empty().await);
    for wrong in
        [text.replace("제주", "부산"), text.replacen("\"h\"", "\"x\"", 1), newer, text[..text.len() - 20].into()]
    {
        assert!(wrong != text, "nothing was changed");
        assert!(restored(&target, wrong.as_bytes()).await.is_err());
        assert!(target.table_names().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_program_and_the_portable_form_hold_the_same_rows() {
    let (source, _source) = require!(filled().await);
    let Some(program) = source.dump_program().await.unwrap() else {
        return test_support::skip_or_panic(&Unavailable::Missing {
            what: "pg_dump".into(),
            how: "install the package postgresql-client".into(),
        });
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.dump");
    let rows = source.back_up_with(&program, &file).await.unwrap();
    assert!(crate::is_custom_dump(&std::fs::read(&file).unwrap()));
    assert_eq!(rows, dumped(&source).await.1);
    let (target, _target) = require!(empty().await);
    target.migrate().await.unwrap();
    assert_eq!(target.restore_with_program(&file).await.unwrap(), rows);
    assert_eq!(contents(&target).await, contents(&source).await);
}

#[tokio::test]
async fn what_a_database_holds_and_whose_it_is_can_be_told() {
    let (storage, _database) = require!(empty().await);
    assert!(storage.occupied().await.unwrap().is_empty());
    storage.migrate().await.unwrap();
    assert!(storage.occupied().await.unwrap().is_empty());
    storage.sessions().insert(&samples::session("kim")).await.unwrap();
    assert_eq!(storage.occupied().await.unwrap(), [("chat_sessions".to_owned(), 1)].into());
    let facts = storage.facts(Counting::Cheap).await.unwrap();
    let sessions = TableRows { table: "chat_sessions".into(), rows: 1, estimated: false };
    assert!(facts.rows.contains(&sessions) && facts.size_bytes > 0 && facts.pool.max == 10, "{facts:?}");
    storage.try_write().await.unwrap();
    assert!(!storage.table_names().await.unwrap().contains(&"iyagi_write_test".to_owned()));

    let (foreign, _foreign) = require!(empty().await);
    foreign.driver.execute("CREATE TABLE orders (id int)").await.unwrap();
    let error = foreign.facts(Counting::Cheap).await.unwrap_err();
    assert!(error_chain(&error).contains("not Iyagi's"), "{error:?}");
}

#[tokio::test]
async fn a_large_table_is_estimated_where_that_is_enough() {
    let (storage, _database) = require!(empty().await);
    storage.migrate().await.unwrap();
    let many =
        "INSERT INTO job_leases SELECT 'job ' || n, '', now() FROM generate_series(1, 60000) n; ANALYZE job_leases";
    storage.driver.execute(many).await.unwrap();
    let of = async |counting| {
        let facts = storage.facts(counting).await.unwrap();
        facts.rows.into_iter().find(|rows| rows.table == "job_leases").unwrap()
    };
    let cheap = of(Counting::Cheap).await;
    assert!(cheap.estimated && (55_000..65_000).contains(&cheap.rows), "{cheap:?}");
    assert_eq!(of(Counting::Exact).await, TableRows { table: "job_leases".into(), rows: 60_000, estimated: false });
}
