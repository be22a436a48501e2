use kernel::{DocumentId, RepositoryError, StoreId};
use rag_pipeline::model::{Collection, Document, EmbeddingSpec, TaskFailure};
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
    pub embedder: Option<String>,
    pub dimension: Option<i32>,
    /// The version whose chunks are seen.
    pub version: Option<Uuid>,
    pub status: String,
    pub failure_code: Option<String>,
    pub failure: Option<String>,
    pub chunk_count: i32,
    pub page_count: i32,
    pub created_at: Ts,
    pub updated_at: Ts,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn embedding(&self) -> Result<Option<EmbeddingSpec>, RepositoryError> {
        let (Some(embedder), Some(dimension)) = (&self.embedder, self.dimension) else { return Ok(None) };
        Ok(Some(EmbeddingSpec { embedder: embedder.clone(), dimension: count("dimension", dimension.into())? }))
    }
}

impl TryFrom<Model> for Document {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        let corrupt = RepositoryError::Corrupt;
        Ok(Self {
            embedding: row.embedding()?,
            store: StoreId::new(row.store_id).map_err(|e| corrupt(e.to_string()))?,
            id: DocumentId::new(row.id).map_err(|e| corrupt(e.to_string()))?,
            collection: Collection::new(row.collection).map_err(|e| corrupt(e.to_string()))?,
            title: row.title,
            url: row.url,
            metadata: row.metadata,
            content_hash: row.content_hash,
            status: named("status", &row.status)?,
            failure: failure(row.failure_code, row.failure),
            chunk_count: count("chunk_count", row.chunk_count.into())?,
            page_count: count("page_count", row.page_count.into())?,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// A failure from its two columns.
pub(crate) fn failure(code: Option<String>, message: Option<String>) -> Option<TaskFailure> {
    code.map(|code| TaskFailure { code, message: message.unwrap_or_default() })
}

/// A whole row.
pub(crate) fn row(document: &Document, version: Option<Uuid>) -> Result<ActiveModel, RepositoryError> {
    let embedding = document.embedding.as_ref();
    let dimension = embedding.map(|e| i32::try_from(e.dimension)).transpose().map_err(RepositoryError::backend)?;
    Ok(ActiveModel {
        store_id: Set(document.store.as_str().to_owned()),
        id: Set(document.id.as_str().to_owned()),
        collection: Set(document.collection.as_str().to_owned()),
        title: Set(document.title.clone()),
        url: Set(document.url.clone()),
        metadata: Set(document.metadata.clone()),
        content_hash: Set(document.content_hash.clone()),
        embedder: Set(embedding.map(|e| e.embedder.clone())),
        dimension: Set(dimension),
        version: Set(version),
        status: Set(name_of(&document.status)?),
        failure_code: Set(document.failure.as_ref().map(|f| f.code.clone())),
        failure: Set(document.failure.as_ref().map(|f| f.message.clone())),
        chunk_count: Set(i32::try_from(document.chunk_count).unwrap_or(i32::MAX)),
        page_count: Set(i32::try_from(document.page_count).unwrap_or(i32::MAX)),
        created_at: Set(document.created_at.into()),
        updated_at: Set(document.updated_at.into()),
    })
}
