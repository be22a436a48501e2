use async_trait::async_trait;
use kernel::{RepositoryError, SessionId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use session_import::ports::ImportLedger;
use session_import::{Entry, Import, ImportId, ImportState, SourceKind};

use super::SeaImports;
use crate::entity::import::{Column, Entity, row};
use crate::entity::{import_session, name_of};
use crate::error::repository_error;

#[async_trait]
impl ImportLedger for SeaImports {
    async fn save(&self, import: &Import) -> Result<(), RepositoryError> {
        let replace = OnConflict::column(Column::Id)
            .update_columns([Column::State, Column::Backup, Column::Report, Column::FinishedAt])
            .to_owned();
        let insert = Entity::insert(row(import)?).on_conflict(replace);
        insert.exec_without_returning(&self.pools.writer).await.map_err(repository_error)?;
        Ok(())
    }

    async fn find(&self, id: ImportId) -> Result<Option<Import>, RepositoryError> {
        let found = Entity::find_by_id(id.as_uuid()).one(&self.pools.reader).await.map_err(repository_error)?;
        found.map(Import::try_from).transpose()
    }

    async fn unfinished(&self, kind: SourceKind, origin: &str) -> Result<Option<Import>, RepositoryError> {
        let found = Entity::find()
            .filter(Column::State.eq(name_of(&ImportState::Running)?))
            .filter(Column::Kind.eq(kind.name()))
            .filter(Column::Origin.eq(origin))
            .order_by_desc(Column::StartedAt)
            .one(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        found.map(Import::try_from).transpose()
    }

    async fn list(&self) -> Result<Vec<Import>, RepositoryError> {
        let query = Entity::find().order_by_desc(Column::StartedAt).order_by_desc(Column::Id);
        let rows = query.all(&self.pools.reader).await.map_err(repository_error)?;
        rows.into_iter().map(Import::try_from).collect()
    }

    async fn entries(
        &self,
        import: ImportId,
        after: Option<SessionId>,
        limit: u64,
    ) -> Result<Vec<Entry>, RepositoryError> {
        let mut query = import_session::Entity::find().filter(import_session::Column::ImportId.eq(import.as_uuid()));
        if let Some(after) = after {
            query = query.filter(import_session::Column::SessionId.gt(after.as_uuid()));
        }
        let rows = query
            .order_by_asc(import_session::Column::SessionId)
            .limit(limit)
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        rows.into_iter().map(Entry::try_from).collect()
    }
}
