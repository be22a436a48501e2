//! Copies of a file in use, and the portable form of the other database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernel::{PageLimit, RepositoryError, StoreId, error_chain};
use rag_pipeline::model::{Collection, EmbeddingSpec, Scope};
use rag_pipeline::ports::{KeywordIndex, VectorStore};
use sea_orm::sqlx::{Connection, Executor, PgConnection};
use session_core::ports::{ConversationSearch, MessageRange, SessionRepository, TurnRepository};
use session_core::testing::samples;
use storage_postgres::{PostgresOptions, PostgresStorage};
use storage_sea::dump::DumpReader;
use storage_sea::{Counting, SeaSessions};
use storage_sqlite::{SqliteStorage, VectorSettings};
use tempfile::TempDir;

async fn open() -> (SqliteStorage, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let storage = SqliteStorage::open(&folder.path().join("iyagi.db")).await.unwrap();
    (storage, folder)
}

async fn counts(storage: &SqliteStorage) -> BTreeMap<String, u64> {
    let facts = storage.facts(Counting::Exact).await.unwrap();
    facts.rows.into_iter().map(|rows| (rows.table, rows.rows)).collect()
}

async fn converse(sessions: &SeaSessions, number: u64) {
    sessions.insert(&samples::numbered_session(number, "kim")).await.unwrap();
    sessions.open_turn(&samples::new_turn(number, number, "제주도 배송비는 얼마예요?")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_others_write_is_whole_and_of_one_moment() {
    let (storage, folder) = open().await;
    let stop = Arc::new(AtomicBool::new(false));
    let (sessions, flag) = (storage.sessions(), stop.clone());
    let writer = tokio::spawn(async move {
        let mut written = 0;
        while !flag.load(Ordering::Relaxed) {
            written += 1;
            converse(&sessions, written).await;
        }
        written
    });
    let mut last = 0;
    for number in 0..5 {
        let file = folder.path().join(format!("copy-{number}.db"));
        // Opened apart from the writer's connections, as another process would.
        let other = SqliteStorage::connect(&folder.path().join("iyagi.db")).await.unwrap();
        other.copy_to(&file).await.unwrap();
        other.close().await.unwrap();
        let copy = SqliteStorage::inspect(&file).await.unwrap();
        copy.check().await.unwrap();
        let rows = counts(&copy).await;
        assert_eq!(rows["chat_turns"], rows["chat_messages"], "half a transaction was copied");
        assert!(rows["chat_sessions"] >= last, "it went back in time");
        last = rows["chat_sessions"];
        copy.close().await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    assert!(writer.await.unwrap() >= last);
}

#[tokio::test]
async fn a_copy_never_replaces_a_file_and_nothing_is_made_by_looking() {
    let (storage, folder) = open().await;
    let file = folder.path().join("copy.db");
    storage.copy_to(&file).await.unwrap();
    assert!(storage.copy_to(&file).await.is_err());
    let missing = folder.path().join("missing.db");
    let nothing = SqliteStorage::connect(&missing).await;
    assert!(matches!(nothing, Err(RepositoryError::Unavailable(_))), "{nothing:?}");
    assert!(!missing.exists());
}

#[tokio::test]
async fn a_damaged_file_is_found_out() {
    let (storage, folder) = open().await;
    for number in 1..200 {
        converse(&storage.sessions(), number).await;
    }
    let file = folder.path().join("copy.db");
    storage.copy_to(&file).await.unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xA5);
    std::fs::write(&file, bytes).unwrap();
    let copy = SqliteStorage::inspect(&file).await.unwrap();
    assert!(copy.check().await.is_err());
}

#[tokio::test]
async fn what_a_file_holds_can_be_told() {
    let (storage, _folder) = open().await;
    assert!(storage.occupied().await.unwrap().is_empty());
    converse(&storage.sessions(), 1).await;
    let occupied = storage.occupied().await.unwrap();
    assert_eq!(occupied.keys().collect::<Vec<_>>(), ["chat_messages", "chat_sessions", "chat_turns", "message_search"]);
    storage.try_write().await.unwrap();
    let facts = storage.facts(Counting::Cheap).await.unwrap();
    assert!(facts.migrations.pending.is_empty() && facts.size_bytes > 0 && facts.pool.max == 5, "{facts:?}");
    assert!(!facts.rows.iter().any(|rows| rows.table.contains("search_terms") || rows.table.contains("write_test")));
}

async fn restored(file: &Path, bytes: &[u8]) -> Result<BTreeMap<String, u64>, RepositoryError> {
    let mut reader = DumpReader::begin(bytes).map_err(RepositoryError::backend)?;
    SqliteStorage::restore_portably(file, &mut reader, || {}).await
}

/// A conversation, and a document with one chunk.
async fn fill(storage: &PostgresStorage, url: &str) {
    converse(&storage.sessions(), 1).await;
    storage.sessions().close_turn(&samples::closed_turn(1, "3,000원이 추가됩니다 [1].")).await.unwrap();
    let document = "INSERT INTO documents VALUES \
         ('demo', 'shipping', 'help', '배송 안내', NULL, '{}', 'hash', 'one', 1, \
          '00000000-0000-7000-8000-000000000001', 'ready', NULL, NULL, 1, 0, now(), now()); \
         INSERT INTO document_chunks (id, store_id, document_id, version, ordinal, heading_path, text, token_count, \
          start_at, end_at) \
         SELECT version, store_id, id, version, 0, '[\"제주도\"]', '추가 요금은 3,000원입니다.', 9, 0, 5 FROM documents; \
         INSERT INTO vector_kinds (embedder, dimension) VALUES ('one', 1); \
         INSERT INTO vector_spaces (kind_id, store_id, collection, revision, forgotten_revision) \
         SELECT id, 'demo', 'help', 1, 0 FROM vector_kinds; \
         INSERT INTO chunk_vectors SELECT s.id, d.version, 1, '\\x0000803f' FROM vector_spaces s CROSS JOIN documents d";
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(document).await.unwrap();
}

#[tokio::test]
async fn the_portable_form_of_postgresql_restores_into_a_file_that_answers_the_same() {
    let database = test_support::require!(test_support::postgres::database().await);
    let source = PostgresStorage::open(&PostgresOptions::new(database.url.as_str())).await.unwrap();
    fill(&source, &database.url).await;
    let mut bytes = Vec::new();
    let rows = source.back_up_portably(&mut bytes, || {}).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("restored.db");
    assert_eq!(restored(&file, &bytes).await.unwrap(), rows);
    let target = SqliteStorage::open(&file).await.unwrap();
    assert_eq!(counts(&target).await, rows);
    let (store, session) = (samples::store(), samples::session_id(1));
    let (old, new) = (source.sessions(), target.sessions());
    assert_eq!(old.find(&store, session).await.unwrap(), new.find(&store, session).await.unwrap());
    let limit = PageLimit::new(10).unwrap();
    let before = old.messages(&store, session, MessageRange::Latest, limit).await.unwrap();
    let after = new.messages(&store, session, MessageRange::Latest, limit).await.unwrap();
    assert_eq!((before.items.len(), before.items), (2, after.items));

    // Times compare as texts there, so the list proves that they are stored as ours are.
    assert_eq!(new.count_active(&store, samples::at(86_400)).await.unwrap(), 1);
    assert_eq!(new.count_active(&store, samples::at(86_401)).await.unwrap(), 0);
    let scope = Scope { store: StoreId::new("demo").unwrap(), collections: vec![Collection::new("help").unwrap()] };
    for question in ["추가 요금", "제주도", "배송 안내"] {
        let found = target.keywords().search(&scope, &korean_text::index_terms(question), 5).await.unwrap();
        assert_eq!(found.len(), 1, "{question}");
    }
    let query = samples::conversation_query("추가");
    let said = new.search(&query, None, limit).await.unwrap();
    assert_eq!((said.items.len(), old.search(&query, None, limit).await.unwrap().items.len()), (1, 1));
    let spec = EmbeddingSpec { embedder: "one".to_owned(), dimension: 1 };
    let near = target.vectors(VectorSettings::default()).search(&spec, &scope, &[1.0], 5).await.unwrap();
    assert!((near[0].score - 1.0).abs() < 1e-6, "{near:?}");
}

#[tokio::test]
async fn a_dump_that_cannot_be_believed_is_refused() {
    let database = test_support::require!(test_support::postgres::database().await);
    let source = PostgresStorage::open(&PostgresOptions::new(database.url.as_str())).await.unwrap();
    fill(&source, &database.url).await;
    let mut bytes = Vec::new();
    source.back_up_portably(&mut bytes, || {}).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (number, (wrong, reason)) in [
        (text.replace("제주도", "부산시"), "checksum differs"),
        (text.replacen("m20261120_000001", "m99991120_000001", 1), "newer version"),
        (text.replacen("\"name\":\"documents\"", "\"name\":\"x\\\"; DROP\"", 1), "has not"),
        (text[..text.len() / 2].to_owned(), "cut off"),
    ]
    .into_iter()
    .enumerate()
    {
        let error = restored(&folder.path().join(format!("{number}.db")), wrong.as_bytes()).await.unwrap_err();
        assert!(error_chain(&error).contains(reason), "{}", error_chain(&error));
    }
}
