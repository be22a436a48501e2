//! Share links and their accesses in their tables.

use async_trait::async_trait;
use kernel::{PageLimit, RepositoryError, SessionId, StoreId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use session_core::model::{SessionState, ShareAccess, ShareLink, TokenHash};
use session_core::ports::{SessionRepository, ShareRepository};

use crate::entity::share_link::{Column, Entity, row};
use crate::entity::{session, share_access};
use crate::error::repository_error;
use crate::pools::SeaSessions;
use crate::time::Ts;

/// The link's own session, unless it is deleted.
fn shown_session() -> SelectStatement {
    Query::select()
        .column(session::Column::Id)
        .from(session::Entity)
        .and_where(Expr::col((session::Entity, session::Column::Id)).equals((Entity, Column::SessionId)))
        .and_where(session::Column::State.ne("deleted"))
        .to_owned()
}

#[async_trait]
impl ShareRepository for SeaSessions {
    async fn insert(&self, link: &ShareLink) -> Result<bool, RepositoryError> {
        let session = self.find(&link.store, link.session).await?;
        if session.is_none_or(|session| session.state == SessionState::Deleted) {
            return Ok(false);
        }
        let insert = Entity::insert(row(link));
        insert.exec_without_returning(&self.pools.writer).await.map_err(repository_error)?;
        Ok(true)
    }

    async fn open(&self, hash: &TokenHash, access: &ShareAccess) -> Result<Option<ShareLink>, RepositoryError> {
        // Read first, without the lock that writing takes: strangers who try tokens delay nobody.
        let found = Entity::find()
            .filter(Column::TokenHash.eq(hash.as_str()))
            .filter(Column::RevokedAt.is_null())
            .filter(Column::ExpiresAt.gt(Ts::from(access.at)))
            .filter(Expr::exists(shown_session()))
            .one(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        let Some(link) = found.map(ShareLink::try_from).transpose()? else { return Ok(None) };
        let insert = share_access::Entity::insert(share_access::row(link.id, access));
        insert.exec_without_returning(&self.pools.writer).await.map_err(repository_error)?;
        Ok(Some(link))
    }

    async fn revoke(&self, store: &StoreId, session: SessionId, at: Timestamp) -> Result<u64, RepositoryError> {
        let update = Entity::update_many()
            .col_expr(Column::RevokedAt, Expr::value(Ts::from(at)))
            .filter(Column::StoreId.eq(store.as_str()))
            .filter(Column::SessionId.eq(session.as_uuid()))
            .filter(Column::RevokedAt.is_null());
        Ok(update.exec(&self.pools.writer).await.map_err(repository_error)?.rows_affected)
    }

    async fn accesses(
        &self,
        store: &StoreId,
        session: SessionId,
        limit: PageLimit,
    ) -> Result<Vec<ShareAccess>, RepositoryError> {
        let links = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::StoreId.eq(store.as_str()))
            .and_where(Column::SessionId.eq(session.as_uuid()))
            .to_owned();
        let rows = share_access::Entity::find()
            .filter(share_access::Column::LinkId.in_subquery(links))
            .order_by_desc(share_access::Column::AccessedAt)
            .order_by_desc(share_access::Column::Seq)
            .limit(limit.get() as u64)
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        Ok(rows.into_iter().map(ShareAccess::from).collect())
    }
}
