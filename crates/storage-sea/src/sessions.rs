//! Sessions in their table.

use async_trait::async_trait;
use kernel::{Page, PageLimit, RepositoryError, SessionId, StoreId, Timestamp, UserId};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Order, Query, SelectStatement, SimpleExpr, UnionType};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use session_core::model::{Session, SessionState};
use session_core::ports::{SessionCursor, SessionFilter, SessionRepository};

use crate::entity::is;
use crate::entity::session::{Column, Entity, owned, row};
use crate::error::repository_error;
use crate::pools::SeaSessions;
use crate::time::Ts;

/// Active, and not past its time.
fn live_at(now: Timestamp) -> Condition {
    Condition::all().add(is(Column::State, "active")).add(Column::ExpiresAt.gt(Ts::from(now)))
}

/// What a column holds or `at`, whichever is later.
fn later(column: Column, at: Timestamp) -> SimpleExpr {
    let at = Ts::from(at);
    CaseStatement::new().case(Expr::col(column).lt(at), at).finally(Expr::col(column)).into()
}

/// What is asked for, as parts that an index gives in the list's order: each holds sessions of one stored state.
fn parts(state: Option<SessionState>, now: Timestamp) -> Vec<Condition> {
    let stored = |name| Condition::all().add(is(Column::State, name));
    match state {
        None => vec![stored("active"), stored("ended"), stored("expired")],
        Some(SessionState::Active) => vec![live_at(now)],
        Some(SessionState::Ended) => vec![stored("ended")],
        Some(SessionState::Expired) => {
            vec![stored("expired"), stored("active").add(Column::ExpiresAt.lte(Ts::from(now)))]
        }
        Some(SessionState::Deleted) => vec![stored("deleted")],
    }
}

/// A statement's rows to select from, under a name.
fn all_of(rows: SelectStatement) -> SelectStatement {
    Query::select().expr(Expr::cust("*")).from_subquery(rows, "part").to_owned()
}

/// The first rows of a list: the first ones of each of its parts, put in order again.
fn first_of(parts: impl Iterator<Item = SelectStatement>, limit: PageLimit) -> SelectStatement {
    let together = parts.map(all_of).reduce(|mut all, part| all.union(UnionType::All, part).to_owned());
    let mut first = all_of(together.unwrap_or_default());
    first.order_by(Column::LastActiveAt, Order::Desc).order_by(Column::Id, Order::Desc).limit(limit.overfetch());
    first
}

#[async_trait]
impl SessionRepository for SeaSessions {
    /// A storage knows nothing without looking.
    async fn is_at(&self, _: SessionId, _: u64) -> bool {
        false
    }

    async fn find(&self, store: &StoreId, id: SessionId) -> Result<Option<Session>, RepositoryError> {
        self.lookups.find(store, id).await
    }

    async fn store_of(&self, id: SessionId) -> Result<Option<StoreId>, RepositoryError> {
        let store: Option<String> = Entity::find_by_id(id.as_uuid())
            .select_only()
            .column(Column::StoreId)
            .into_tuple()
            .one(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        store.map(|store| StoreId::new(store).map_err(|error| RepositoryError::Corrupt(error.to_string()))).transpose()
    }

    async fn insert(&self, session: &Session) -> Result<(), RepositoryError> {
        let insert = Entity::insert(row(session)?);
        insert.exec_without_returning(&self.pools.writer).await.map_err(repository_error)?;
        Ok(())
    }

    async fn update(&self, session: &Session) -> Result<(), RepositoryError> {
        let updated = Entity::update_many()
            .set(owned(session)?)
            .col_expr(Column::Revision, Expr::col(Column::Revision).add(1))
            .filter(Column::Id.eq(session.id.as_uuid()))
            .filter(Column::StoreId.eq(session.store.as_str()))
            .filter(Column::Revision.eq(session.revision.cast_signed()))
            .exec(&self.pools.writer)
            .await
            .map_err(repository_error)?;
        if updated.rows_affected == 1 { Ok(()) } else { Err(RepositoryError::Stale) }
    }

    async fn touch(
        &self,
        store: &StoreId,
        user: Option<UserId>,
        id: SessionId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Option<Session>, RepositoryError> {
        let mut update = Entity::update_many()
            .col_expr(Column::RequestCount, Expr::col(Column::RequestCount).add(1))
            .col_expr(Column::LastActiveAt, later(Column::LastActiveAt, now))
            .col_expr(Column::ExpiresAt, later(Column::ExpiresAt, expires_at))
            .col_expr(Column::Revision, Expr::col(Column::Revision).add(1))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::StoreId.eq(store.as_str()))
            .filter(live_at(now));
        if let Some(user) = user {
            update = update.filter(Column::UserId.eq(user.as_str()));
        }
        let touched = update.exec_with_returning(&self.pools.writer).await.map_err(repository_error)?;
        touched.into_iter().next().map(Session::try_from).transpose()
    }

    async fn find_live(
        &self,
        store: &StoreId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Session>, RepositoryError> {
        let found = Entity::find()
            .filter(Column::StoreId.eq(store.as_str()))
            .filter(Column::UserId.eq(user.as_str()))
            .filter(live_at(now))
            .order_by_desc(Column::LastActiveAt)
            .order_by_desc(Column::Id)
            .one(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        found.map(Session::try_from).transpose()
    }

    async fn page(
        &self,
        filter: &SessionFilter,
        after: Option<SessionCursor>,
        limit: PageLimit,
    ) -> Result<Page<Session, SessionCursor>, RepositoryError> {
        let mut query = Entity::find().filter(Column::StoreId.eq(filter.store.as_str()));
        if let Some(user) = &filter.user {
            query = query.filter(Column::UserId.eq(user.as_str()));
        }
        if let Some(cursor) = after {
            let place = Expr::tuple([Expr::col(Column::LastActiveAt), Expr::col(Column::Id)]);
            query = query.filter(
                place.lt(Expr::tuple([Expr::val(Ts::from(cursor.last_active_at)), Expr::val(cursor.id.as_uuid())])),
            );
        }
        let query = query.order_by_desc(Column::LastActiveAt).order_by_desc(Column::Id).limit(limit.overfetch());
        let parts = parts(filter.state, filter.now).into_iter().map(|part| query.clone().filter(part).into_query());
        let statement = self.pools.reader.get_database_backend().build(&first_of(parts, limit));
        let rows = Entity::find().from_raw_sql(statement).all(&self.pools.reader).await.map_err(repository_error)?;
        let sessions = rows.into_iter().map(Session::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_overfetch(sessions, limit, |session| SessionCursor {
            last_active_at: session.last_active_at,
            id: session.id,
        }))
    }

    async fn count_active(&self, store: &StoreId, now: Timestamp) -> Result<u64, RepositoryError> {
        let active = Entity::find().filter(Column::StoreId.eq(store.as_str())).filter(live_at(now));
        active.count(&self.pools.reader).await.map_err(repository_error)
    }
}
