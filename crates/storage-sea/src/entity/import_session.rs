use kernel::{RepositoryError, SessionId};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use session_import::{Digests, Entry, ImportId};

use super::count;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_sessions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: Uuid,
    pub import_id: Uuid,
    pub source_id: String,
    pub messages: i64,
    pub turns: i64,
    pub feedback: i64,
    pub session_digest: String,
    pub messages_digest: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Entry {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        Ok(Self {
            import: ImportId::from_uuid(row.import_id),
            session: SessionId::from_uuid(row.session_id),
            source_id: row.source_id,
            messages: count("messages", row.messages)?,
            turns: count("turns", row.turns)?,
            feedback: count("feedback", row.feedback)?,
            digests: Digests { session: row.session_digest, messages: row.messages_digest },
        })
    }
}

/// A whole row.
pub(crate) fn row(entry: &Entry) -> ActiveModel {
    ActiveModel {
        session_id: Set(entry.session.as_uuid()),
        import_id: Set(entry.import.as_uuid()),
        source_id: Set(entry.source_id.clone()),
        messages: Set(entry.messages.cast_signed()),
        turns: Set(entry.turns.cast_signed()),
        feedback: Set(entry.feedback.cast_signed()),
        session_digest: Set(entry.digests.session.clone()),
        messages_digest: Set(entry.digests.messages.clone()),
    }
}
