use std::time::Duration;

use async_trait::async_trait;
use kernel::{RepositoryError, StoreId, TurnId, UserId};

/// A turn that is being answered, and for whom it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveStream {
    /// The turn.
    pub turn: TurnId,
    /// The store it is asked of.
    pub store: StoreId,
    /// Who asked there.
    pub user: UserId,
}

/// How many turns may be answered at once. Zero: as many as are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamLimits {
    /// Of one user of a store.
    pub per_user: u32,
    /// Of a store.
    pub per_store: u32,
}

/// One of the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamLimit {
    /// Of one user of a store.
    PerUser,
    /// Of a store.
    PerStore,
}

impl StreamLimits {
    /// Whether nothing is limited: then nothing need be counted.
    pub const fn is_unlimited(self) -> bool {
        self.per_user == 0 && self.per_store == 0
    }

    /// What one of them allows.
    pub const fn of(self, limit: StreamLimit) -> u32 {
        match limit {
            StreamLimit::PerUser => self.per_user,
            StreamLimit::PerStore => self.per_store,
        }
    }
}

/// What came of asking for a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotTaking {
    /// It is the turn's, for as long as its lease.
    Taken,
    /// As many as this limit allows are taken; nothing was changed.
    Full(StreamLimit),
}

/// Counts the turns that are being answered, in all processes that share the storage, and keeps them within limits.
///
/// Contract: taking is one step. However many ask at once, never more are taken than a limit allows. A turn that takes
/// a slot twice has one. A slot is free again when it is released, or when its lease is over and it was not held: so
/// a process that dies keeps nobody out for longer. A lease is a time from now on, by the clock of whoever counts: the
/// clocks of the processes need not agree. Whose turns are not to be limited need not take slots, but those that
/// are taken count for others whose are.
#[async_trait]
pub trait StreamSlots: Send + Sync {
    /// Takes a slot for a turn, or begins its lease anew when it has one.
    ///
    /// # Errors
    /// When it cannot be told how many are taken; a slot may have been taken then.
    async fn take(
        &self,
        stream: &LiveStream,
        limits: StreamLimits,
        lease: Duration,
    ) -> Result<SlotTaking, RepositoryError>;

    /// Begins the lease of a turn's slot anew. A turn whose slot is gone gets it again whatever the limits: it is being
    /// answered.
    ///
    /// # Errors
    /// When it cannot be said; the slot may be free when its lease is over.
    async fn hold(&self, stream: &LiveStream, lease: Duration) -> Result<(), RepositoryError>;

    /// Gives a turn's slot back, if it has one.
    ///
    /// # Errors
    /// When it cannot be said; the slot is free when its lease is over.
    async fn release(&self, stream: &LiveStream) -> Result<(), RepositoryError>;
}
