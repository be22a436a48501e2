//! Every key that is used in Redis, in one place.

use kernel::{SessionId, StoreId, TurnId, UserId};
use uuid::fmt::Hyphenated;

/// Names keys; all begin with the same prefix, so that several installations can share a server.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    prefix: String,
}

impl Keys {
    pub(crate) fn new(prefix: String) -> Self {
        Self { prefix }
    }

    /// What is remembered was written since this changed last.
    pub(crate) fn epoch(&self) -> String {
        format!("{}epoch", self.prefix)
    }

    /// A session: a hash.
    pub(crate) fn session(&self, id: SessionId) -> String {
        // Asked for with every look-up: without the formatter's detours.
        let mut text = [0; Hyphenated::LENGTH];
        let id = id.as_uuid().hyphenated().encode_lower(&mut text);
        [&self.prefix, "session:", id].concat()
    }

    /// What was said last in a session: a list of messages, the newest last.
    pub(crate) fn chat(&self, id: SessionId) -> String {
        format!("{}chat:{id}", self.prefix)
    }

    /// What a store remembers of a user: a hash.
    pub(crate) fn context(&self, store: &StoreId, user: &UserId) -> String {
        self.of_user("context", store, user)
    }

    /// The turns of a user of a store that are being answered: a sorted set, by when their leases are over.
    pub(crate) fn live_of_user(&self, store: &StoreId, user: &UserId) -> String {
        self.of_user("live:user", store, user)
    }

    /// A name may hold a colon, which would make two keys one.
    fn of_user(&self, what: &str, store: &StoreId, user: &UserId) -> String {
        let escaped = |name: &str| name.replace('%', "%25").replace(':', "%3A");
        format!("{}{what}:{}:{}", self.prefix, escaped(store.as_str()), escaped(user.as_str()))
    }

    /// The turns of a store that are being answered: a sorted set, by when their leases are over.
    pub(crate) fn live_of_store(&self, store: &StoreId) -> String {
        format!("{}live:store:{}", self.prefix, store.as_str())
    }

    /// The events of a turn: a stream. Also the channel on which its readers are told of news.
    pub(crate) fn stream(&self, turn: TurnId) -> String {
        format!("{}stream:{turn}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_users_share_a_key() {
        let keys = Keys::new("iyagi:".into());
        for (kind, key) in [("context", Keys::context as fn(&Keys, &_, &_) -> _), ("live:user", Keys::live_of_user)] {
            let key = |store: &str, user: &str| key(&keys, &StoreId::new(store).unwrap(), &UserId::new(user).unwrap());
            assert_eq!(key("demo", "kim"), format!("iyagi:{kind}:demo:kim"));
            assert_ne!(key("a:b", "c"), key("a", "b:c"));
            assert_ne!(key("a%3Ab", "c"), key("a:b", "c"));
        }
    }
}
