//! Reading documents and the chunks of the version that is seen.

use std::collections::HashMap;

use kernel::{ChunkId, DocumentId, Page, PageLimit, RepositoryError, StoreId};
use rag_pipeline::model::{Chunk, Collection, Document, StoredChunk};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{SeaDocuments, key};
use crate::entity::{document, document_chunk, document_text};
use crate::error::repository_error;

impl SeaDocuments {
    pub(super) async fn read_page(
        &self,
        store: &StoreId,
        collection: Option<&Collection>,
        after: Option<&DocumentId>,
        limit: PageLimit,
    ) -> Result<Page<Document, DocumentId>, RepositoryError> {
        let mut query = document::Entity::find().filter(document::Column::StoreId.eq(store.as_str()));
        if let Some(collection) = collection {
            query = query.filter(document::Column::Collection.eq(collection.as_str()));
        }
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

    pub(super) async fn read_text(&self, store: &StoreId, id: &DocumentId) -> Result<Option<String>, RepositoryError> {
        let found = document_text::Entity::find_by_id(key(store, id)).one(&self.pools.reader).await;
        Ok(found.map_err(repository_error)?.map(|row| row.text))
    }

    pub(super) async fn read_chunks_of(
        &self,
        store: &StoreId,
        id: &DocumentId,
        from: u32,
        limit: usize,
    ) -> Result<Vec<Chunk>, RepositoryError> {
        use document_chunk::{Column as C, Entity};
        let found = document::Entity::find_by_id(key(store, id)).one(&self.pools.reader).await;
        let Some(version) = found.map_err(repository_error)?.and_then(|row| row.version) else { return Ok(Vec::new()) };
        let rows = Entity::find()
            .filter(C::StoreId.eq(store.as_str()))
            .filter(C::DocumentId.eq(id.as_str()))
            .filter(C::Version.eq(version))
            .filter(C::Ordinal.gte(i32::try_from(from).unwrap_or(i32::MAX)))
            .order_by_asc(C::Ordinal)
            .limit(limit as u64)
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        rows.into_iter().map(Chunk::try_from).collect()
    }

    pub(super) async fn read_chunks(
        &self,
        store: &StoreId,
        ids: &[ChunkId],
    ) -> Result<Vec<StoredChunk>, RepositoryError> {
        let mut found: HashMap<ChunkId, StoredChunk> = HashMap::new();
        // Both databases bound how many parameters a statement has.
        for ids in ids.chunks(10_000) {
            for stored in self.read_some(store, ids).await? {
                found.insert(stored.chunk.id, stored);
            }
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    async fn read_some(&self, store: &StoreId, ids: &[ChunkId]) -> Result<Vec<StoredChunk>, RepositoryError> {
        let rows = document_chunk::Entity::find()
            .filter(document_chunk::Column::StoreId.eq(store.as_str()))
            .filter(document_chunk::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        let documents = self.documents_of(store, &rows).await?;
        let seen = rows.into_iter().filter_map(|row| {
            let document = documents.get(&row.document_id)?;
            (document.version == Some(row.version)).then_some((row, document))
        });
        let stored = seen.map(|(row, document)| {
            Ok(StoredChunk {
                collection: Collection::new(document.collection.as_str())
                    .map_err(|error| RepositoryError::Corrupt(error.to_string()))?,
                title: document.title.clone(),
                url: document.url.clone(),
                chunk: Chunk::try_from(row)?,
            })
        });
        stored.collect()
    }

    /// Read after the chunks: a version that was seen when its chunks were read may be gone by now, and then its chunks are
    /// left out; never is one taken that was not seen.
    async fn documents_of(
        &self,
        store: &StoreId,
        chunks: &[document_chunk::Model],
    ) -> Result<HashMap<String, document::Model>, RepositoryError> {
        if chunks.is_empty() {
            return Ok(HashMap::new());
        }
        let mut ids: Vec<&str> = chunks.iter().map(|row| row.document_id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let rows = document::Entity::find()
            .filter(document::Column::StoreId.eq(store.as_str()))
            .filter(document::Column::Id.is_in(ids))
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
    }
}
