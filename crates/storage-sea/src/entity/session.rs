use kernel::{RepositoryError, SessionId, StoreId, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use session_core::model::{BusinessMetadata, Session};

use super::{count, from_json, name_of, named, to_json};
use crate::time::Ts;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_sessions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub store_id: String,
    pub user_id: String,
    pub title: Option<String>,
    pub channel: String,
    pub metadata: Json,
    pub inquiry_category: Option<String>,
    pub satisfaction_score: Option<i16>,
    pub resolution_status: Option<String>,
    pub priority: Option<String>,
    pub follow_up_needed: Option<bool>,
    pub business_impact: Option<String>,
    pub topic_tags: Json,
    pub privacy_level: String,
    pub state: String,
    pub request_count: i64,
    pub message_count: i64,
    pub last_sequence: i64,
    pub last_agent_used: Option<String>,
    pub created_at: Ts,
    pub last_active_at: Ts,
    pub expires_at: Ts,
    pub ended_at: Option<Ts>,
    pub deleted_at: Option<Ts>,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Session {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        let business = BusinessMetadata {
            inquiry_category: row.inquiry_category,
            satisfaction_score: row.satisfaction_score.map(|n| count("satisfaction_score", n.into())).transpose()?,
            resolution_status: row.resolution_status.map(|s| named("resolution_status", &s)).transpose()?,
            priority: row.priority.map(|s| named("priority", &s)).transpose()?,
            follow_up_needed: row.follow_up_needed,
            business_impact: row.business_impact,
            topic_tags: from_json("topic_tags", row.topic_tags)?,
        };
        Ok(Self {
            id: SessionId::from_uuid(row.id),
            store: StoreId::new(row.store_id).map_err(|e| RepositoryError::Corrupt(e.to_string()))?,
            user: UserId::new(row.user_id).map_err(|e| RepositoryError::Corrupt(e.to_string()))?,
            title: row.title,
            channel: row.channel,
            metadata: row.metadata,
            business,
            privacy: named("privacy_level", &row.privacy_level)?,
            state: named("state", &row.state)?,
            request_count: count("request_count", row.request_count)?,
            message_count: count("message_count", row.message_count)?,
            last_sequence: count("last_sequence", row.last_sequence)?,
            last_agent: row.last_agent_used,
            created_at: row.created_at.into(),
            last_active_at: row.last_active_at.into(),
            expires_at: row.expires_at.into(),
            ended_at: row.ended_at.map(Into::into),
            deleted_at: row.deleted_at.map(Into::into),
            revision: count("revision", row.revision)?,
        })
    }
}

/// A whole row.
pub(crate) fn row(session: &Session) -> Result<ActiveModel, RepositoryError> {
    let mut row = owned(session)?;
    row.id = Set(session.id.as_uuid());
    row.store_id = Set(session.store.as_str().to_owned());
    row.user_id = Set(session.user.as_str().to_owned());
    row.channel = Set(session.channel.clone());
    row.created_at = Set(session.created_at.into());
    row.last_agent_used = Set(session.last_agent.clone());
    row.last_active_at = Set(session.last_active_at.into());
    row.request_count = Set(session.request_count.cast_signed());
    row.message_count = Set(session.message_count.cast_signed());
    row.last_sequence = Set(session.last_sequence.cast_signed());
    row.revision = Set(session.revision.cast_signed());
    Ok(row)
}

/// The columns an update writes; the counters and the revision are not among them.
pub(crate) fn owned(session: &Session) -> Result<ActiveModel, RepositoryError> {
    let business = &session.business;
    Ok(ActiveModel {
        title: Set(session.title.clone()),
        metadata: Set(session.metadata.clone()),
        inquiry_category: Set(business.inquiry_category.clone()),
        satisfaction_score: Set(business.satisfaction_score.map(i16::from)),
        resolution_status: Set(business.resolution_status.as_ref().map(name_of).transpose()?),
        priority: Set(business.priority.as_ref().map(name_of).transpose()?),
        follow_up_needed: Set(business.follow_up_needed),
        business_impact: Set(business.business_impact.clone()),
        topic_tags: Set(to_json(&business.topic_tags)?),
        privacy_level: Set(name_of(&session.privacy)?),
        state: Set(name_of(&session.state)?),
        expires_at: Set(session.expires_at.into()),
        ended_at: Set(session.ended_at.map(Into::into)),
        deleted_at: Set(session.deleted_at.map(Into::into)),
        ..Default::default()
    })
}
