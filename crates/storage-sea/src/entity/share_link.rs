use kernel::{RepositoryError, SessionId, ShareId, StoreId};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use session_core::model::{ShareLink, TokenHash};

use crate::time::Ts;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_share_links")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub store_id: String,
    pub session_id: Uuid,
    pub token_hash: String,
    pub created_at: Ts,
    pub expires_at: Ts,
    pub revoked_at: Option<Ts>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for ShareLink {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        Ok(Self {
            id: ShareId::from_uuid(row.id),
            store: StoreId::new(row.store_id).map_err(|e| RepositoryError::Corrupt(e.to_string()))?,
            session: SessionId::from_uuid(row.session_id),
            token_hash: TokenHash::from_stored(row.token_hash),
            created_at: row.created_at.into(),
            expires_at: row.expires_at.into(),
            revoked_at: row.revoked_at.map(Into::into),
        })
    }
}

/// A whole row.
pub(crate) fn row(link: &ShareLink) -> ActiveModel {
    ActiveModel {
        id: Set(link.id.as_uuid()),
        store_id: Set(link.store.as_str().to_owned()),
        session_id: Set(link.session.as_uuid()),
        token_hash: Set(link.token_hash.as_str().to_owned()),
        created_at: Set(link.created_at.into()),
        expires_at: Set(link.expires_at.into()),
        revoked_at: Set(link.revoked_at.map(Into::into)),
    }
}
