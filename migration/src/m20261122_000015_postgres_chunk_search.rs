//! PostgreSQL's full-text index over the chunks' terms.
//!
//! Terms are split before they come here, so no parser and no dictionary changes them. How often a
//! term occurs is in `counts`, from which chunks are ranked. Beside the terms of a chunk stand one term for its store and one for
//! its collection, which keep a search within them by the index itself.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        let connection = manager.get_connection();
        connection
            .execute_unprepared(
                "CREATE TABLE chunk_terms (
                    seq bigint PRIMARY KEY,
                    length integer NOT NULL,
                    terms tsvector NOT NULL,
                    counts bytea NOT NULL
                )",
            )
            .await?;
        connection
            .execute_unprepared("CREATE INDEX ix_chunk_terms ON chunk_terms USING gin (terms) WITH (fastupdate = off)")
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        manager.get_connection().execute_unprepared("DROP TABLE chunk_terms").await.map(|_| ())
    }
}
