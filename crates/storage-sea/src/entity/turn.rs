use kernel::{MessageId, RepositoryError, SessionId, StoreId, TurnId};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use session_core::model::Turn;

use super::{name_of, named};
use crate::time::Ts;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_turns")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub store_id: String,
    pub session_id: Uuid,
    pub client_message_id: Option<String>,
    pub request_hash: String,
    pub state: String,
    pub question_id: Uuid,
    pub answer_id: Option<Uuid>,
    pub opened_at: Ts,
    pub lease_until: Ts,
    pub closed_at: Option<Ts>,
    pub cancel_requested_at: Option<Ts>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Turn {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        Ok(Self {
            id: TurnId::from_uuid(row.id),
            store: StoreId::new(row.store_id).map_err(|e| RepositoryError::Corrupt(e.to_string()))?,
            session: SessionId::from_uuid(row.session_id),
            client_message_id: row.client_message_id,
            request_hash: row.request_hash,
            state: named("state", &row.state)?,
            question: MessageId::from_uuid(row.question_id),
            answer: row.answer_id.map(MessageId::from_uuid),
            opened_at: row.opened_at.into(),
            lease_until: row.lease_until.into(),
            closed_at: row.closed_at.map(Into::into),
            cancel_requested_at: row.cancel_requested_at.map(Into::into),
        })
    }
}

/// A whole row.
pub(crate) fn row(turn: &Turn) -> Result<ActiveModel, RepositoryError> {
    Ok(ActiveModel {
        id: Set(turn.id.as_uuid()),
        store_id: Set(turn.store.as_str().to_owned()),
        session_id: Set(turn.session.as_uuid()),
        client_message_id: Set(turn.client_message_id.clone()),
        request_hash: Set(turn.request_hash.clone()),
        state: Set(name_of(&turn.state)?),
        question_id: Set(turn.question.as_uuid()),
        answer_id: Set(turn.answer.map(MessageId::as_uuid)),
        opened_at: Set(turn.opened_at.into()),
        lease_until: Set(turn.lease_until.into()),
        closed_at: Set(turn.closed_at.map(Into::into)),
        cancel_requested_at: Set(turn.cancel_requested_at.map(Into::into)),
    })
}
