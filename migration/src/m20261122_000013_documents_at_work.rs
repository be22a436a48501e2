//! Documents of many kinds: versions that are seen whole or not at all, texts, collections that remember
//! how they are embedded, and what is to be removed.
//!
//! SQLite cannot change the checks of a table: both tables are made anew and filled from the old ones. Until now there was
//! one embedder and one place for vectors, so that what the rows do not say is known.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, blob_null, integer, integer_null, json_binary, pk_auto, text, text_null, timestamp_with_time_zone,
        uuid, uuid_null, uuid_uniq,
    },
    sea_orm::DbBackend,
};

use crate::{create, m20261120_000002_documents};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The embedder of the versions before this migration.
const EMBEDDER: &str = "iyagi-hashed-2";
/// The length of its vectors.
const DIMENSION: u32 = 512;

/// The tables that are there afterwards, those that refer to others first.
const NEW: [&str; 9] = [
    "chunk_vectors",
    "vector_spaces",
    "vector_kinds",
    "vector_removals",
    "collections",
    "chunk_sweeps",
    "document_texts",
    "document_chunks",
    "documents",
];

#[derive(DeriveIden)]
enum Documents {
    Table,
    StoreId,
    Id,
    Collection,
    Title,
    Url,
    Metadata,
    ContentHash,
    Embedder,
    Dimension,
    /// The version whose chunks are seen; none while the document was never taken in.
    Version,
    Status,
    FailureCode,
    Failure,
    ChunkCount,
    PageCount,
    CreatedAt,
    UpdatedAt,
}

#[derive(DeriveIden)]
enum DocumentChunks {
    Table,
    Seq,
    Id,
    StoreId,
    DocumentId,
    Version,
    Ordinal,
    HeadingPath,
    Text,
    TokenCount,
    Page,
    StartAt,
    EndAt,
}

#[derive(DeriveIden)]
enum DocumentTexts {
    Table,
    StoreId,
    DocumentId,
    Text,
}

/// Versions whose chunks are to be removed: replaced ones, and ones that were never finished.
#[derive(DeriveIden)]
enum ChunkSweeps {
    Table,
    Version,
    StoreId,
    DocumentId,
    DueAt,
}

#[derive(DeriveIden)]
enum Collections {
    Table,
    StoreId,
    Name,
    VectorStore,
    Embedder,
    Dimension,
    CreatedAt,
}

#[derive(DeriveIden)]
enum VectorRemovals {
    Table,
    Id,
    StoreId,
    VectorStore,
    Embedder,
    Dimension,
    Chunks,
    DueAt,
}

/// The kinds of embeddings in the built-in vector store.
#[derive(DeriveIden)]
enum VectorKinds {
    Table,
    Id,
    Embedder,
    Dimension,
}

/// What is searched together there: one kind, store and collection.
#[derive(DeriveIden)]
enum VectorSpaces {
    Table,
    Id,
    KindId,
    StoreId,
    Collection,
    /// Rises with every change.
    Revision,
    /// Removed vectors up to this revision are forgotten: who knows less must read everything.
    ForgottenRevision,
}

#[derive(DeriveIden)]
enum ChunkVectors {
    Table,
    SpaceId,
    ChunkId,
    /// The space's revision that this row came with.
    Revision,
    /// Little-endian 32-bit floats; none when the vector was removed.
    Embedding,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for table in ["document_chunks", "documents"] {
            connection.execute_unprepared(&format!("ALTER TABLE {table} RENAME TO {table}_before")).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            for (table, key) in [("documents", "documents_pkey"), ("document_chunks", "document_chunks_pkey")] {
                let rename = format!("ALTER TABLE {table}_before RENAME CONSTRAINT {key} TO {key}_before");
                connection.execute_unprepared(&rename).await?;
            }
        }
        connection.execute_unprepared("DROP INDEX ux_document_chunks_ordinal").await?;
        let tables =
            vec![documents(), chunks(), texts(), sweeps(), collections(), removals(), kinds(), spaces(), vectors()];
        create(manager, tables, indexes()).await?;
        for statement in fill(manager.get_database_backend()) {
            connection.execute_unprepared(&statement).await?;
        }
        connection.execute_unprepared("DROP TABLE document_chunks_before").await?;
        connection.execute_unprepared("DROP TABLE documents_before").await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for table in NEW {
            connection.execute_unprepared(&format!("DROP TABLE {table}")).await?;
        }
        m20261120_000002_documents::Migration.up(manager).await
    }
}

