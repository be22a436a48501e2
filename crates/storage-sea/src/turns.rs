//! Opening and closing turns, each in one transaction.

use async_trait::async_trait;
use kernel::{MessageId, Page, PageLimit, RepositoryError, SessionId, StoreId, Timestamp, TurnId};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, Query, UnionType};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};
use session_core::model::{
    ClosedTurn, Lease, Message, NewTurn, OpenedTurn, Session, SessionStats, Turn, TurnClosing, TurnOpening, TurnState,
};
use session_core::ports::{MessageRange, TurnRepository};

use crate::entity::turn::{Column, Entity};
use crate::entity::{is, name_of, session, turn};
use crate::error::repository_error;
use crate::pools::SeaSessions;
use crate::time::Ts;

#[async_trait]
impl TurnRepository for SeaSessions {
    async fn open_turn(&self, new: &NewTurn) -> Result<TurnOpening, RepositoryError> {
        if let Some(opened) = self.open_in_one_trip(new).await? {
            return Ok(TurnOpening::Opened(Box::new(opened)));
        }
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let session = locked_session(&transaction, &new.store, new.session).await?;
        let turns = contenders(&transaction, new).await?;
        let same_request = turns
            .iter()
            .find(|turn| turn.client_message_id.is_some() && turn.client_message_id == new.client_message_id);
        let open = turns.iter().find(|turn| turn.state == TurnState::Open);
        if let Some(obstacle) = new.obstacle(session.as_ref(), same_request, open) {
            return Ok(obstacle);
        }
        let Some(mut session) = session else { return Ok(TurnOpening::SessionMissing) };
        if let Some(dead) = open {
            interrupt(&transaction, Column::Id.eq(dead.id.as_uuid()), new.opened_at).await?;
        }
        session.take_question(new);
        let opened = OpenedTurn { turn: new.turn(), question: new.message(session.last_sequence), session };
        save_session(&transaction, &opened.session).await?;
        let insert = Entity::insert(turn::row(&opened.turn)?);
        insert.exec_without_returning(&transaction).await.map_err(repository_error)?;
        if new.again.is_none() {
            self.insert_message(&transaction, &opened.session, &opened.question).await?;
        }
        transaction.commit().await.map_err(repository_error)?;
        Ok(TurnOpening::Opened(Box::new(opened)))
    }

    async fn close_turn(&self, closed: &ClosedTurn) -> Result<TurnClosing, RepositoryError> {
        if let Some(closing) = self.close_in_one_trip(closed).await? {
            return Ok(closing);
        }
        // The session first and then its turn, as opening does: no two transactions wait for each other.
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let Some(mut session) = locked_session(&transaction, &closed.store, closed.session).await? else {
            return Ok(TurnClosing::Missing);
        };
        let found = Entity::find_by_id(closed.turn.as_uuid())
            .filter(Column::StoreId.eq(closed.store.as_str()))
            .lock_exclusive()
            .one(&transaction)
            .await
            .map_err(repository_error)?;
        let Some(turn) = found.map(Turn::try_from).transpose()? else { return Ok(TurnClosing::Missing) };
        if turn.session != closed.session {
            return Ok(TurnClosing::Missing);
        }
        if !turn.takes(closed) {
            return Ok(TurnClosing::AlreadyClosed(turn));
        }
        let mut answer = None;
        if let Some(said) = &closed.answer {
            session.take_answer(said, closed.closed_at);
            let message = said.message(&turn, session.last_sequence, closed.closed_at);
            save_session(&transaction, &session).await?;
            self.insert_message(&transaction, &session, &message).await?;
            answer = Some(Box::new(message));
        }
        let row = turn::ActiveModel {
            state: Set(name_of(&closed.state)?),
            answer_id: Set(answer.as_ref().map(|message| message.id.as_uuid())),
            closed_at: Set(Some(closed.closed_at.into())),
            ..Default::default()
        };
        let update = Entity::update_many().set(row).filter(Column::Id.eq(turn.id.as_uuid()));
        update.exec(&transaction).await.map_err(repository_error)?;
        transaction.commit().await.map_err(repository_error)?;
        Ok(TurnClosing::Closed { answer, session: Box::new(session) })
    }

