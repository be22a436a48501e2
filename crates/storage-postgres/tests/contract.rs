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
        let imports = Arc::new(storage.imports());
        let sessions = Arc::new(storage.sessions());
        Some(ImportStorage {
            target: imports.clone(),
            ledger: imports,
            sessions: sessions.clone(),
            feedback: sessions.clone(),
            maintenance: sessions,
            guard: Box::new(database),
        })
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
