use kernel::{ChunkId, DocumentId, RepositoryError, StoreId};
use rag_pipeline::model::{Chunk, Place};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;

use super::{count, from_json, to_json};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_chunks")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    pub id: Uuid,
    pub store_id: String,
    pub document_id: String,
    pub version: Uuid,
    pub ordinal: i32,
    pub heading_path: Json,
    pub text: String,
    pub token_count: i32,
    pub page: Option<i32>,
    pub start_at: i32,
    pub end_at: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Chunk {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        Ok(Self {
            id: ChunkId::from_uuid(row.id),
            document: DocumentId::new(row.document_id).map_err(|e| RepositoryError::Corrupt(e.to_string()))?,
            ordinal: count("ordinal", row.ordinal.into())?,
            heading_path: from_json("heading_path", row.heading_path)?,
            text: row.text,
            token_count: count("token_count", row.token_count.into())?,
            place: Place {
                page: row.page.map(|page| count("page", page.into())).transpose()?,
                start: count("start_at", row.start_at.into())?,
                end: count("end_at", row.end_at.into())?,
            },
        })
    }
}

/// A whole row of a version; the database gives the row number.
pub(crate) fn row(store: &StoreId, version: Uuid, chunk: &Chunk) -> Result<ActiveModel, RepositoryError> {
    let number = |n: u32| i32::try_from(n).map_err(RepositoryError::backend);
    Ok(ActiveModel {
        seq: NotSet,
        id: Set(chunk.id.as_uuid()),
        store_id: Set(store.as_str().to_owned()),
        document_id: Set(chunk.document.as_str().to_owned()),
        version: Set(version),
        ordinal: Set(number(chunk.ordinal)?),
        heading_path: Set(to_json(&chunk.heading_path)?),
        text: Set(chunk.text.clone()),
        token_count: Set(i32::try_from(chunk.token_count).unwrap_or(i32::MAX)),
        page: Set(chunk.place.page.map(number).transpose()?),
        start_at: Set(number(chunk.place.start)?),
        end_at: Set(number(chunk.place.end)?),
    })
}
