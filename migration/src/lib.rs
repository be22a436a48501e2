//! The schema, for SQLite and PostgreSQL. Migrations are never edited once released: the next change
//! is a new file.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m20261120_000001_sessions;
mod m20261120_000002_documents;
mod m20261120_000003_tasks;
mod m20261120_000004_sqlite_chunk_search;
mod m20261121_000005_upkeep;
mod m20261121_000006_message_search;
mod m20261121_000007_share_links;
mod m20261121_000008_imports;
mod m20261121_000009_session_lists;
mod m20261121_000010_user_contexts;
mod m20261121_000011_advisor;
mod m20261121_000012_live_streams;
mod m20261122_000013_documents_at_work;
mod m20261122_000014_task_queue;
mod m20261122_000015_postgres_chunk_search;

/// All migrations, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_sessions::Migration),
            Box::new(m20261120_000002_documents::Migration),
            Box::new(m20261120_000003_tasks::Migration),
            Box::new(m20261120_000004_sqlite_chunk_search::Migration),
            Box::new(m20261121_000005_upkeep::Migration),
            Box::new(m20261121_000006_message_search::Migration),
            Box::new(m20261121_000007_share_links::Migration),
            Box::new(m20261121_000008_imports::Migration),
            Box::new(m20261121_000009_session_lists::Migration),
            Box::new(m20261121_000010_user_contexts::Migration),
            Box::new(m20261121_000011_advisor::Migration),
            Box::new(m20261121_000012_live_streams::Migration),
            Box::new(m20261122_000013_documents_at_work::Migration),
            Box::new(m20261122_000014_task_queue::Migration),
            Box::new(m20261122_000015_postgres_chunk_search::Migration),
        ]
    }
}

/// Creates tables and indexes in order; the same statements on both databases.
pub(crate) async fn create(
    manager: &SchemaManager<'_>,
    tables: Vec<TableCreateStatement>,
    indexes: Vec<IndexCreateStatement>,
) -> Result<(), DbErr> {
    for table in tables {
        manager.create_table(table).await?;
    }
    for index in indexes {
        manager.create_index(index).await?;
    }
    Ok(())
}
