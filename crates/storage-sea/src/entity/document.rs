use kernel::{DocumentId, RepositoryError, StoreId};
use rag_pipeline::model::{Collection, Document};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::{count, name_of, named};
use crate::time::Ts;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "documents")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub store_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub collection: String,
    pub title: String,
    pub url: Option<String>,
    pub metadata: Json,
    pub content_hash: String,
    pub status: String,
    pub chunk_count: i32,
    pub created_at: Ts,
    pub updated_at: Ts,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Document {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        let corrupt = RepositoryError::Corrupt;
        Ok(Self {
            store: StoreId::new(row.store_id).map_err(|e| corrupt(e.to_string()))?,
            id: DocumentId::new(row.id).map_err(|e| corrupt(e.to_string()))?,
            collection: Collection::new(row.collection).map_err(|e| corrupt(e.to_string()))?,
            title: row.title,
            url: row.url,
            metadata: row.metadata,
            content_hash: row.content_hash,
            status: named("status", &row.status)?,
            chunk_count: count("chunk_count", row.chunk_count.into())?,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// A whole row.
pub(crate) fn row(document: &Document) -> Result<ActiveModel, RepositoryError> {
    Ok(ActiveModel {
        store_id: Set(document.store.as_str().to_owned()),
        id: Set(document.id.as_str().to_owned()),
        collection: Set(document.collection.as_str().to_owned()),
        title: Set(document.title.clone()),
        url: Set(document.url.clone()),
        metadata: Set(document.metadata.clone()),
        content_hash: Set(document.content_hash.clone()),
        status: Set(name_of(&document.status)?),
        chunk_count: Set(i32::try_from(document.chunk_count).unwrap_or(i32::MAX)),
        created_at: Set(document.created_at.into()),
        updated_at: Set(document.updated_at.into()),
    })
}
