//! The store of users' contexts, with a cache before it.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::{RepositoryError, StoreId, Timestamp, UserId};

use crate::model::{UserContext, UserContextChange};
use crate::ports::{CacheTicket, RecalledContext, UserContextCache, UserContextStore};

/// Users' contexts of a storage, found in a cache where it knows them. Every write goes through it.
#[derive(Clone)]
pub struct CachedContexts {
    contexts: Arc<dyn UserContextStore>,
    cache: Arc<dyn UserContextCache>,
}

impl CachedContexts {
    /// A cache before a storage.
    pub fn new(contexts: Arc<dyn UserContextStore>, cache: Arc<dyn UserContextCache>) -> Self {
        Self { contexts, cache }
    }

    /// Says what came of a write. One that failed may have been made, or be made yet: then the context stays unknown
    /// until the write is surely over.
    async fn wrote<T>(
        &self,
        (store, user): (&StoreId, &UserId),
        ticket: CacheTicket,
        outcome: &Result<T, RepositoryError>,
    ) {
        match outcome {
            // When it was refused, what is remembered may be why.
            Ok(_) | Err(RepositoryError::Stale | RepositoryError::Conflict) => {
                self.cache.wrote_context(store, user, ticket).await;
            }
            Err(_) => {}
        }
    }
}

#[async_trait]
impl UserContextStore for CachedContexts {
    async fn find(&self, store: &StoreId, user: &UserId) -> Result<Option<UserContext>, RepositoryError> {
        let ticket = match self.cache.recall_context(store, user).await {
            RecalledContext::Known(context) => return Ok(context.map(|context| *context)),
            RecalledContext::Missing(ticket) => ticket,
        };
        let found = self.contexts.find(store, user).await?;
        if let Some(ticket) = ticket {
            self.cache.keep_context(store, user, &ticket, found.as_ref()).await;
        }
        Ok(found)
    }

    async fn put(&self, change: &UserContextChange, at: Timestamp) -> Result<UserContext, RepositoryError> {
        let whose = (&change.store, &change.user);
        let ticket = self.cache.writing_context(whose.0, whose.1).await;
        let outcome = self.contexts.put(change, at).await;
        self.wrote(whose, ticket, &outcome).await;
        outcome
    }

    async fn remove(&self, store: &StoreId, user: &UserId) -> Result<bool, RepositoryError> {
        let ticket = self.cache.writing_context(store, user).await;
        let outcome = self.contexts.remove(store, user).await;
        self.wrote((store, user), ticket, &outcome).await;
        outcome
    }
}