/// Brings over what was there.
fn fill(backend: DbBackend) -> Vec<String> {
    // Every document gets a version of its own. SQLite keeps UUIDs as blobs of 16 bytes.
    let version = if backend == DbBackend::Postgres { "gen_random_uuid()" } else { "randomblob(16)" };
    let mut statements = vec![
        format!(
            "INSERT INTO documents (store_id, id, collection, title, url, metadata, content_hash, embedder, dimension, \
             version, status, chunk_count, page_count, created_at, updated_at) \
             SELECT store_id, id, collection, title, url, metadata, content_hash, '{EMBEDDER}', {DIMENSION}, {version}, \
             status, chunk_count, 0, created_at, updated_at FROM documents_before"
        ),
        "INSERT INTO document_chunks (seq, id, store_id, document_id, version, ordinal, heading_path, text, token_count, \
         start_at, end_at) SELECT c.seq, c.id, c.store_id, c.document_id, d.version, c.ordinal, c.heading_path, c.text, \
         c.token_count, 0, 0 FROM document_chunks_before c \
         JOIN documents d ON d.store_id = c.store_id AND d.id = c.document_id"
            .to_owned(),
        format!(
            "INSERT INTO collections (store_id, name, vector_store, embedder, dimension, created_at) \
             SELECT store_id, collection, 'builtin', '{EMBEDDER}', {DIMENSION}, min(created_at) FROM documents_before \
             GROUP BY store_id, collection"
        ),
        format!(
            "INSERT INTO vector_kinds (embedder, dimension) SELECT '{EMBEDDER}', {DIMENSION} \
             WHERE EXISTS (SELECT 1 FROM documents_before)"
        ),
        "INSERT INTO vector_spaces (kind_id, store_id, collection, revision, forgotten_revision) \
         SELECT k.id, c.store_id, c.name, 1, 0 FROM vector_kinds k CROSS JOIN collections c"
            .to_owned(),
        "INSERT INTO chunk_vectors (space_id, chunk_id, revision, embedding) SELECT s.id, c.id, 1, c.embedding \
         FROM document_chunks_before c \
         JOIN documents d ON d.store_id = c.store_id AND d.id = c.document_id \
         JOIN vector_spaces s ON s.store_id = c.store_id AND s.collection = d.collection"
            .to_owned(),
    ];
    if backend == DbBackend::Postgres {
        statements.push(
            "SELECT setval(pg_get_serial_sequence('document_chunks', 'seq'), \
             (SELECT coalesce(max(seq), 0) + 1 FROM document_chunks), false)"
                .to_owned(),
        );
    }
    statements
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
        .col(text_null(Documents::Embedder))
        .col(integer_null(Documents::Dimension))
        .col(uuid_null(Documents::Version))
        .col(text(Documents::Status))
        .col(text_null(Documents::FailureCode))
        .col(text_null(Documents::Failure))
        .col(integer(Documents::ChunkCount))
        .col(integer(Documents::PageCount))
        .col(timestamp_with_time_zone(Documents::CreatedAt))
        .col(timestamp_with_time_zone(Documents::UpdatedAt))
        .primary_key(Index::create().col(Documents::StoreId).col(Documents::Id))
        .check(Expr::col(Documents::Status).is_in(["pending", "ready", "failed"]))
        .to_owned()
}

fn chunks() -> TableCreateStatement {
    Table::create()
        .table(DocumentChunks::Table)
        .col(pk_auto(DocumentChunks::Seq).big_integer())
        .col(uuid_uniq(DocumentChunks::Id))
        .col(text(DocumentChunks::StoreId))
        .col(text(DocumentChunks::DocumentId))
        .col(uuid(DocumentChunks::Version))
        .col(integer(DocumentChunks::Ordinal))
        .col(json_binary(DocumentChunks::HeadingPath))
        .col(text(DocumentChunks::Text))
        .col(integer(DocumentChunks::TokenCount))
        .col(integer_null(DocumentChunks::Page))
        .col(integer(DocumentChunks::StartAt))
        .col(integer(DocumentChunks::EndAt))
        .to_owned()
}

