use kernel::UserId;
use session_core::model::UserContextChange;
use session_core::ports::UserContextStore;
use session_core::testing::samples::{store, user_context_change};

use super::Watch;
use super::hot::{fresh, now};

/// Reads and writes what is remembered of users.
pub(super) async fn of_users(watch: &mut Watch, round: u64) {
    let storage = watch.sessions();
    let known = UserId::new(format!("user {}", 100 + round)).unwrap();
    assert!(watch.call("context of a user", storage.find(&store(), &known)).await.is_some());
    let new = UserContextChange {
        user: UserId::new(format!("user {}", fresh(round, 8))).unwrap(),
        expected_revision: Some(0),
        ..user_context_change("kim")
    };
    assert!(watch.call("context of nobody", storage.find(&store(), &new.user)).await.is_none());
    watch.call("first context", storage.put(&new, now())).await;
    let changed = UserContextChange { user: known, expected_revision: Some(1), ..user_context_change("kim") };
    watch.call("changed context", storage.put(&changed, now())).await;
    let replaced = UserContextChange { expected_revision: None, ..changed.clone() };
    assert_eq!(watch.call("replaced context", storage.put(&replaced, now())).await.revision, 3);
    assert!(watch.call("removed context", storage.remove(&store(), &changed.user)).await);
}
