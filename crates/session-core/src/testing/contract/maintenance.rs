//! The contract of [`SessionMaintenance`](crate::ports::SessionMaintenance).

use super::Storage;
use super::turns::exchange;
use crate::model::{Session, SessionState};
use crate::ports::{MessageRange, Purged};
use crate::testing::samples::{at, numbered_session, session_id, store, turn_id};

pub async fn one_owner_leads_a_job_until_its_term_is_over(storage: &Storage) {
    let lead = async |job, owner, now, until| storage.maintenance.lead(job, owner, at(now), at(until)).await.unwrap();
    assert!(lead("expire", "a", 0, 10).await);
    assert!(!lead("expire", "b", 9, 19).await);
    assert!(lead("other", "b", 9, 19).await);
    assert!(lead("expire", "a", 9, 15).await);
    assert!(!lead("expire", "b", 14, 24).await);
    assert!(lead("expire", "b", 15, 25).await);
    assert!(!lead("expire", "a", 16, 26).await);
}

pub async fn sessions_expire_in_batches_and_only_when_their_time_is_over(storage: &Storage) {
    for number in 1..=3 {
        storage.sessions.insert(&Session { expires_at: at(10), ..numbered_session(number, "kim") }).await.unwrap();
    }
    storage.sessions.insert(&Session { expires_at: at(11), ..numbered_session(4, "kim") }).await.unwrap();
    let ended = Session { state: SessionState::Ended, expires_at: at(5), ..numbered_session(5, "kim") };
    storage.sessions.insert(&ended).await.unwrap();
    assert_eq!(storage.maintenance.expire(at(9), 2).await.unwrap(), 0);
    assert_eq!(storage.maintenance.expire(at(10), 2).await.unwrap(), 2);
    assert_eq!(storage.maintenance.expire(at(10), 2).await.unwrap(), 1);
    assert_eq!(storage.maintenance.expire(at(10), 2).await.unwrap(), 0);
    let stored = async |number| storage.sessions.find(&store(), session_id(number)).await.unwrap().unwrap();
    for number in 1..=3 {
        let session = stored(number).await;
        assert_eq!((session.state, session.revision), (SessionState::Expired, 1));
    }
    assert_eq!(stored(4).await.state, SessionState::Active);
    assert_eq!(stored(5).await.state, SessionState::Ended);
}

pub async fn deleted_sessions_are_removed_for_good_with_all_that_is_theirs(storage: &Storage) {
    for number in 1..=3 {
        storage.sessions.insert(&numbered_session(number, "kim")).await.unwrap();
        exchange(storage, number, number).await;
    }
    let delete = async |number, second| {
        let session = storage.sessions.find(&store(), session_id(number)).await.unwrap().unwrap();
        let deleted = Session { state: SessionState::Deleted, deleted_at: Some(at(second)), ..session };
        storage.sessions.update(&deleted).await.unwrap();
    };
    delete(1, 10).await;
    delete(2, 20).await;
    assert_eq!(storage.maintenance.purge(at(10), 100).await.unwrap(), Purged::default());
    let purged = storage.maintenance.purge(at(11), 100).await.unwrap();
    assert_eq!(purged, Purged { sessions: 1, messages: 2, more: false });
    assert_eq!(storage.sessions.find(&store(), session_id(1)).await.unwrap(), None);
    assert_eq!(storage.turns.find_turn(&store(), turn_id(1)).await.unwrap(), None);
    assert!(storage.sessions.find(&store(), session_id(2)).await.unwrap().is_some());
    let (latest, limit) = (MessageRange::Latest, kernel::PageLimit::DEFAULT);
    let kept = storage.turns.messages(&store(), session_id(3), latest, limit).await.unwrap();
    assert_eq!(kept.items.len(), 2);
}

pub async fn a_long_session_is_removed_in_several_batches(storage: &Storage) {
    storage.sessions.insert(&numbered_session(1, "kim")).await.unwrap();
    for number in 1..=5 {
        exchange(storage, 1, number).await;
    }
    let session = storage.sessions.find(&store(), session_id(1)).await.unwrap().unwrap();
    let deleted = Session { state: SessionState::Deleted, deleted_at: Some(at(1)), ..session };
    storage.sessions.update(&deleted).await.unwrap();
    let mut total = Purged::default();
    for _ in 0..20 {
        let purged = storage.maintenance.purge(at(2), 4).await.unwrap();
        assert!(purged.messages + purged.sessions <= 5, "{purged:?}");
        total.messages += purged.messages;
        total.sessions += purged.sessions;
        if !purged.more {
            break;
        }
    }
    assert_eq!((total.messages, total.sessions), (10, 1));
    assert_eq!(storage.sessions.find(&store(), session_id(1)).await.unwrap(), None);
}
