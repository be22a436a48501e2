//! The contract of [`ShareRepository`](crate::ports::ShareRepository).

use std::sync::Arc;

use kernel::{PageLimit, RepositoryError, StoreId};

use super::Storage;
use crate::model::{Session, SessionState, ShareAccess, ShareLink, ShareToken, TokenHash};
use crate::testing::samples::{at, numbered_session, session, session_id, share_link, store};

fn hash(number: u8) -> TokenHash {
    ShareToken::of([number; 32]).hash()
}

fn access(second: u64) -> ShareAccess {
    ShareAccess { at: at(second), request_id: format!("request-{second}") }
}

async fn open(storage: &Storage, number: u8, second: u64) -> Option<ShareLink> {
    storage.shares.open(&hash(number), &access(second)).await.unwrap()
}

async fn accesses(storage: &Storage, store: &StoreId, session: u64, limit: usize) -> Vec<ShareAccess> {
    storage.shares.accesses(store, session_id(session), PageLimit::new(limit).unwrap()).await.unwrap()
}

async fn shared(storage: &Storage, session: u64, number: u8) {
    assert!(storage.shares.insert(&share_link(session, number)).await.unwrap());
}

async fn delete(storage: &Storage, number: u64, second: u64) {
    let session = storage.sessions.find(&store(), session_id(number)).await.unwrap().unwrap();
    let deleted = Session { state: SessionState::Deleted, deleted_at: Some(at(second)), ..session };
    storage.sessions.update(&deleted).await.unwrap();
}

pub async fn a_link_is_found_by_its_hash_while_it_is_live(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    shared(storage, 1, 1).await;
    assert_eq!(open(storage, 1, 99).await, Some(share_link(1, 1)));
    assert_eq!(open(storage, 1, 100).await, None);
    assert_eq!(open(storage, 2, 1).await, None);
}

pub async fn an_equal_hash_conflicts(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    shared(storage, 1, 1).await;
    let equal = ShareLink { token_hash: hash(1), ..share_link(1, 2) };
    let refused = storage.shares.insert(&equal).await;
    assert!(matches!(refused, Err(RepositoryError::Conflict)), "{refused:?}");
}

pub async fn a_link_needs_a_session_of_that_store_that_is_not_deleted(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    storage.sessions.insert(&Session { state: SessionState::Deleted, ..numbered_session(2, "kim") }).await.unwrap();
    storage.sessions.insert(&Session { state: SessionState::Ended, ..numbered_session(3, "kim") }).await.unwrap();
    let foreign = ShareLink { store: StoreId::new("other").unwrap(), ..share_link(1, 1) };
    assert!(!storage.shares.insert(&foreign).await.unwrap());
    assert!(!storage.shares.insert(&share_link(2, 1)).await.unwrap());
    assert!(!storage.shares.insert(&share_link(9, 1)).await.unwrap());
    assert_eq!(open(storage, 1, 1).await, None);
    shared(storage, 3, 1).await;
    assert!(open(storage, 1, 1).await.is_some());
}

pub async fn a_deleted_session_is_not_shown(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    shared(storage, 1, 1).await;
    delete(storage, 1, 5).await;
    assert_eq!(open(storage, 1, 6).await, None);
    assert!(accesses(storage, &store(), 1, 10).await.is_empty());
}

pub async fn revoking_takes_back_the_links_of_that_session_only(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    storage.sessions.insert(&numbered_session(2, "kim")).await.unwrap();
    for (session, number) in [(1, 1), (1, 2), (2, 3)] {
        shared(storage, session, number).await;
    }
    let revoke = async |store: &StoreId| storage.shares.revoke(store, session_id(1), at(5)).await.unwrap();
    assert_eq!(revoke(&StoreId::new("other").unwrap()).await, 0);
    assert!(open(storage, 1, 6).await.is_some());
    assert_eq!(revoke(&store()).await, 2);
    assert_eq!(revoke(&store()).await, 0);
    assert_eq!((open(storage, 1, 6).await, open(storage, 2, 6).await), (None, None));
    assert!(open(storage, 3, 6).await.is_some());
}

pub async fn every_access_is_kept_and_read_the_last_one_first(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    storage.sessions.insert(&numbered_session(2, "kim")).await.unwrap();
    for (session, number) in [(1, 1), (1, 2), (2, 3)] {
        shared(storage, session, number).await;
    }
    for (number, second) in [(1, 3), (2, 4), (3, 5), (1, 6), (1, 100)] {
        open(storage, number, second).await;
    }
    assert_eq!(accesses(storage, &store(), 1, 10).await, [access(6), access(4), access(3)]);
    assert_eq!(accesses(storage, &store(), 1, 2).await, [access(6), access(4)]);
    assert!(accesses(storage, &StoreId::new("other").unwrap(), 1, 10).await.is_empty());
    let readings: Vec<_> = (0..8)
        .map(|_| {
            let shares = Arc::clone(&storage.shares);
            tokio::spawn(async move { shares.open(&hash(3), &access(7)).await.unwrap().is_some() })
        })
        .collect();
    for reading in readings {
        assert!(reading.await.unwrap());
    }
    assert_eq!(accesses(storage, &store(), 2, 20).await.len(), 9);
}

pub async fn removing_a_session_for_good_removes_its_links(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    storage.sessions.insert(&numbered_session(2, "kim")).await.unwrap();
    shared(storage, 1, 1).await;
    shared(storage, 2, 2).await;
    open(storage, 1, 3).await;
    delete(storage, 1, 5).await;
    assert_eq!(storage.maintenance.purge(at(6), 100).await.unwrap().sessions, 1);
    assert_eq!(open(storage, 1, 7).await, None);
    assert!(open(storage, 2, 7).await.is_some());
    // The id and the hash are free again: nothing of the link is left.
    storage.sessions.insert(&session("kim")).await.unwrap();
    shared(storage, 1, 1).await;
    assert!(accesses(storage, &store(), 1, 10).await.is_empty());
}
