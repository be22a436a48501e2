//! Reading and writing messages.

use std::collections::BTreeMap;
use std::slice;

use kernel::{MessageId, Page, PageLimit, RepositoryError, SessionId, StoreId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use session_core::model::{Message, Session, SessionStats};
use session_core::ports::MessageRange;

use crate::entity::message::{Column, Entity, row};
use crate::entity::{count, session};
use crate::error::repository_error;
use crate::pools::SeaSessions;
use crate::search::{MessageIndex, indexed};

/// Messages of the store's sessions only. The subquery looks one session up, whatever the planner does.
pub(crate) fn of_store(query: Select<Entity>, store: &StoreId) -> Select<Entity> {
    let sessions = Query::select()
        .column(session::Column::Id)
        .from(session::Entity)
        .and_where(Expr::col((session::Entity, session::Column::Id)).equals((Entity, Column::SessionId)))
        .and_where(session::Column::StoreId.eq(store.as_str()))
        .to_owned();
    query.filter(Expr::exists(sessions)).filter(Column::IsDeleted.eq(false))
}

/// The sum of a column; a user's message has zero tokens and no time. Sums of integers have a type of
/// their own on each database.
fn of_answers(column: Column) -> SimpleExpr {
    column.sum().cast_as("bigint")
}

/// Messages of one statement: few enough for the parameters that SQLite takes.
const BATCH: usize = 200;

/// Stores messages of one session, with the LangSmith traces of those that have one, and adds them to the index
/// of conversations. Every message that is ever stored comes through here.
pub(crate) async fn insert_messages(
    transaction: &DatabaseTransaction,
    index: &dyn MessageIndex,
    session: &Session,
    messages: &[Message],
    traces: &BTreeMap<MessageId, String>,
) -> Result<(), RepositoryError> {
    for some in messages.chunks(BATCH) {
        let mut rows = some.iter().map(row).collect::<Result<Vec<_>, _>>()?;
        for (row, message) in rows.iter_mut().zip(some) {
            row.langsmith_trace_id = Set(traces.get(&message.id).cloned());
        }
        Entity::insert_many(rows).exec_without_returning(transaction).await.map_err(repository_error)?;
    }
    for message in messages {
        index.add(transaction, indexed(session, message)).await?;
    }
    Ok(())
}

impl SeaSessions {
    pub(crate) async fn insert_message(
        &self,
        transaction: &DatabaseTransaction,
        session: &Session,
        message: &Message,
    ) -> Result<(), RepositoryError> {
        insert_messages(transaction, &*self.index, session, slice::from_ref(message), &BTreeMap::new()).await
    }

    pub(crate) async fn read_message(
        &self,
        store: &StoreId,
        id: MessageId,
    ) -> Result<Option<Message>, RepositoryError> {
        let found = of_store(Entity::find_by_id(id.as_uuid()), store)
            .one(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        found.map(Message::try_from).transpose()
    }

    pub(crate) async fn read_stats(
        &self,
        store: &StoreId,
        session: SessionId,
    ) -> Result<SessionStats, RepositoryError> {
        let figures: Option<(i64, Option<i64>, i64, Option<i64>)> =
            of_store(Entity::find().filter(Column::SessionId.eq(session.as_uuid())), store)
                .select_only()
                .column_as(Column::Id.count(), "messages")
                .column_as(of_answers(Column::TotalTokens), "tokens")
                .column_as(Column::ResponseTimeMs.count(), "timed")
                .column_as(of_answers(Column::ResponseTimeMs), "time")
                .into_tuple()
                .one(&self.pools.reader)
                .await
                .map_err(repository_error)?;
        let Some((messages, tokens, timed, time)) = figures else { return Ok(SessionStats::default()) };
        Ok(SessionStats {
            messages: count("messages", messages)?,
            total_tokens: count("total_tokens", tokens.unwrap_or(0))?,
            timed_answers: count("timed_answers", timed)?,
            response_ms: count("response_ms", time.unwrap_or(0))?,
        })
    }

    pub(crate) async fn read_messages(
        &self,
        store: &StoreId,
        session: SessionId,
        range: MessageRange,
        limit: PageLimit,
    ) -> Result<Page<Message, u64>, RepositoryError> {
        let query = of_store(Entity::find().filter(Column::SessionId.eq(session.as_uuid())), store);
        let number = |sequence: u64| i64::try_from(sequence).unwrap_or(i64::MAX);
        let (query, forward) = match range {
            MessageRange::Latest => (query, false),
            MessageRange::Before(end) => (query.filter(Column::SequenceNumber.lt(number(end))), false),
            MessageRange::After(start) => (query.filter(Column::SequenceNumber.gt(number(start))), true),
        };
        let ordered = if forward {
            query.order_by_asc(Column::SequenceNumber)
        } else {
            query.order_by_desc(Column::SequenceNumber)
        };
        let rows = ordered.limit(limit.overfetch()).all(&self.pools.reader).await.map_err(repository_error)?;
        let messages = rows.into_iter().map(Message::try_from).collect::<Result<_, _>>()?;
        let mut page = Page::from_overfetch(messages, limit, |message: &Message| message.sequence);
        if !forward {
            page.items.reverse();
        }
        Ok(page)
    }
}
