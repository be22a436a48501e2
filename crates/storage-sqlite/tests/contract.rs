//! SQLite keeps every port's contract.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use rag_pipeline::testing::Fixture;
use session_core::testing::contract::Storage;
use storage_sqlite::SqliteStorage;
use tempfile::TempDir;

async fn open() -> (SqliteStorage, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let storage = SqliteStorage::open(&folder.path().join("iyagi.db")).await.unwrap();
    (storage, folder)
}

mod sessions_and_turns {
    use super::*;

    session_core::session_contract!(async {
        let (storage, folder) = open().await;
        Some(Storage::new(storage.sessions(), folder))
    });
}

mod advice {
    use super::*;
    use storage_sea::testing::advisor::fixture;

    chat_analytics::advisor_contract!(async {
        let (storage, folder) = open().await;
        Some(fixture(storage.sessions(), folder))
    });
}

mod imports {
    use std::sync::Arc;

    use super::*;
    use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
    use sea_orm::sqlx::{AssertSqlSafe, Connection, raw_sql};
    use session_import::ports::Source;
    use session_import::testing::contract::{ImportStorage, TextTable};
    use storage_sqlite::SqliteSource;

    session_import::import_contract!(async {
        let (storage, folder) = open().await;
        Some(ImportStorage::new(storage.imports(), Arc::new(storage.sessions()), folder))
    });

    session_import::source_contract!(async |tables: Vec<TextTable>| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("theirs.db");
        let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let sql: String = tables.iter().map(TextTable::sql).collect();
        raw_sql(AssertSqlSafe(format!("BEGIN; {sql} COMMIT;"))).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let source = SqliteSource::open(&file).await.unwrap();
        Some((Box::new(source) as Box<dyn Source>, folder))
    });
}

mod documents {
    use super::*;

    rag_pipeline::document_contract!({
        let (storage, folder) = open().await;
        Some(Fixture::new(storage.documents(), storage.keywords(), storage.tasks(), folder))
    });
}

mod vectors {
    use super::*;
    use rag_pipeline::ports::VectorStore;
    use rag_pipeline::testing::VectorFixture;
    use rag_pipeline::testing::contract::vectors::{DIMENSION, kind};
    use storage_sqlite::VectorSettings;

    rag_pipeline::vector_store_contract!(async {
        let (storage, folder) = open().await;
        let vectors = storage.vectors(VectorSettings::default());
        let occupied = kind("of another length");
        let other = rag_pipeline::model::EmbeddingSpec { dimension: DIMENSION + 1, ..occupied.clone() };
        vectors.prepare(&other).await.unwrap();
        Some(VectorFixture::new(std::sync::Arc::new(vectors), (occupied, DIMENSION + 1), folder))
    });
}

mod files {
    use super::*;
    use kernel::RepositoryError;
    use session_core::ports::SessionRepository;
    use session_core::testing::samples;

    #[tokio::test]
    async fn what_was_written_is_there_after_opening_again() {
        let (storage, folder) = open().await;
        storage.sessions().insert(&samples::session("kim")).await.unwrap();
        storage.close().await.unwrap();
        let again = SqliteStorage::open(&folder.path().join("iyagi.db")).await.unwrap();
        let found = again.sessions().find(&samples::store(), samples::session_id(1)).await.unwrap();
        assert_eq!(found, Some(samples::session("kim")));
    }

    /// As when an HTTP worker stops while answers are still written.
    #[tokio::test]
    async fn look_ups_outlive_the_runtime_that_was_reading_for_them() {
        let (storage, _folder) = open().await;
        let sessions = storage.sessions();
        sessions.insert(&samples::session("kim")).await.unwrap();
        for _ in 0..50 {
            let elsewhere = sessions.clone();
            let worker = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                // Polled once, so that the statement is under way or about to be when the runtime is dropped.
                runtime.block_on(async {
                    drop(futures::poll!(Box::pin(elsewhere.find(&samples::store(), samples::session_id(1)))));
                });
            });
            let here = (0..8).map(|_| sessions.find(samples_store(), samples::session_id(1)));
            for found in futures::future::join_all(here).await {
                assert_eq!(found.unwrap(), Some(samples::session("kim")));
            }
            worker.join().unwrap();
        }
    }

    fn samples_store() -> &'static kernel::StoreId {
        static STORE: std::sync::OnceLock<kernel::StoreId> = std::sync::OnceLock::new();
        STORE.get_or_init(samples::store)
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("iyagi.db");
        std::fs::write(&file, "장보기 목록: 우유, 달걀 ".repeat(100)).unwrap();
        assert!(SqliteStorage::open(&file).await.is_err());
        assert!(std::fs::read_to_string(&file).unwrap().starts_with("장보기 목록"));
    }

    #[tokio::test]
    async fn a_folder_that_does_not_exist_is_unavailable() {
        let missing = SqliteStorage::open("/nonexistent-folder/iyagi.db".as_ref()).await;
        assert!(matches!(missing, Err(RepositoryError::Unavailable(_))), "{missing:?}");
    }
}
