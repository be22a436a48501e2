use kernel::{ChunkId, RepositoryError, StoreId};
use rag_pipeline::model::{EmbeddingSpec, VectorRemoval};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::{count, from_json, to_json};
use crate::time::Ts;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vector_removals")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub store_id: String,
    pub vector_store: String,
    pub embedder: String,
    pub dimension: i32,
    pub chunks: Json,
    pub due_at: Ts,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for VectorRemoval {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        let chunks: Vec<ChunkId> = from_json("chunks", row.chunks)?;
        Ok(Self {
            id: row.id,
            store: StoreId::new(row.store_id).map_err(|e| RepositoryError::Corrupt(e.to_string()))?,
            vector_store: row.vector_store,
            embedding: EmbeddingSpec { embedder: row.embedder, dimension: count("dimension", row.dimension.into())? },
            chunks,
            due_at: row.due_at.into(),
        })
    }
}

/// A whole row.
pub(crate) fn row(removal: &VectorRemoval) -> Result<ActiveModel, RepositoryError> {
    Ok(ActiveModel {
        id: Set(removal.id),
        store_id: Set(removal.store.as_str().to_owned()),
        vector_store: Set(removal.vector_store.clone()),
        embedder: Set(removal.embedding.embedder.clone()),
        dimension: Set(i32::try_from(removal.embedding.dimension).map_err(RepositoryError::backend)?),
        chunks: Set(to_json(&removal.chunks)?),
        due_at: Set(removal.due_at.into()),
    })
}
