//! Documents and their chunks with embeddings.

use sea_orm_migration::{
    prelude::*,
    schema::{blob, integer, json_binary, pk_auto, text, text_null, timestamp_with_time_zone, uuid_uniq},
};

use crate::create;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
pub(crate) enum Documents {
    Table,
    StoreId,
    Id,
    Collection,
    Title,
    Url,
    Metadata,
    ContentHash,
    Status,
    ChunkCount,
    CreatedAt,
    UpdatedAt,
}

#[derive(DeriveIden)]
pub(crate) enum DocumentChunks {
    Table,
    /// The row number that SQLite's full-text index refers to; ids would not fit it.
    Seq,
    Id,
    StoreId,
    DocumentId,
    Ordinal,
    HeadingPath,
    Text,
    TokenCount,
    /// Little-endian 32-bit floats.
    Embedding,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let unique = Index::create()
            .name("ux_document_chunks_ordinal")
            .table(DocumentChunks::Table)
            .col(DocumentChunks::StoreId)
            .col(DocumentChunks::DocumentId)
            .col(DocumentChunks::Ordinal)
            .unique()
            .to_owned();
        create(manager, vec![documents(), chunks()], vec![unique]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(DocumentChunks::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Documents::Table).to_owned()).await
    }
}

fn documents() -> TableCreateStatement {
    Table::create()
        .table(Documents::Table)
        .col(text(Documents::StoreId))
        .col(text(Documents::Id))
        .col(text(Documents::Collection))
        .col(text(Documents::Title))
        .col(text_null(Documents::Url))
        .col(json_binary(Documents::Metadata))
        .col(text(Documents::ContentHash))
        .col(text(Documents::Status))
        .col(integer(Documents::ChunkCount))
        .col(timestamp_with_time_zone(Documents::CreatedAt))
        .col(timestamp_with_time_zone(Documents::UpdatedAt))
        .primary_key(Index::create().col(Documents::StoreId).col(Documents::Id))
        .check(Expr::col(Documents::Status).is_in(["ready", "failed"]))
        .to_owned()
}

fn chunks() -> TableCreateStatement {
    Table::create()
        .table(DocumentChunks::Table)
        .col(pk_auto(DocumentChunks::Seq).big_integer())
        .col(uuid_uniq(DocumentChunks::Id))
        .col(text(DocumentChunks::StoreId))
        .col(text(DocumentChunks::DocumentId))
        .col(integer(DocumentChunks::Ordinal))
        .col(json_binary(DocumentChunks::HeadingPath))
        .col(text(DocumentChunks::Text))
        .col(integer(DocumentChunks::TokenCount))
        .col(blob(DocumentChunks::Embedding))
        .foreign_key(
            ForeignKey::create()
                .from_tbl(DocumentChunks::Table)
                .from_col(DocumentChunks::StoreId)
                .from_col(DocumentChunks::DocumentId)
                .to_tbl(Documents::Table)
                .to_col(Documents::StoreId)
                .to_col(Documents::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}
