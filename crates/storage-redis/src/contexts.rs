//! Users' contexts, remembered for all instances.

use async_trait::async_trait;
use kernel::{StoreId, UserId};
use session_core::model::UserContext;
use session_core::ports::{CacheTicket, RecalledContext, UserContextCache};

use crate::cache::RedisCache;
use crate::link::Place;
use crate::scripts::{Outcome, Settling};

/// In place of a context, where the store keeps none.
const NONE: &str = "*";

impl RedisCache {
    fn place_of(&self, store: &StoreId, user: &UserId) -> Place {
        let keys = self.link.keys();
        Place { entry: keys.context(store, user), list: None, epoch: keys.epoch() }
    }
}

#[async_trait]
impl UserContextCache for RedisCache {
    async fn recall_context(&self, store: &StoreId, user: &UserId) -> RecalledContext {
        let place = self.place_of(store, user);
        if let Some(entry) = self.entry(&place, None).await {
            match (entry.value.as_deref().map(serde_json::from_str::<UserContext>), entry.absent) {
                (Some(Ok(context)), _) if (&context.store, &context.user) == (store, user) => {
                    return RecalledContext::Known(Some(Box::new(context)));
                }
                (Some(_), _) => self.discard(&place, "a context that cannot be read").await,
                (None, Some(_)) => return RecalledContext::Known(None),
                (None, None) => {}
            }
        }
        RecalledContext::Missing(self.reserve(&place).await)
    }

    async fn keep_context(&self, store: &StoreId, user: &UserId, ticket: &CacheTicket, found: Option<&UserContext>) {
        let place = self.place_of(store, user);
        let (field, value, lifetime) = match found.map(serde_json::to_string) {
            Some(Ok(value)) => ("s", value, self.lifetimes.context),
            Some(Err(_)) => return,
            None => ("n", NONE.to_owned(), self.lifetimes.absent),
        };
        let (revision, ttl) = (found.map_or(0, |found| found.revision), self.jittered(lifetime));
        let kept = self.link.run_on(async |connection| {
            let what = (field, value.as_str(), revision);
            self.link.scripts().fill(connection, &place, ticket.parts(), what, ttl).await
        });
        // What is not kept is read again.
        kept.await.ok();
    }

    async fn writing_context(&self, store: &StoreId, user: &UserId) -> CacheTicket {
        self.mark(&self.place_of(store, user)).await
    }

    async fn wrote_context(&self, store: &StoreId, user: &UserId, ticket: CacheTicket) {
        let (own, epoch) = ticket.parts();
        let settling = Settling { ticket: own, epoch, outcome: Outcome::Doubtful, ..Settling::default() };
        self.settle(&self.place_of(store, user), &settling).await;
    }
}
