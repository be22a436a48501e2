//! PostgreSQL keeps every port's contract.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use session_core::testing::contract::Storage;
use storage_postgres::{PostgresOptions, PostgresStorage};
use test_support::postgres::{self, TestDatabase};

async fn migrate(url: String) -> Result<(), kernel::RepositoryError> {
    PostgresStorage::open(&PostgresOptions::new(url)).await?.close().await
}

/// A migrated database of its own, or `None` (said loudly) where there is no PostgreSQL.
async fn open() -> Option<(PostgresStorage, TestDatabase)> {
    let database = match postgres::database_from("sessions", migrate).await {
        Ok(database) => database,
        Err(unavailable) => {
            test_support::skip_or_panic(&unavailable);
            return None;
        }
    };
    let storage = PostgresStorage::open(&PostgresOptions::new(database.url.as_str())).await.unwrap();
    Some((storage, database))
}

mod sessions_and_turns {
    use super::*;

    session_core::session_contract!(async {
        let (storage, database) = open().await?;
        Some(Storage::new(storage.sessions(), database))
    });
}

mod stream_slots {
    use std::sync::Arc;

    use super::*;
    use session_core::ports::StreamSlots;

    session_core::stream_slots_contract!(async {
        let (storage, database) = open().await?;
        Some((Arc::new(storage.stream_slots()) as Arc<dyn StreamSlots>, (storage, database)))
    });
}

mod signals {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use sea_orm::sqlx::postgres::PgConnection;
    use sea_orm::sqlx::{Connection, query};
    use session_core::ports::{FleetSignal, FleetSignals, TurnSignal, TurnSignals};
    use session_core::testing::samples::turn_id;

    session_core::signals_contract!(async {
        let (one, database) = open().await?;
        let other = PostgresStorage::open(&PostgresOptions::new(database.url.as_str())).await.unwrap();
        let (here, there) = (one.signals().await.unwrap(), other.signals().await.unwrap());
        Some((Arc::new(here) as Arc<dyn TurnSignals>, Arc::new(there) as Arc<dyn TurnSignals>, (one, other, database)))
    });

    session_core::fleet_signals_contract!(async {
        let (one, database) = open().await?;
        let other = PostgresStorage::open(&PostgresOptions::new(database.url.as_str())).await.unwrap();
        let (here, there) = (one.signals().await.unwrap(), other.signals().await.unwrap());
        Some((
            Arc::new(here) as Arc<dyn FleetSignals>,
            Arc::new(there) as Arc<dyn FleetSignals>,
            (one, other, database),
        ))
    });

    #[tokio::test]
    async fn signals_are_heard_again_after_the_listening_connection_was_lost() {
        let database = test_support::require!(postgres::database().await);
        let storage = PostgresStorage::open(&PostgresOptions::new(database.url.as_str())).await.unwrap();
        let signals = storage.signals().await.unwrap();
        let mut other = PgConnection::connect(&database.url).await.unwrap();
        let ended = query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND query LIKE 'LISTEN%'",
        );
        assert_eq!(ended.execute(&mut other).await.unwrap().rows_affected(), 1);
        let (mut listener, mut fleet) = (signals.hear(), signals.hear_fleet());
        let told_until_heard = async {
            loop {
                signals.tell(TurnSignal::Stop(turn_id(1))).await.unwrap();
                let soon = tokio::time::timeout(Duration::from_millis(200), listener.recv());
                if let Ok(heard) = soon.await {
                    return heard.unwrap();
                }
            }
        };
        let heard = tokio::time::timeout(Duration::from_secs(30), told_until_heard).await;
        assert_eq!(heard.unwrap(), TurnSignal::Stop(turn_id(1)));
        assert_eq!(fleet.recv().await.unwrap(), FleetSignal::Interrupted);
    }
}

mod documents {
    use super::*;
    use rag_pipeline::testing::Fixture;

    rag_pipeline::document_contract!({
        open().await.map(|(storage, database)| {
            Fixture::new(storage.documents(), storage.keywords(), storage.tasks(), (storage, database))
        })
    });
}

mod vectors {
    use super::*;
    use rag_pipeline::ports::VectorStore;
    use rag_pipeline::testing::VectorFixture;
    use rag_pipeline::testing::contract::vectors::{DIMENSION, kind};
    use storage_postgres::VectorSettings;

    rag_pipeline::vector_store_contract!(async {
        let (storage, database) = open().await?;
        let vectors = storage.vectors(VectorSettings::default());
        let occupied = kind("of another length");
        let other = rag_pipeline::model::EmbeddingSpec { dimension: DIMENSION + 1, ..occupied.clone() };
        vectors.prepare(&other).await.unwrap();
        Some(VectorFixture::new(std::sync::Arc::new(vectors), (occupied, DIMENSION + 1), (storage, database)))
    });
}

mod advice {
    use super::*;
    use storage_sea::testing::advisor::fixture;

    chat_analytics::advisor_contract!(async {
        let (storage, database) = open().await?;
        Some(fixture(storage.sessions(), database))
    });
}

mod imports {
    use std::sync::Arc;

    use super::*;
    use sea_orm::sqlx::postgres::PgConnection;
    use sea_orm::sqlx::{AssertSqlSafe, Connection, raw_sql};
    use session_import::ports::Source;
    use session_import::testing::contract::{ImportStorage, TextTable};
    use storage_postgres::PostgresSource;

    session_import::import_contract!(async {
        let (storage, database) = open().await?;
        Some(ImportStorage::new(storage.imports(), Arc::new(storage.sessions()), database))
    });

    session_import::source_contract!(async |tables: Vec<TextTable>| {
        let database = match postgres::database().await {
            Ok(database) => database,
            Err(unavailable) => {
                test_support::skip_or_panic(&unavailable);
                return None;
            }
        };
        let mut connection = PgConnection::connect(&database.url).await.unwrap();
        let sql: String = tables.iter().map(TextTable::sql).collect();
        raw_sql(AssertSqlSafe(format!("BEGIN; {sql} COMMIT;"))).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let source = PostgresSource::open(&database.url).await.unwrap();
        Some((Box::new(source) as Box<dyn Source>, database))
    });
}

mod servers {
    use super::*;
    use kernel::RepositoryError;

    #[tokio::test]
    async fn several_instances_may_migrate_an_empty_database_at_once() {
        let database = test_support::require!(postgres::database().await);
        let options = PostgresOptions::new(database.url.as_str());
        let (a, b, c) = tokio::join!(
            PostgresStorage::open(&options),
            PostgresStorage::open(&options),
            PostgresStorage::open(&options)
        );
        for storage in [a, b, c] {
            storage.unwrap().close().await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unavailable() {
        let port = test_support::ports::free().unwrap();
        let nobody = PostgresStorage::open(&PostgresOptions::new(format!("postgres://a@127.0.0.1:{port}/a"))).await;
        assert!(matches!(nobody, Err(RepositoryError::Unavailable(_))), "{nobody:?}");
    }
}
