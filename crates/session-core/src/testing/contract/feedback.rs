//! The contract of [`FeedbackRepository`](crate::ports::FeedbackRepository).

use kernel::{StoreId, UserId};

use super::Storage;
use super::turns::exchange;
use crate::model::{Feedback, Verdict};
use crate::testing::samples::{at, message_id, session, store};

fn given(user: Option<&str>, verdict: Verdict) -> Feedback {
    Feedback {
        message: message_id(3),
        user: user.map(|user| UserId::new(user).unwrap()),
        verdict,
        comment: Some("도움이 됐어요 👍".into()),
        given_at: at(9),
    }
}

pub async fn feedback_is_kept_and_a_later_one_replaces_it(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    exchange(storage, 1, 1).await;
    for feedback in [given(Some("kim"), Verdict::Up), given(Some("lee"), Verdict::Rating(5)), given(None, Verdict::Up)]
    {
        assert!(storage.feedback.put(&store(), &feedback).await.unwrap());
    }
    let changed = Feedback { comment: None, given_at: at(12), ..given(Some("kim"), Verdict::Down) };
    assert!(storage.feedback.put(&store(), &changed).await.unwrap());
    let anonymous = Feedback { given_at: at(13), ..given(None, Verdict::Down) };
    assert!(storage.feedback.put(&store(), &anonymous).await.unwrap());
    let mut all = storage.feedback.of_messages(&store(), &[message_id(3), message_id(99)]).await.unwrap();
    all.sort_by_key(|feedback| feedback.user.clone());
    assert_eq!(all, [anonymous, changed, given(Some("lee"), Verdict::Rating(5))]);
    assert!(storage.feedback.of_messages(&store(), &[]).await.unwrap().is_empty());
}

pub async fn feedback_needs_a_message_of_that_store(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    exchange(storage, 1, 1).await;
    let other = StoreId::new("other").unwrap();
    assert!(!storage.feedback.put(&other, &given(None, Verdict::Up)).await.unwrap());
    let unknown = Feedback { message: message_id(77), ..given(None, Verdict::Up) };
    assert!(!storage.feedback.put(&store(), &unknown).await.unwrap());
    assert!(storage.feedback.put(&store(), &given(None, Verdict::Up)).await.unwrap());
    assert!(storage.feedback.of_messages(&other, &[message_id(3)]).await.unwrap().is_empty());
}
