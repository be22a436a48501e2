use std::sync::Arc;

use kernel::{Clock, RepositoryError, StoreId, UserId};

use crate::model::{InvalidUserContext, UserContext, UserContextChange};
use crate::ports::UserContextStore;

/// Why a user context cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum UserContextError {
    /// It breaks a limit.
    #[error("the user context is not acceptable")]
    Invalid(#[from] InvalidUserContext),
    /// It was made from another revision than there is. Read again, decide again.
    #[error("the user context was changed since revision {expected}")]
    Stale {
        /// The revision it was made from.
        expected: u64,
    },
    /// The storage failed.
    #[error("the storage of user contexts failed")]
    Repository(#[from] RepositoryError),
}

/// Reads, replaces and removes what stores remember of their users.
#[derive(Clone)]
pub struct UserContextService {
    contexts: Arc<dyn UserContextStore>,
    clock: Arc<dyn Clock>,
}

impl UserContextService {
    /// A service over its ports.
    pub fn new(contexts: Arc<dyn UserContextStore>, clock: Arc<dyn Clock>) -> Self {
        Self { contexts, clock }
    }

    /// The context of a user; an empty one of revision 0 when nothing is kept.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn get(&self, store: &StoreId, user: &UserId) -> Result<UserContext, UserContextError> {
        let found = self.contexts.find(store, user).await?;
        Ok(found.unwrap_or_else(|| UserContext::empty(store.clone(), user.clone())))
    }

    /// Replaces the whole context of a user, and gives what is kept now. A blank summary is none.
    ///
    /// # Errors
    /// [`UserContextError::Invalid`] when a limit is broken; [`UserContextError::Stale`], and nothing changed, when
    /// a revision is expected and it is another one; storage errors.
    pub async fn put(&self, change: UserContextChange) -> Result<UserContext, UserContextError> {
        let summary = change.summary.filter(|summary| !summary.trim().is_empty());
        let change = UserContextChange { summary, ..change };
        change.validate()?;
        match (self.contexts.put(&change, self.clock.now()).await, change.expected_revision) {
            (Err(RepositoryError::Stale), Some(expected)) => Err(UserContextError::Stale { expected }),
            (kept, _) => Ok(kept?),
        }
    }

    /// Removes the context of a user for good. `false` when nothing was kept.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn remove(&self, store: &StoreId, user: &UserId) -> Result<bool, UserContextError> {
        Ok(self.contexts.remove(store, user).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kernel::testing::ManualClock;

    use super::*;
    use crate::ports::MockUserContextStore;
    use crate::testing::MemorySessions;
    use crate::testing::samples::{at, store, user_context_change};

    fn service() -> (UserContextService, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new());
        (UserContextService::new(Arc::new(MemorySessions::default()), clock.clone()), clock)
    }

    #[tokio::test]
    async fn a_user_that_nothing_is_kept_of_has_an_empty_context_and_has_it_again_after_removal() {
        let (service, _) = service();
        let change = user_context_change("kim");
        let user = change.user.clone();
        let empty = UserContext::empty(store(), user.clone());
        assert_eq!(service.get(&store(), &user).await.unwrap(), empty);
        assert!(!service.remove(&store(), &user).await.unwrap());
        let kept = service.put(change).await.unwrap();
        assert_eq!(service.get(&store(), &user).await.unwrap(), kept);
        assert!(service.remove(&store(), &user).await.unwrap());
        assert_eq!(service.get(&store(), &user).await.unwrap(), empty);
    }

    #[tokio::test]
    async fn a_change_is_kept_with_its_time_and_a_blank_summary_is_none() {
        let (service, clock) = service();
        service.put(user_context_change("kim")).await.unwrap();
        clock.advance(Duration::from_secs(7));
        let blank = UserContextChange { summary: Some(" \n".into()), ..user_context_change("kim") };
        let kept = service.put(blank).await.unwrap();
        assert_eq!((kept.summary, kept.revision), (None, 2));
        assert_eq!((kept.created_at, kept.updated_at), (Some(at(0)), Some(at(7))));
    }

    #[tokio::test]
    async fn a_stale_change_is_refused_with_the_revision_it_was_made_from() {
        let (service, _) = service();
        service.put(user_context_change("kim")).await.unwrap();
        let stale = UserContextChange { expected_revision: Some(4), ..user_context_change("kim") };
        let refused = service.put(stale).await;
        assert!(matches!(refused, Err(UserContextError::Stale { expected: 4 })), "{refused:?}");
    }

    #[tokio::test]
    async fn what_breaks_a_limit_does_not_reach_the_storage() {
        // A mock that expects nothing fails when it is called.
        let service = UserContextService::new(Arc::new(MockUserContextStore::new()), Arc::new(ManualClock::new()));
        let long = UserContextChange { summary: Some("가".repeat(4_001)), ..user_context_change("kim") };
        let refused = service.put(long).await;
        assert!(
            matches!(refused, Err(UserContextError::Invalid(InvalidUserContext::SummaryTooLong { .. }))),
            "{refused:?}"
        );
    }
}
