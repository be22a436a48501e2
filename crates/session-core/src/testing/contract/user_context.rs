//! The contract of [`UserContextStore`](crate::ports::UserContextStore).

use std::sync::Arc;

use kernel::{RepositoryError, StoreId, UserId};
use serde_json::{Map, json};

use super::Storage;
use crate::model::{UserContext, UserContextChange};
use crate::testing::samples::{at, preferences, store, user_context_change};

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn other() -> StoreId {
    StoreId::new("other").unwrap()
}

async fn find(storage: &Storage, store: &StoreId, name: &str) -> Option<UserContext> {
    storage.contexts.find(store, &user(name)).await.unwrap()
}

async fn put(storage: &Storage, change: &UserContextChange, second: u64) -> UserContext {
    storage.contexts.put(change, at(second)).await.unwrap()
}

fn expecting(revision: u64) -> UserContextChange {
    UserContextChange { expected_revision: Some(revision), summary: None, ..user_context_change("kim") }
}

/// Puts that run at the same time; gives those that were acknowledged.
async fn at_once(storage: &Storage, changes: Vec<UserContextChange>) -> Vec<UserContext> {
    let put = |change: UserContextChange| {
        let contexts = Arc::clone(&storage.contexts);
        tokio::spawn(async move { contexts.put(&change, at(5)).await })
    };
    let running: Vec<_> = changes.into_iter().map(put).collect();
    let mut kept = Vec::new();
    for outcome in running {
        match outcome.await.unwrap() {
            Ok(context) => kept.push(context),
            Err(error) => assert!(matches!(error, RepositoryError::Stale), "{error:?}"),
        }
    }
    kept
}

pub async fn a_context_comes_back_as_it_was_written(storage: &Storage) {
    let change = user_context_change("kim");
    let kept = put(storage, &change, 3).await;
    assert_eq!(
        kept,
        UserContext {
            store: store(),
            user: user("kim"),
            preferences: change.preferences.clone(),
            summary: change.summary.clone(),
            revision: 1,
            created_at: Some(at(3)),
            updated_at: Some(at(3)),
        }
    );
    assert_eq!(find(storage, &store(), "kim").await, Some(kept));
    let bare = UserContextChange { preferences: Map::new(), summary: None, ..change };
    let kept = put(storage, &bare, 4).await;
    let empty = UserContext::empty(store(), user("kim"));
    assert_eq!(kept, UserContext { revision: 2, created_at: Some(at(3)), updated_at: Some(at(4)), ..empty });
    assert_eq!(find(storage, &store(), "kim").await, Some(kept));
}

pub async fn any_text_and_any_shape_of_json_comes_back_unchanged(storage: &Storage) {
    let name = "김 민지/+%?#😀'\"--";
    let change = UserContextChange {
        user: user(name),
        preferences: preferences(&json!({
            "말투": "존댓말\n\t\"따옴표\" \\ 'x' $1 ? 👩‍👩‍👧", "": null, "깊이": [[{"a": [true, 0, -1, 2.5, 9_007_199_254_740_993_i64]}], []],
        })),
        summary: Some(format!("제주도 배송을 물었다. 👍🏽\n\t{}", "가".repeat(3_900))),
        ..user_context_change("kim")
    };
    let kept = put(storage, &change, 1).await;
    assert_eq!((&kept.preferences, &kept.summary), (&change.preferences, &change.summary));
    assert_eq!(find(storage, &store(), name).await, Some(kept));
}

pub async fn a_user_that_nothing_was_written_of_is_unknown(storage: &Storage) {
    assert_eq!(find(storage, &store(), "kim").await, None);
    put(storage, &user_context_change("kim"), 1).await;
    for name in ["lee", "Kim", "kim ", "ki_", "%"] {
        assert_eq!(find(storage, &store(), name).await, None, "{name:?}");
    }
}

pub async fn stores_and_users_have_contexts_of_their_own(storage: &Storage) {
    put(storage, &user_context_change("kim"), 1).await;
    assert_eq!(find(storage, &other(), "kim").await, None);
    let elsewhere = UserContextChange { store: other(), ..expecting(0) };
    assert_eq!(put(storage, &elsewhere, 2).await.revision, 1);
    put(storage, &user_context_change("lee"), 3).await;
    put(storage, &user_context_change("lee"), 4).await;
    let revision = async |store: &StoreId, name: &str| find(storage, store, name).await.map(|context| context.revision);
    assert_eq!(revision(&store(), "kim").await, Some(1));
    assert_eq!(revision(&other(), "kim").await, Some(1));
    assert_eq!(revision(&store(), "lee").await, Some(2));
    assert!(!storage.contexts.remove(&other(), &user("lee")).await.unwrap());
    assert!(storage.contexts.remove(&other(), &user("kim")).await.unwrap());
    assert_eq!(revision(&store(), "kim").await, Some(1));
}

pub async fn a_change_made_from_another_revision_is_refused_and_changes_nothing(storage: &Storage) {
    let refused = async |revision: u64| {
        let outcome = storage.contexts.put(&expecting(revision), at(9)).await;
        assert!(matches!(outcome, Err(RepositoryError::Stale)), "{revision}: {outcome:?}");
    };
    refused(1).await;
    assert_eq!(find(storage, &store(), "kim").await, None);
    assert_eq!(put(storage, &expecting(0), 1).await.revision, 1);
    let kept = put(storage, &expecting(1), 2).await;
    assert_eq!((kept.revision, kept.created_at), (2, Some(at(1))));
    for revision in [0, 1, 3, u64::MAX] {
        refused(revision).await;
    }
    assert_eq!(find(storage, &store(), "kim").await, Some(kept));
}

pub async fn concurrent_changes_each_raise_the_revision_by_one(storage: &Storage) {
    let numbered = |number: u64| UserContextChange {
        preferences: preferences(&json!({ "number": number })),
        ..user_context_change("kim")
    };
    let mut kept = at_once(storage, (0..12).map(numbered).collect()).await;
    kept.sort_by_key(|context| context.revision);
    assert_eq!(kept.iter().map(|context| context.revision).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    assert_eq!(find(storage, &store(), "kim").await.as_ref(), kept.last());
}

pub async fn of_concurrent_changes_made_from_one_revision_one_is_kept(storage: &Storage) {
    for revision in 0..4 {
        let kept = at_once(storage, vec![expecting(revision); 8]).await;
        assert_eq!(kept.iter().map(|context| context.revision).collect::<Vec<_>>(), [revision + 1]);
    }
}

pub async fn what_is_removed_is_gone_and_begins_anew(storage: &Storage) {
    assert!(!storage.contexts.remove(&store(), &user("kim")).await.unwrap());
    put(storage, &user_context_change("kim"), 1).await;
    put(storage, &user_context_change("kim"), 2).await;
    assert!(storage.contexts.remove(&store(), &user("kim")).await.unwrap());
    assert!(!storage.contexts.remove(&store(), &user("kim")).await.unwrap());
    assert_eq!(find(storage, &store(), "kim").await, None);
    let late = storage.contexts.put(&expecting(2), at(3)).await;
    assert!(matches!(late, Err(RepositoryError::Stale)), "{late:?}");
    let again = put(storage, &user_context_change("kim"), 4).await;
    assert_eq!((again.revision, again.created_at), (1, Some(at(4))));
}
