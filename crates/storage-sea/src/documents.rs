//! Documents and chunks in their tables, and the hook for the database's own full-text index.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use kernel::{ChunkId, DocumentId, Page, PageLimit, RepositoryError, StoreId};
use rag_pipeline::model::{Chunk, Document, IndexedChunk, StoredChunk};
use rag_pipeline::ports::DocumentRepository;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::{document, document_chunk};
use crate::error::repository_error;
use crate::pools::Pools;

/// A chunk's row number, and the terms it is to be found by.
#[derive(Debug)]
pub struct ChunkRow<'a> {
    /// The row number in `document_chunks`.
    pub seq: i64,
    /// The chunk.
    pub chunk: &'a IndexedChunk,
}

/// A database's own full-text index over chunks; written in the transaction that writes the chunks.
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

    /// Removes the document's chunks from the index and the table.
    async fn remove_chunks(
        &self,
        transaction: &DatabaseTransaction,
        store: &StoreId,
        id: &DocumentId,
    ) -> Result<(), RepositoryError> {
        let of_document = Condition::all()
            .add(document_chunk::Column::StoreId.eq(store.as_str()))
            .add(document_chunk::Column::DocumentId.eq(id.as_str()));
        let rows: Vec<i64> = document_chunk::Entity::find()
            .select_only()
            .column(document_chunk::Column::Seq)
            .filter(of_document.clone())
            .into_tuple()
            .all(transaction)
            .await
            .map_err(repository_error)?;
        self.index.remove(transaction, &rows).await?;
        let delete = document_chunk::Entity::delete_many().filter(of_document);
        delete.exec(transaction).await.map_err(repository_error)?;
        Ok(())
    }
}

#[async_trait]
impl DocumentRepository for SeaDocuments {
    async fn find(&self, store: &StoreId, id: &DocumentId) -> Result<Option<Document>, RepositoryError> {
        let found = document::Entity::find_by_id((store.as_str().to_owned(), id.as_str().to_owned()))
            .one(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        found.map(Document::try_from).transpose()
    }

    async fn replace(&self, document: &Document, chunks: &[IndexedChunk]) -> Result<(), RepositoryError> {
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        self.remove_chunks(&transaction, &document.store, &document.id).await?;
        upsert_document(&transaction, document).await?;
        let mut rows = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            let insert = document_chunk::Entity::insert(document_chunk::row(&document.store, chunk)?);
            let seq = insert.exec(&transaction).await.map_err(repository_error)?.last_insert_id;
            rows.push(ChunkRow { seq, chunk });
        }
        self.index.add(&transaction, document, &rows).await?;
        transaction.commit().await.map_err(repository_error)
    }

    async fn delete(&self, store: &StoreId, id: &DocumentId) -> Result<bool, RepositoryError> {
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        self.remove_chunks(&transaction, store, id).await?;
        let key = (store.as_str().to_owned(), id.as_str().to_owned());
        let deleted = document::Entity::delete_by_id(key).exec(&transaction).await.map_err(repository_error)?;
        transaction.commit().await.map_err(repository_error)?;
        Ok(deleted.rows_affected > 0)
    }

    async fn page<'a>(
        &'a self,
        store: &'a StoreId,
        after: Option<&'a DocumentId>,
        limit: PageLimit,
    ) -> Result<Page<Document, DocumentId>, RepositoryError> {
        let mut query = document::Entity::find().filter(document::Column::StoreId.eq(store.as_str()));
        if let Some(after) = after {
            query = query.filter(document::Column::Id.gt(after.as_str()));
        }
        let rows = query
            .order_by_asc(document::Column::Id)
            .limit(limit.overfetch())
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        let documents = rows.into_iter().map(Document::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_overfetch(documents, limit, |document: &Document| document.id.clone()))
    }

    async fn chunks(&self, store: &StoreId, ids: &[ChunkId]) -> Result<Vec<StoredChunk>, RepositoryError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows = document_chunk::Entity::find()
            .filter(document_chunk::Column::StoreId.eq(store.as_str()))
            .filter(document_chunk::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        let mut documents = self.documents_of(store, &rows).await?;
        let mut found: HashMap<ChunkId, StoredChunk> = HashMap::new();
        for row in rows {
            let chunk = Chunk::try_from(row)?;
            if let Some(document) = documents.get_mut(chunk.document.as_str()) {
                let stored = StoredChunk {
                    collection: document.collection.clone(),
                    title: document.title.clone(),
                    url: document.url.clone(),
                    chunk,
                };
                found.insert(stored.chunk.id, stored);
            }
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }
}

impl SeaDocuments {
    async fn documents_of(
        &self,
        store: &StoreId,
        chunks: &[document_chunk::Model],
    ) -> Result<HashMap<String, Document>, RepositoryError> {
        let rows = document::Entity::find()
            .filter(document::Column::StoreId.eq(store.as_str()))
            .filter(document::Column::Id.is_in(chunks.iter().map(|row| row.document_id.as_str())))
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        rows.into_iter().map(|row| Ok((row.id.clone(), Document::try_from(row)?))).collect()
    }
}

async fn upsert_document(transaction: &DatabaseTransaction, document: &Document) -> Result<(), RepositoryError> {
    use document::Column as C;
    let replace = OnConflict::columns([C::StoreId, C::Id])
        .update_columns([
            C::Collection,
            C::Title,
            C::Url,
            C::Metadata,
            C::ContentHash,
            C::Status,
            C::ChunkCount,
            C::UpdatedAt,
        ])
        .to_owned();
    document::Entity::insert(document::row(document)?)
        .on_conflict(replace)
        .exec_without_returning(transaction)
        .await
        .map_err(repository_error)?;
    Ok(())
}