fn texts() -> TableCreateStatement {
    Table::create()
        .table(DocumentTexts::Table)
        .col(text(DocumentTexts::StoreId))
        .col(text(DocumentTexts::DocumentId))
        .col(text(DocumentTexts::Text))
        .primary_key(Index::create().col(DocumentTexts::StoreId).col(DocumentTexts::DocumentId))
        .foreign_key(
            ForeignKey::create()
                .from_tbl(DocumentTexts::Table)
                .from_col(DocumentTexts::StoreId)
                .from_col(DocumentTexts::DocumentId)
                .to_tbl(Documents::Table)
                .to_col(Documents::StoreId)
                .to_col(Documents::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn sweeps() -> TableCreateStatement {
    Table::create()
        .table(ChunkSweeps::Table)
        .col(uuid(ChunkSweeps::Version).primary_key())
        .col(text(ChunkSweeps::StoreId))
        .col(text(ChunkSweeps::DocumentId))
        .col(timestamp_with_time_zone(ChunkSweeps::DueAt))
        .to_owned()
}

fn collections() -> TableCreateStatement {
    Table::create()
        .table(Collections::Table)
        .col(text(Collections::StoreId))
        .col(text(Collections::Name))
        .col(text(Collections::VectorStore))
        .col(text(Collections::Embedder))
        .col(integer(Collections::Dimension))
        .col(timestamp_with_time_zone(Collections::CreatedAt))
        .primary_key(Index::create().col(Collections::StoreId).col(Collections::Name))
        .to_owned()
}

fn removals() -> TableCreateStatement {
    Table::create()
        .table(VectorRemovals::Table)
        .col(uuid(VectorRemovals::Id).primary_key())
        .col(text(VectorRemovals::StoreId))
        .col(text(VectorRemovals::VectorStore))
        .col(text(VectorRemovals::Embedder))
        .col(integer(VectorRemovals::Dimension))
        .col(json_binary(VectorRemovals::Chunks))
        .col(timestamp_with_time_zone(VectorRemovals::DueAt))
        .to_owned()
}

fn kinds() -> TableCreateStatement {
    Table::create()
        .table(VectorKinds::Table)
        .col(pk_auto(VectorKinds::Id).big_integer())
        .col(text(VectorKinds::Embedder).unique_key())
        .col(integer(VectorKinds::Dimension))
        .to_owned()
}

fn spaces() -> TableCreateStatement {
    Table::create()
        .table(VectorSpaces::Table)
        .col(pk_auto(VectorSpaces::Id).big_integer())
        .col(big_integer(VectorSpaces::KindId))
        .col(text(VectorSpaces::StoreId))
        .col(text(VectorSpaces::Collection))
        .col(big_integer(VectorSpaces::Revision))
        .col(big_integer(VectorSpaces::ForgottenRevision))
        .to_owned()
}

fn vectors() -> TableCreateStatement {
    Table::create()
        .table(ChunkVectors::Table)
        .col(big_integer(ChunkVectors::SpaceId))
        .col(uuid(ChunkVectors::ChunkId))
        .col(big_integer(ChunkVectors::Revision))
        .col(blob_null(ChunkVectors::Embedding))
        .primary_key(Index::create().col(ChunkVectors::SpaceId).col(ChunkVectors::ChunkId))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    use DocumentChunks as Chunk;
    let places = [Chunk::StoreId, Chunk::DocumentId, Chunk::Version, Chunk::Ordinal];
    let spaces = [VectorSpaces::KindId, VectorSpaces::StoreId, VectorSpaces::Collection];
    let listed = [Documents::StoreId, Documents::Collection, Documents::Id];
    let changes = [ChunkVectors::SpaceId, ChunkVectors::Revision];
    let removed =
        index("ix_chunk_vectors_removed", ChunkVectors::Table, [ChunkVectors::SpaceId, ChunkVectors::Revision])
            .and_where(Expr::col(ChunkVectors::Embedding).is_null())
            .to_owned();
    vec![
        index("ux_document_chunks_place", Chunk::Table, places).unique().to_owned(),
        index("ix_chunk_sweeps_due", ChunkSweeps::Table, [ChunkSweeps::DueAt]),
        index("ix_vector_removals_due", VectorRemovals::Table, [VectorRemovals::VectorStore, VectorRemovals::DueAt]),
        index("ux_vector_spaces", VectorSpaces::Table, spaces).unique().to_owned(),
        index("ix_chunk_vectors_revision", ChunkVectors::Table, changes),
        removed,
        index("ix_documents_collection", Documents::Table, listed),
    ]
}

fn index<C: IntoIden + 'static>(name: &str, table: C, columns: impl IntoIterator<Item = C>) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table.into_iden());
    for column in columns {
        index.col(column.into_iden());
    }
    index
}
