use sea_orm::entity::prelude::*;

use crate::time::Ts;

/// A version whose chunks are to be removed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chunk_sweeps")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: Uuid,
    pub store_id: String,
    pub document_id: String,
    pub due_at: Ts,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
