use kernel::{MessageId, RepositoryError, StoreId, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use session_core::model::{Feedback, Verdict};

use crate::time::Ts;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_feedback")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: Uuid,
    /// Empty when the caller did not say who: a key column cannot be null.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    pub store_id: String,
    pub scale: String,
    pub value: i16,
    pub comment: Option<String>,
    pub given_at: Ts,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Feedback {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        let corrupt = |what: String| RepositoryError::Corrupt(what);
        let user = match row.user_id.as_str() {
            "" => None,
            user => Some(UserId::new(user).map_err(|e| corrupt(e.to_string()))?),
        };
        let verdict = Verdict::from_parts(&row.scale, row.value)
            .ok_or_else(|| corrupt(format!("verdict {} {}", row.scale, row.value)))?;
        Ok(Self {
            message: MessageId::from_uuid(row.message_id),
            user,
            verdict,
            comment: row.comment,
            given_at: row.given_at.into(),
        })
    }
}

/// A whole row.
pub(crate) fn row(store: &StoreId, feedback: &Feedback) -> ActiveModel {
    let (scale, value) = feedback.verdict.to_parts();
    ActiveModel {
        message_id: Set(feedback.message.as_uuid()),
        user_id: Set(feedback.user.as_ref().map(|user| user.as_str().to_owned()).unwrap_or_default()),
        store_id: Set(store.as_str().to_owned()),
        scale: Set(scale.to_owned()),
        value: Set(value),
        comment: Set(feedback.comment.clone()),
        given_at: Set(feedback.given_at.into()),
    }
}
