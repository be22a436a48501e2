use kernel::{RepositoryError, StoreId};
use rag_pipeline::model::{Collection, CollectionInfo, EmbeddingSpec};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::count;
use crate::time::Ts;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "collections")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub store_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub vector_store: String,
    pub embedder: String,
    pub dimension: i32,
    pub created_at: Ts,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for CollectionInfo {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        Ok(Self {
            store: StoreId::new(row.store_id).map_err(|e| RepositoryError::Corrupt(e.to_string()))?,
            name: Collection::new(row.name).map_err(|e| RepositoryError::Corrupt(e.to_string()))?,
            vector_store: row.vector_store,
            embedding: EmbeddingSpec { embedder: row.embedder, dimension: count("dimension", row.dimension.into())? },
            created_at: row.created_at.into(),
        })
    }
}

/// A whole row.
pub(crate) fn row(info: &CollectionInfo) -> Result<ActiveModel, RepositoryError> {
    Ok(ActiveModel {
        store_id: Set(info.store.as_str().to_owned()),
        name: Set(info.name.as_str().to_owned()),
        vector_store: Set(info.vector_store.clone()),
        embedder: Set(info.embedding.embedder.clone()),
        dimension: Set(i32::try_from(info.embedding.dimension).map_err(RepositoryError::backend)?),
        created_at: Set(info.created_at.into()),
    })
}
