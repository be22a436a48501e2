//! What is known of collections, and plans to remove vectors.

use async_trait::async_trait;
use kernel::{DocumentId, RepositoryError, StoreId, Timestamp};
use rag_pipeline::model::{Collection, CollectionInfo, VectorRemoval};
use rag_pipeline::ports::{CollectionRepository, VectorRemovals};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::SeaDocuments;
use super::versions::{Unseen, plan_removal};
use crate::entity::{collection, document, vector_removal};
use crate::error::repository_error;
use crate::time::Ts;

#[async_trait]
impl CollectionRepository for SeaDocuments {
    async fn find(&self, store: &StoreId, name: &Collection) -> Result<Option<CollectionInfo>, RepositoryError> {
        let key = (store.as_str().to_owned(), name.as_str().to_owned());
        let found = collection::Entity::find_by_id(key).one(&self.pools.reader).await.map_err(repository_error)?;
        found.map(CollectionInfo::try_from).transpose()
    }

    async fn begin(&self, info: &CollectionInfo) -> Result<CollectionInfo, RepositoryError> {
        // It is there nearly always: nothing is written then.
        if let Some(kept) = CollectionRepository::find(self, &info.store, &info.name).await? {
            return Ok(kept);
        }
        let there =
            OnConflict::columns([collection::Column::StoreId, collection::Column::Name]).do_nothing().to_owned();
        let insert = collection::Entity::insert(collection::row(info)?).on_conflict(there);
        insert.exec_without_returning(&self.pools.writer).await.map_err(repository_error)?;
        let kept = CollectionRepository::find(self, &info.store, &info.name).await?;
        kept.ok_or_else(|| RepositoryError::Corrupt("a collection that was just kept is gone".into()))
    }

    async fn list(&self, store: &StoreId) -> Result<Vec<CollectionInfo>, RepositoryError> {
        let rows = collection::Entity::find()
            .filter(collection::Column::StoreId.eq(store.as_str()))
            .order_by_asc(collection::Column::Name)
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        rows.into_iter().map(CollectionInfo::try_from).collect()
    }

    async fn stores(&self) -> Result<Vec<StoreId>, RepositoryError> {
        let names: Vec<String> = collection::Entity::find()
            .select_only()
            .column(collection::Column::StoreId)
            .distinct()
            .order_by_asc(collection::Column::StoreId)
            .into_tuple()
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        names.into_iter().map(|name| StoreId::new(name).map_err(|e| RepositoryError::Corrupt(e.to_string()))).collect()
    }

    async fn switch(
        &self,
        info: &CollectionInfo,
        unchanged_since: Timestamp,
        at: Timestamp,
    ) -> Result<bool, RepositoryError> {
        use document::{Column as C, Entity};
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let embedded = Condition::all()
            .add(C::StoreId.eq(info.store.as_str()))
            .add(C::Collection.eq(info.name.as_str()))
            .add(C::Embedder.is_not_null());
        // Locked, so that none of them changes until all have been switched.
        let rows = Entity::find().filter(embedded.clone()).lock_exclusive().all(&transaction).await;
        let rows = rows.map_err(repository_error)?;
        if rows.iter().any(|row| row.updated_at > Ts::from(unchanged_since)) {
            transaction.rollback().await.map_err(repository_error)?;
            return Ok(false);
        }
        for row in &rows {
            let (Some(embedding), Some(version)) = (row.embedding()?, row.version) else { continue };
            let id = DocumentId::new(row.id.as_str()).map_err(|e| RepositoryError::Corrupt(e.to_string()))?;
            let unseen = Unseen { store: &info.store, document: &id, version };
            plan_removal(&transaction, &unseen, info.name.as_str(), embedding, at).await?;
        }
        let dimension = i32::try_from(info.embedding.dimension).map_err(RepositoryError::backend)?;
        let documents = Entity::update_many()
            .col_expr(C::Embedder, Expr::value(info.embedding.embedder.as_str()))
            .col_expr(C::Dimension, Expr::value(dimension))
            .filter(embedded);
        documents.exec(&transaction).await.map_err(repository_error)?;
        let replace = OnConflict::columns([collection::Column::StoreId, collection::Column::Name])
            .update_columns([
                collection::Column::VectorStore,
                collection::Column::Embedder,
                collection::Column::Dimension,
                collection::Column::CreatedAt,
            ])
            .to_owned();
        let insert = collection::Entity::insert(collection::row(info)?).on_conflict(replace);
        insert.exec_without_returning(&transaction).await.map_err(repository_error)?;
        transaction.commit().await.map_err(repository_error)?;
        Ok(true)
    }
}

#[async_trait]
impl VectorRemovals for SeaDocuments {
    async fn plan(&self, removal: &VectorRemoval) -> Result<(), RepositoryError> {
        let insert = vector_removal::Entity::insert(vector_removal::row(removal)?);
        insert.exec_without_returning(&self.pools.writer).await.map(|_| ()).map_err(repository_error)
    }

    async fn due(
        &self,
        vector_store: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<VectorRemoval>, RepositoryError> {
        use vector_removal::{Column as C, Entity};
        let rows = Entity::find()
            .filter(C::VectorStore.eq(vector_store))
            .filter(C::DueAt.lte(Ts::from(now)))
            .order_by_asc(C::DueAt)
            .order_by_asc(C::Id)
            .limit(limit as u64)
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        rows.into_iter().map(VectorRemoval::try_from).collect()
    }

    async fn done(&self, id: Uuid) -> Result<bool, RepositoryError> {
        let delete = vector_removal::Entity::delete_by_id(id).exec(&self.pools.writer).await;
        Ok(delete.map_err(repository_error)?.rows_affected > 0)
    }
}
