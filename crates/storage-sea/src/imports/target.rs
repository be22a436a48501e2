use std::collections::BTreeMap;

use async_trait::async_trait;
use kernel::{MessageId, RepositoryError, SessionId};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, ModelTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use session_core::model::{Feedback, Message, Session, Turn};
use session_import::ports::{ImportTarget, Removal, Standing};
use session_import::{Conversation, Entry};

use super::SeaImports;
use crate::entity::{feedback, import_session, message, session, turn};
use crate::error::repository_error;
use crate::identity::database_identity;
use crate::messages::insert_messages;

/// Rows of one statement: few enough for the parameters that SQLite takes.
const BATCH: usize = 200;

#[async_trait]
impl ImportTarget for SeaImports {
    async fn identity(&self) -> Result<String, RepositoryError> {
        database_identity(&self.pools.reader).await
    }

    async fn standing(&self, id: SessionId) -> Result<Standing, RepositoryError> {
        let reader = &self.pools.reader;
        let entry = import_session::Entity::find_by_id(id.as_uuid()).one(reader).await.map_err(repository_error)?;
        let there = session::Entity::find_by_id(id.as_uuid()).count(reader).await.map_err(repository_error)? > 0;
        let entry = entry.map(Entry::try_from).transpose()?;
        Ok(match (entry, there) {
            (Some(entry), true) => Standing::Imported(entry),
            (Some(entry), false) => Standing::Removed(entry),
            (None, true) => Standing::Taken,
            (None, false) => Standing::Free,
        })
    }

    async fn store(&self, conversation: &Conversation, entry: &Entry) -> Result<(), RepositoryError> {
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let row = session::row(&conversation.session)?;
        session::Entity::insert(row).exec_without_returning(&transaction).await.map_err(repository_error)?;
        insert_turns(&transaction, &conversation.turns).await?;
        let Conversation { session, messages, traces, .. } = conversation;
        insert_messages(&transaction, &*self.index, session, messages, traces).await?;
        insert_feedback(&transaction, conversation).await?;
        let entry = import_session::Entity::insert(import_session::row(entry));
        entry.exec_without_returning(&transaction).await.map_err(repository_error)?;
        transaction.commit().await.map_err(repository_error)
    }

    async fn read(&self, id: SessionId) -> Result<Option<Conversation>, RepositoryError> {
        let reader = &self.pools.reader;
        let found = session::Entity::find_by_id(id.as_uuid()).one(reader).await.map_err(repository_error)?;
        let Some(session) = found.map(Session::try_from).transpose()? else { return Ok(None) };
        let turns = turn::Entity::find()
            .filter(turn::Column::SessionId.eq(id.as_uuid()))
            .order_by_asc(turn::Column::OpenedAt)
            .all(reader)
            .await
            .map_err(repository_error)?;
        let messages = message::Entity::find()
            .filter(message::Column::SessionId.eq(id.as_uuid()))
            .filter(message::Column::IsDeleted.eq(false))
            .order_by_asc(message::Column::SequenceNumber)
            .all(reader)
            .await
            .map_err(repository_error)?;
        let traces: BTreeMap<MessageId, String> = messages
            .iter()
            .filter_map(|row| Some((MessageId::from_uuid(row.id), row.langsmith_trace_id.clone()?)))
            .collect();
        let feedback = self.feedback_of(id).await?;
        Ok(Some(Conversation {
            session,
            turns: turns.into_iter().map(Turn::try_from).collect::<Result<_, _>>()?,
            messages: messages.into_iter().map(Message::try_from).collect::<Result<_, _>>()?,
            traces,
            feedback,
        }))
    }

    async fn remove(&self, entry: &Entry, force: bool) -> Result<Removal, RepositoryError> {
        let id = entry.session.as_uuid();
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let found = session::Entity::find_by_id(id).lock_exclusive().one(&transaction).await;
        let mut removal = Removal::Gone;
        if let Some(session) = found.map_err(repository_error)? {
            if !force && used_since(&transaction, entry).await? {
                return Ok(Removal::Used);
            }
            let messages = message::Entity::find().filter(message::Column::SessionId.eq(id));
            let messages = messages.count(&transaction).await.map_err(repository_error)?;
            // Turns, messages and feedback go with it.
            session.delete(&transaction).await.map_err(repository_error)?;
            removal = Removal::Removed { messages };
        }
        import_session::Entity::delete_by_id(id).exec(&transaction).await.map_err(repository_error)?;
        transaction.commit().await.map_err(repository_error)?;
        Ok(removal)
    }
}

impl SeaImports {
    async fn feedback_of(&self, session: SessionId) -> Result<Vec<Feedback>, RepositoryError> {
        let rows = of_session(session).all(&self.pools.reader).await.map_err(repository_error)?;
        rows.into_iter().map(Feedback::try_from).collect()
    }
}

fn of_session(session: SessionId) -> sea_orm::Select<feedback::Entity> {
    use sea_orm::sea_query::Query;
    let messages = Query::select()
        .column(message::Column::Id)
        .from(message::Entity)
        .and_where(message::Column::SessionId.eq(session.as_uuid()))
        .to_owned();
    feedback::Entity::find().filter(feedback::Column::MessageId.in_subquery(messages))
}

/// Whether a session has turns or feedback that its import did not bring.
async fn used_since(transaction: &DatabaseTransaction, entry: &Entry) -> Result<bool, RepositoryError> {
    let turns = turn::Entity::find().filter(turn::Column::SessionId.eq(entry.session.as_uuid()));
    let turns = turns.count(transaction).await.map_err(repository_error)?;
    let feedback = of_session(entry.session).count(transaction).await.map_err(repository_error)?;
    Ok(turns > entry.turns || feedback > entry.feedback)
}

async fn insert_turns(transaction: &DatabaseTransaction, turns: &[Turn]) -> Result<(), RepositoryError> {
    for some in turns.chunks(BATCH) {
        let rows = some.iter().map(turn::row).collect::<Result<Vec<_>, _>>()?;
        turn::Entity::insert_many(rows).exec_without_returning(transaction).await.map_err(repository_error)?;
    }
    Ok(())
}

async fn insert_feedback(
    transaction: &DatabaseTransaction,
    conversation: &Conversation,
) -> Result<(), RepositoryError> {
    for some in conversation.feedback.chunks(BATCH) {
        let rows = some.iter().map(|verdict| feedback::row(&conversation.session.store, verdict));
        feedback::Entity::insert_many(rows).exec_without_returning(transaction).await.map_err(repository_error)?;
    }
    Ok(())
}
