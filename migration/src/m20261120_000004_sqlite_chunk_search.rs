//! SQLite's full-text index over the chunks' terms.
//!
//! Terms are split before they come here, so the tokenizer only has to leave them whole: `unicode61`
//! splits at white space, and the marks that terms may contain are declared token characters.
//! `scope` holds one token per store and per collection: it keeps a search within them by the index itself.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Sqlite {
            return Ok(());
        }
        let connection = manager.get_connection();
        connection
            .execute_unprepared(
                r#"CREATE VIRTUAL TABLE chunk_search USING fts5(
                    scope, heading, body,
                    tokenize = "unicode61 remove_diacritics 0 tokenchars '.-_+#%@/:&*!$()?;,<=>[]{}|~^'"
                )"#,
            )
            .await?;
        connection
            .execute_unprepared("CREATE VIRTUAL TABLE chunk_vocabulary USING fts5vocab(chunk_search, 'row')")
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Sqlite {
            return Ok(());
        }
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP TABLE chunk_vocabulary").await?;
        connection.execute_unprepared("DROP TABLE chunk_search").await?;
        Ok(())
    }
}
