use sea_orm::entity::prelude::*;

use crate::time::Ts;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_leases")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub job: String,
    pub owner: String,
    pub lease_until: Ts,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
