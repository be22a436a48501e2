use async_trait::async_trait;
use kernel::{RepositoryError, StoreId, Timestamp, UserId};

use super::MemorySessions;
use crate::model::{UserContext, UserContextChange};
use crate::ports::UserContextStore;

#[async_trait]
impl UserContextStore for MemorySessions {
    async fn find(&self, store: &StoreId, user: &UserId) -> Result<Option<UserContext>, RepositoryError> {
        Ok(self.tables().user_contexts.get(&(store.clone(), user.clone())).cloned())
    }

    async fn put(&self, change: &UserContextChange, at: Timestamp) -> Result<UserContext, RepositoryError> {
        let key = (change.store.clone(), change.user.clone());
        let mut tables = self.tables();
        let kept = change.over(tables.user_contexts.get(&key), at).ok_or(RepositoryError::Stale)?;
        tables.user_contexts.insert(key, kept.clone());
        Ok(kept)
    }

    async fn remove(&self, store: &StoreId, user: &UserId) -> Result<bool, RepositoryError> {
        Ok(self.tables().user_contexts.remove(&(store.clone(), user.clone())).is_some())
    }
}
