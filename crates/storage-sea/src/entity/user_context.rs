use kernel::{RepositoryError, StoreId, Timestamp, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use session_core::model::{UserContext, UserContextChange};

use super::{count, from_json};
use crate::time::Ts;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "user_contexts")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub store_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    pub preferences: Json,
    pub summary: Option<String>,
    pub revision: i64,
    pub created_at: Ts,
    pub updated_at: Ts,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for UserContext {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        Ok(Self {
            store: StoreId::new(row.store_id).map_err(|e| RepositoryError::Corrupt(e.to_string()))?,
            user: UserId::new(row.user_id).map_err(|e| RepositoryError::Corrupt(e.to_string()))?,
            preferences: from_json("preferences", row.preferences)?,
            summary: row.summary,
            revision: count("revision", row.revision)?,
            created_at: Some(row.created_at.into()),
            updated_at: Some(row.updated_at.into()),
        })
    }
}

/// The columns that every change writes.
pub(crate) fn written(change: &UserContextChange, at: Timestamp) -> ActiveModel {
    ActiveModel {
        preferences: Set(Json::Object(change.preferences.clone())),
        summary: Set(change.summary.clone()),
        updated_at: Set(at.into()),
        ..Default::default()
    }
}

/// The whole row of a user that nothing is kept of yet.
pub(crate) fn first(change: &UserContextChange, at: Timestamp) -> ActiveModel {
    ActiveModel {
        store_id: Set(change.store.as_str().to_owned()),
        user_id: Set(change.user.as_str().to_owned()),
        revision: Set(1),
        created_at: Set(at.into()),
        ..written(change, at)
    }
}
