//! Users' contexts, remembered for all instances.

use async_trait::async_trait;
use kernel::{StoreId, UserId};
use redis::{Pipeline, RedisResult};
use session_core::model::UserContext;
use session_core::ports::{CacheTicket, RecalledContext, UserContextCache};

use crate::link::Place;
use crate::scripts::Settling;
use crate::sessions::RedisCache;

/// In place of a context, where the store keeps none.
const NONE: &str = "*";

/// What the fields of an entry say: epoch, value, absence, writers; and the epoch that is.
type Fields = ((Option<String>, Option<String>, Option<String>, Option<u64>), Option<String>);

impl RedisCache {
    fn place_of(&self, store: &StoreId, user: &UserId) -> Place {
        let keys = self.link.keys();
        Place { entry: keys.context(store, user), list: String::new(), epoch: keys.epoch() }
    }

    async fn read_context(&self, place: &Place) -> Option<Result<Option<UserContext>, String>> {
        let read = self.link.read_on(async |connection| -> RedisResult<Result<Fields, String>> {
            let mut commands = Pipeline::new();
            commands.cmd("HMGET").arg(&place.entry).arg(&["e", "s", "n", "w"]);
            // Last: what was written in this epoch before it was asked for is good now.
            commands.cmd("GET").arg(&place.epoch);
            match commands.query_async::<Vec<redis::Value>>(connection).await {
                Ok(answers) => Ok(understood(answers)),
                Err(error) if error.code() == Some("WRONGTYPE") => Ok(Err("a key of another type".into())),
                Err(error) => Err(error),
            }
        });
        let ((epoch, value, absent, writers), current) = match read.await.ok()? {
            Ok(fields) => fields,
            Err(garbage) => return Some(Err(garbage)),
        };
        if current.is_none() || epoch != current || writers.unwrap_or(0) > 0 {
            return None;
        }
        match (value, absent) {
            (Some(value), _) => Some(serde_json::from_str(&value).map(Some).map_err(|error| error.to_string())),
            (None, Some(_)) => Some(Ok(None)),
            (None, None) => None,
        }
    }
}

fn understood(answers: Vec<redis::Value>) -> Result<Fields, String> {
    let mut answers = answers.into_iter();
    let mut next = || answers.next().unwrap_or(redis::Value::Nil);
    let fields = redis::from_redis_value(next()).map_err(|error| error.to_string())?;
    let epoch = redis::from_redis_value(next()).map_err(|error| error.to_string())?;
    Ok((fields, epoch))
}

#[async_trait]
impl UserContextCache for RedisCache {
    async fn recall_context(&self, store: &StoreId, user: &UserId) -> RecalledContext {
        let place = self.place_of(store, user);
        match self.read_context(&place).await {
            Some(Ok(context)) => return RecalledContext::Known(context.map(Box::new)),
            Some(Err(garbage)) => self.discard(&place, &garbage).await,
            None => {}
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

    async fn wrote_context(&self, store: &StoreId, user: &UserId, ticket: CacheTicket, changed: bool) {
        let (own, epoch) = ticket.parts();
        let what = if changed { "doubtful" } else { "unchanged" };
        // Before Redis is told: a link that is made just now marks no write that is over.
        self.link.is_over(own);
        self.settle(&self.place_of(store, user), &Settling { ticket: own, epoch, what, ..Settling::default() }).await;
    }
}