    async fn find_turn(&self, store: &StoreId, id: TurnId) -> Result<Option<Turn>, RepositoryError> {
        let found = Entity::find_by_id(id.as_uuid())
            .filter(Column::StoreId.eq(store.as_str()))
            .one(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        found.map(Turn::try_from).transpose()
    }

    async fn find_request(
        &self,
        store: &StoreId,
        session: SessionId,
        client_message_id: &str,
    ) -> Result<Option<Turn>, RepositoryError> {
        let found = Entity::find()
            .filter(Column::SessionId.eq(session.as_uuid()))
            .filter(Column::ClientMessageId.eq(client_message_id))
            .filter(Column::StoreId.eq(store.as_str()))
            .one(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        found.map(Turn::try_from).transpose()
    }

    async fn find_open(&self, store: &StoreId, session: SessionId) -> Result<Option<Turn>, RepositoryError> {
        let found = Entity::find()
            .filter(Column::SessionId.eq(session.as_uuid()))
            .filter(Column::StoreId.eq(store.as_str()))
            .filter(is(Column::State, "open"))
            .one(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        found.map(Turn::try_from).transpose()
    }

    async fn find_message(&self, store: &StoreId, id: MessageId) -> Result<Option<Message>, RepositoryError> {
        self.read_message(store, id).await
    }

    async fn messages(
        &self,
        store: &StoreId,
        session: SessionId,
        range: MessageRange,
        limit: PageLimit,
    ) -> Result<Page<Message, u64>, RepositoryError> {
        self.read_messages(store, session, range, limit).await
    }

    async fn renew_lease(&self, store: &StoreId, id: TurnId, lease_until: Timestamp) -> Result<Lease, RepositoryError> {
        let until = Ts::from(lease_until);
        let update = Entity::update_many()
            .col_expr(Column::LeaseUntil, Expr::value(until))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::StoreId.eq(store.as_str()))
            .filter(is(Column::State, "open"));
        let renewed = update.exec_with_returning(&self.pools.writer).await.map_err(repository_error)?;
        Ok(match renewed.first() {
            Some(turn) if turn.cancel_requested_at.is_some() => Lease::CancelRequested,
            Some(_) => Lease::Held,
            None => Lease::Lost,
        })
    }

    async fn request_cancel(
        &self,
        store: &StoreId,
        id: TurnId,
        at: Timestamp,
    ) -> Result<Option<Turn>, RepositoryError> {
        let update = Entity::update_many()
            .col_expr(Column::CancelRequestedAt, Expr::value(Ts::from(at)))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::StoreId.eq(store.as_str()))
            .filter(is(Column::State, "open"))
            .filter(Column::CancelRequestedAt.is_null());
        let asked = update.exec_with_returning(&self.pools.writer).await.map_err(repository_error)?;
        match asked.into_iter().next() {
            Some(turn) => Turn::try_from(turn).map(Some),
            None => self.find_turn(store, id).await,
        }
    }

    async fn stats(&self, store: &StoreId, session: SessionId) -> Result<SessionStats, RepositoryError> {
        self.read_stats(store, session).await
    }

    async fn interrupt_stale(&self, now: Timestamp) -> Result<u64, RepositoryError> {
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let count = interrupt(&transaction, Column::LeaseUntil.lte(Ts::from(now)), now).await?;
        transaction.commit().await.map_err(repository_error)?;
        Ok(count)
    }
}

/// The session, locked until the transaction ends. (SQLite's writing transactions lock the whole database.)
async fn locked_session(
    transaction: &DatabaseTransaction,
    store: &StoreId,
    id: SessionId,
) -> Result<Option<Session>, RepositoryError> {
    let found = session::Entity::find_by_id(id.as_uuid())
        .filter(session::Column::StoreId.eq(store.as_str()))
        .lock_exclusive()
        .one(transaction)
        .await
        .map_err(repository_error)?;
    found.map(Session::try_from).transpose()
}

/// The session's open turn and the one that holds the same client message id, if there are.
async fn contenders(transaction: &DatabaseTransaction, new: &NewTurn) -> Result<Vec<Turn>, RepositoryError> {
    let of_session = |which: Expr| {
        let session = Column::SessionId.eq(new.session.as_uuid());
        Query::select().column(Column::Id).from(Entity).and_where(session).and_where(which).to_owned()
    };
    // Each from its own index: with one "or" in their place, all turns of the session are read.
    let mut ids = of_session(is(Column::State, "open"));
    if let Some(key) = &new.client_message_id {
        ids.union(UnionType::All, of_session(Column::ClientMessageId.eq(key.as_str())));
    }
    let rows = Entity::find().filter(Column::Id.in_subquery(ids)).all(transaction).await.map_err(repository_error)?;
    rows.into_iter().map(Turn::try_from).collect()
}

/// Closes open turns as interrupted.
async fn interrupt(transaction: &DatabaseTransaction, which: Expr, now: Timestamp) -> Result<u64, RepositoryError> {
    let row = turn::ActiveModel {
        state: Set(name_of(&TurnState::Interrupted)?),
        closed_at: Set(Some(now.into())),
        ..Default::default()
    };
    let update = Entity::update_many().set(row).filter(is(Column::State, "open")).filter(which);
    Ok(update.exec(transaction).await.map_err(repository_error)?.rows_affected)
}

/// Writes everything of a session whose row this transaction holds.
async fn save_session(transaction: &DatabaseTransaction, session: &Session) -> Result<(), RepositoryError> {
    // SQLite takes a key that is set, even to what it was, for one that changes, and looks through every row
    // that refers to it.
    let row = session::ActiveModel { id: NotSet, ..session::row(session)? };
    let update = session::Entity::update_many().set(row).filter(session::Column::Id.eq(session.id.as_uuid()));
    update.exec(transaction).await.map_err(repository_error)?;
    Ok(())
}
