use kernel::{RepositoryError, StoreId};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use session_import::{Import, ImportId};

use super::{name_of, named};
use crate::time::Ts;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "imports")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub origin: String,
    pub namespace: String,
    pub store_id: String,
    pub state: String,
    pub backup: Option<String>,
    pub report: Json,
    pub started_at: Ts,
    pub finished_at: Option<Ts>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Import {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        Ok(Self {
            id: ImportId::from_uuid(row.id),
            kind: named("kind", &row.kind)?,
            origin: row.origin,
            namespace: row.namespace,
            store: StoreId::new(row.store_id).map_err(|e| RepositoryError::Corrupt(e.to_string()))?,
            state: named("state", &row.state)?,
            backup: row.backup,
            report: row.report,
            started_at: row.started_at.into(),
            finished_at: row.finished_at.map(Into::into),
        })
    }
}

/// A whole row.
pub(crate) fn row(import: &Import) -> Result<ActiveModel, RepositoryError> {
    Ok(ActiveModel {
        id: Set(import.id.as_uuid()),
        kind: Set(name_of(&import.kind)?),
        origin: Set(import.origin.clone()),
        namespace: Set(import.namespace.clone()),
        store_id: Set(import.store.as_str().to_owned()),
        state: Set(name_of(&import.state)?),
        backup: Set(import.backup.clone()),
        report: Set(import.report.clone()),
        started_at: Set(import.started_at.into()),
        finished_at: Set(import.finished_at.map(Into::into)),
    })
}
