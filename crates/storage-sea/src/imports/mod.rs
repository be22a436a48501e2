//! Importing conversations: the target and its ledger.

mod ledger;
mod target;

use crate::pools::Pools;

/// Imports into tables, on either database.
#[derive(Clone, Debug)]
pub struct SeaImports {
    pub(crate) pools: Pools,
}

impl SeaImports {
    /// Imports into migrated databases.
    pub const fn new(pools: Pools) -> Self {
        Self { pools }
    }
}
