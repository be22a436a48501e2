//! Documents and chunks in their tables, and the hook for the database's own full-text index.

mod collections;
mod reading;
mod versions;

use std::sync::Arc;

use async_trait::async_trait;
use kernel::{ChunkId, DocumentId, Page, PageLimit, RepositoryError, StoreId, Timestamp};
use rag_pipeline::model::{
    Chunk, Collection, Document, DocumentStatus, DocumentVersion, IndexedChunk, StoredChunk, TaskFailure,
};
use rag_pipeline::ports::DocumentRepository;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use crate::entity::{document, name_of};
use crate::error::repository_error;
use crate::pools::Pools;
use crate::time::Ts;

/// A chunk's row number, and the terms it is to be found by.
#[derive(Debug)]
pub struct ChunkRow<'a> {
    /// The row number in `document_chunks`.
    pub seq: i64,
    /// The chunk.
    pub chunk: &'a IndexedChunk,
}

/// A database's own full-text index over chunks; written in the transaction that writes the chunks.
///
/// It may hold chunks of versions that are not seen yet or any more: whoever searches leaves them out by
/// `documents.version`.
#[async_trait]
pub trait ChunkIndex: Send + Sync {
    /// Adds a document's chunks.
    async fn add(
        &self,
        transaction: &DatabaseTransaction,
        document: &Document,
        rows: &[ChunkRow<'_>],
    ) -> Result<(), RepositoryError>;

    /// Removes chunks by row number.
    async fn remove(&self, transaction: &DatabaseTransaction, rows: &[i64]) -> Result<(), RepositoryError>;
}

/// Documents in tables, on either database.
#[derive(Clone)]
pub struct SeaDocuments {
    pools: Pools,
    index: Arc<dyn ChunkIndex>,
}

impl SeaDocuments {
    /// A storage over migrated databases.
    pub fn new(pools: Pools, index: Arc<dyn ChunkIndex>) -> Self {
        Self { pools, index }
    }
}

pub(super) fn key(store: &StoreId, id: &DocumentId) -> (String, String) {
    (store.as_str().to_owned(), id.as_str().to_owned())
}

#[async_trait]
impl DocumentRepository for SeaDocuments {
    async fn find(&self, store: &StoreId, id: &DocumentId) -> Result<Option<Document>, RepositoryError> {
        let found = document::Entity::find_by_id(key(store, id)).one(&self.pools.reader).await;
        found.map_err(repository_error)?.map(Document::try_from).transpose()
    }

    async fn reserve(&self, document: &Document) -> Result<bool, RepositoryError> {
        let there = OnConflict::columns([document::Column::StoreId, document::Column::Id]).do_nothing().to_owned();
        let insert = document::Entity::insert(document::row(document, None)?).on_conflict(there);
        let inserted = insert.exec_without_returning(&self.pools.writer).await.map_err(repository_error)?;
        Ok(inserted > 0)
    }

    async fn replace(&self, version: &DocumentVersion<'_>) -> Result<(), RepositoryError> {
        self.put_version(version).await
    }

    async fn fail(
        &self,
        store: &StoreId,
        id: &DocumentId,
        failure: &TaskFailure,
        at: Timestamp,
    ) -> Result<bool, RepositoryError> {
        use document::Column as C;
        let update = document::Entity::update_many()
            .col_expr(C::Status, Expr::value(name_of(&DocumentStatus::Failed)?))
            .col_expr(C::FailureCode, Expr::value(failure.code.as_str()))
            .col_expr(C::Failure, Expr::value(failure.message.as_str()))
            .col_expr(C::UpdatedAt, Expr::value(Ts::from(at)))
            .filter(C::StoreId.eq(store.as_str()))
            .filter(C::Id.eq(id.as_str()));
        Ok(update.exec(&self.pools.writer).await.map_err(repository_error)?.rows_affected > 0)
    }

    async fn delete(&self, store: &StoreId, id: &DocumentId, at: Timestamp) -> Result<bool, RepositoryError> {
        self.remove_document(store, id, at).await
    }

    async fn tidy(&self, now: Timestamp, limit: usize) -> Result<u64, RepositoryError> {
        self.sweep_due(now, limit).await
    }

    async fn page<'a>(
        &'a self,
        store: &'a StoreId,
        collection: Option<&'a Collection>,
        after: Option<&'a DocumentId>,
        limit: PageLimit,
    ) -> Result<Page<Document, DocumentId>, RepositoryError> {
        self.read_page(store, collection, after, limit).await
    }

    async fn text(&self, store: &StoreId, id: &DocumentId) -> Result<Option<String>, RepositoryError> {
        self.read_text(store, id).await
    }

    async fn chunks_of(
        &self,
        store: &StoreId,
        id: &DocumentId,
        from: u32,
        limit: usize,
    ) -> Result<Vec<Chunk>, RepositoryError> {
        self.read_chunks_of(store, id, from, limit).await
    }

    async fn chunks(&self, store: &StoreId, ids: &[ChunkId]) -> Result<Vec<StoredChunk>, RepositoryError> {
        self.read_chunks(store, ids).await
    }
}
