use kernel::ShareId;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use session_core::model::ShareAccess;

use crate::time::Ts;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_share_accesses")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    pub link_id: Uuid,
    pub accessed_at: Ts,
    pub request_id: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for ShareAccess {
    fn from(row: Model) -> Self {
        Self { at: row.accessed_at.into(), request_id: row.request_id }
    }
}

/// A whole row.
pub(crate) fn row(link: ShareId, access: &ShareAccess) -> ActiveModel {
    ActiveModel {
        seq: NotSet,
        link_id: Set(link.as_uuid()),
        accessed_at: Set(access.at.into()),
        request_id: Set(access.request_id.clone()),
    }
}
