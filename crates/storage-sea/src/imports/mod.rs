//! Importing conversations: the target and its ledger.

mod ledger;
mod target;

use std::sync::Arc;

use crate::pools::Pools;
use crate::search::MessageIndex;

/// Imports into tables, on either database.
#[derive(Clone)]
pub struct SeaImports {
    pub(crate) pools: Pools,
    pub(crate) index: Arc<dyn MessageIndex>,
}

impl SeaImports {
    /// Imports into migrated databases.
    pub const fn new(pools: Pools, index: Arc<dyn MessageIndex>) -> Self {
        Self { pools, index }
    }
}
