//! The contract of [`SessionRepository`](crate::ports::SessionRepository).

use futures::future::{join, join_all, poll_immediate};
use kernel::{PageLimit, RepositoryError, StoreId, UserId};
use serde_json::json;

use super::Storage;
use crate::model::{BusinessMetadata, PrivacyLevel, Session, SessionState};
use crate::ports::SessionFilter;
use crate::testing::samples::{at, numbered_session, session, session_id, store};

fn other_store() -> StoreId {
    StoreId::new("다른-가게").unwrap()
}

fn everyone(state: Option<SessionState>) -> SessionFilter {
    SessionFilter { store: store(), user: None, state, now: at(10) }
}

pub async fn a_session_comes_back_as_it_was_stored(storage: &Storage) {
    let full = Session {
        title: Some("제주도 배송 🏝️".into()),
        metadata: json!({"출처": "앱", "n": 1.5, "deep": {"list": [1, null, true]}}),
        business: BusinessMetadata {
            inquiry_category: Some("배송문의".into()),
            topic_tags: vec!["제주".into()],
            ..BusinessMetadata::default()
        },
        privacy: PrivacyLevel::Team,
        state: SessionState::Ended,
        request_count: 3,
        message_count: 6,
        last_sequence: 6,
        last_agent: Some("배송".into()),
        ended_at: Some(at(5)),
        ..session("김민수 👋")
    };
    storage.sessions.insert(&full).await.unwrap();
    assert_eq!(storage.sessions.find(&store(), full.id).await.unwrap(), Some(full));
    assert_eq!(storage.sessions.find(&store(), session_id(99)).await.unwrap(), None);
}

pub async fn an_equal_id_conflicts(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    let again = storage.sessions.insert(&session("lee")).await;
    assert!(matches!(again, Err(RepositoryError::Conflict)), "{again:?}");
    let kept = storage.sessions.find(&store(), session_id(1)).await.unwrap().unwrap();
    assert_eq!(kept.user.as_str(), "kim");
}

pub async fn a_session_of_another_store_is_unknown(storage: &Storage) {
    let session = session("kim");
    storage.sessions.insert(&session).await.unwrap();
    assert_eq!(storage.sessions.find(&other_store(), session.id).await.unwrap(), None);
    let stolen = Session { store: other_store(), title: Some("훔침".into()), ..session.clone() };
    assert!(matches!(storage.sessions.update(&stolen).await, Err(RepositoryError::Stale)));
    let foreign = SessionFilter { store: other_store(), ..everyone(None) };
    assert!(storage.sessions.page(&foreign, None, PageLimit::DEFAULT).await.unwrap().items.is_empty());
    assert_eq!(storage.sessions.find_live(&other_store(), &session.user, at(1)).await.unwrap(), None);
    assert_eq!(storage.sessions.count_active(&other_store(), at(1)).await.unwrap(), 0);
}

pub async fn look_ups_at_once_each_find_their_own_session(storage: &Storage) {
    for number in 1..=40 {
        let store = if number % 2 == 0 { store() } else { other_store() };
        let session = Session { store, ..numbered_session(number, &format!("손님 {number}")) };
        storage.sessions.insert(&session).await.unwrap();
    }
    let asked = (1..=60).flat_map(|number| [(number, store()), (number, other_store()), (number, store())]);
    let look_up = |(number, store): (u64, StoreId)| async move {
        let found = storage.sessions.find(&store, session_id(number)).await.unwrap();
        (number, store, found)
    };
    for (number, store, found) in join_all(asked.map(look_up)).await {
        let there = number <= 40 && (number % 2 == 0) == (store == self::store());
        let expected = there.then(|| (session_id(number), store, format!("손님 {number}")));
        assert_eq!(found.map(|s| (s.id, s.store, s.user.as_str().to_owned())), expected);
    }
}

pub async fn a_look_up_sees_what_was_written_before_it_was_asked_for(storage: &Storage) {
    let asked_before = join_all((1..=8).map(|_| storage.sessions.find(storage_store(), session_id(1))));
    let written = async {
        storage.sessions.insert(&session("kim")).await.unwrap();
        storage.sessions.find(&store(), session_id(1)).await.unwrap()
    };
    let (_, found) = join(asked_before, written).await;
    assert_eq!(found, Some(session("kim")));
}

pub async fn callers_that_go_away_take_nobodys_look_up_along(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    for _ in 0..20 {
        let (leaving, staying) = (storage.sessions.find(storage_store(), session_id(1)), async {
            storage.sessions.find(&store(), session_id(1)).await.unwrap()
        });
        let left = async {
            let polled = poll_immediate(leaving).await;
            drop(polled);
        };
        let ((), found) = join(left, staying).await;
        assert_eq!(found, Some(session("kim")));
    }
}

pub async fn the_store_of_a_session_is_known_by_the_id_alone(storage: &Storage) {
    let elsewhere = Session { store: other_store(), ..numbered_session(2, "kim") };
    let deleted = Session { state: SessionState::Deleted, ..numbered_session(3, "kim") };
    for session in [&session("kim"), &elsewhere, &deleted] {
        storage.sessions.insert(session).await.unwrap();
    }
    let store_of = async |number| storage.sessions.store_of(session_id(number)).await.unwrap();
    assert_eq!((store_of(1).await, store_of(2).await), (Some(store()), Some(other_store())));
    assert_eq!((store_of(3).await, store_of(9).await), (Some(store()), None));
}

pub async fn an_update_writes_what_may_change_and_leaves_the_counters(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    let changed = Session {
        title: Some("새 제목".into()),
        metadata: json!({"k": "v"}),
        privacy: PrivacyLevel::Store,
        state: SessionState::Ended,
        expires_at: at(99),
        ended_at: Some(at(3)),
        message_count: 77,
        request_count: 77,
        ..session("kim")
    };
    storage.sessions.update(&changed).await.unwrap();
    let stored = storage.sessions.find(&store(), session_id(1)).await.unwrap().unwrap();
    let expected = Session { message_count: 0, request_count: 0, revision: 1, ..changed };
    assert_eq!(stored, expected);
}

pub async fn a_stale_update_changes_nothing(storage: &Storage) {
    let session = session("kim");
    storage.sessions.insert(&session).await.unwrap();
    storage.sessions.update(&Session { title: Some("first".into()), ..session.clone() }).await.unwrap();
    let late = storage.sessions.update(&Session { title: Some("late".into()), ..session.clone() }).await;
    assert!(matches!(late, Err(RepositoryError::Stale)), "{late:?}");
    let stored = storage.sessions.find(&store(), session.id).await.unwrap().unwrap();
    assert_eq!(stored.title.as_deref(), Some("first"));
    let unknown = storage.sessions.update(&numbered_session(9, "kim")).await;
    assert!(matches!(unknown, Err(RepositoryError::Stale)), "{unknown:?}");
}

pub async fn the_live_session_is_the_one_used_last_and_not_expired(storage: &Storage) {
    let kim = UserId::new("kim").unwrap();
    let used = |number, last_used, expires, state| Session {
        last_active_at: at(last_used),
        expires_at: at(expires),
        state,
        ..numbered_session(number, "kim")
    };
    for session in [
        used(1, 5, 100, SessionState::Active),
        used(2, 9, 100, SessionState::Active),
        used(3, 20, 30, SessionState::Active),
        used(4, 25, 100, SessionState::Ended),
        Session { last_active_at: at(26), ..numbered_session(5, "lee") },
    ] {
        storage.sessions.insert(&session).await.unwrap();
    }
    let live = |now| storage.sessions.find_live(storage_store(), &kim, at(now));
    assert_eq!(live(29).await.unwrap().map(|s| s.id), Some(session_id(3)));
    assert_eq!(live(30).await.unwrap().map(|s| s.id), Some(session_id(2)));
    assert_eq!(live(100).await.unwrap(), None);
}

fn storage_store() -> &'static StoreId {
    static STORE: std::sync::OnceLock<StoreId> = std::sync::OnceLock::new();
    STORE.get_or_init(store)
}

pub async fn lists_are_ordered_by_last_use_and_stable_across_pages(storage: &Storage) {
    for number in 1..=7 {
        let session = Session { last_active_at: at(number / 3), ..numbered_session(number, "kim") };
        storage.sessions.insert(&session).await.unwrap();
    }
    let limit = PageLimit::new(3).unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = storage.sessions.page(&everyone(None), after, limit).await.unwrap();
        seen.extend(page.items.iter().map(|session| session.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1].map(session_id));
}

pub async fn lists_filter_by_user_and_by_the_state_at_that_moment(storage: &Storage) {
    let all = [
        numbered_session(1, "kim"),
        Session { expires_at: at(10), ..numbered_session(2, "kim") },
        Session { state: SessionState::Ended, ..numbered_session(3, "lee") },
        Session { state: SessionState::Deleted, ..numbered_session(4, "kim") },
        Session { state: SessionState::Expired, ..numbered_session(5, "lee") },
    ];
    for session in &all {
        storage.sessions.insert(session).await.unwrap();
    }
    let list = async |filter: SessionFilter| {
        let page = storage.sessions.page(&filter, None, PageLimit::DEFAULT).await.unwrap();
        page.items.iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(list(everyone(None)).await, [5, 3, 2, 1].map(session_id));
    assert_eq!(list(everyone(Some(SessionState::Active))).await, [session_id(1)]);
    assert_eq!(list(everyone(Some(SessionState::Expired))).await, [5, 2].map(session_id));
    assert_eq!(list(everyone(Some(SessionState::Ended))).await, [session_id(3)]);
    assert_eq!(list(everyone(Some(SessionState::Deleted))).await, [session_id(4)]);
    let kim = SessionFilter { user: Some(UserId::new("kim").unwrap()), ..everyone(None) };
    assert_eq!(list(kim).await, [2, 1].map(session_id));
}

pub async fn an_empty_list_has_no_cursor(storage: &Storage) {
    let page = storage.sessions.page(&everyone(None), None, PageLimit::DEFAULT).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
}

pub async fn active_sessions_are_counted_at_the_boundary(storage: &Storage) {
    storage.sessions.insert(&Session { expires_at: at(10), ..numbered_session(1, "kim") }).await.unwrap();
    storage.sessions.insert(&Session { state: SessionState::Ended, ..numbered_session(2, "kim") }).await.unwrap();
    assert_eq!(storage.sessions.count_active(&store(), at(9)).await.unwrap(), 1);
    assert_eq!(storage.sessions.count_active(&store(), at(10)).await.unwrap(), 0);
}

pub async fn touching_counts_and_moves_the_expiry_but_never_back(storage: &Storage) {
    let session = Session { expires_at: at(100), ..session("kim") };
    storage.sessions.insert(&session).await.unwrap();
    let touch = async |now, until| {
        storage.sessions.touch(&store(), None, session_id(1), at(now), at(until)).await.unwrap().unwrap()
    };
    let touched = touch(5, 200).await;
    let expected =
        Session { request_count: 1, last_active_at: at(5), expires_at: at(200), revision: 1, ..session.clone() };
    assert_eq!(touched, expected);
    let again = touch(4, 150).await;
    assert_eq!((again.request_count, again.last_active_at, again.expires_at), (2, at(5), at(200)));
    assert_eq!(storage.sessions.find(&store(), session_id(1)).await.unwrap(), Some(again));
}

pub async fn only_a_live_session_of_that_store_and_user_is_touched(storage: &Storage) {
    storage.sessions.insert(&Session { expires_at: at(10), ..session("kim") }).await.unwrap();
    storage.sessions.insert(&Session { state: SessionState::Ended, ..numbered_session(2, "kim") }).await.unwrap();
    let (kim, lee) = (UserId::new("kim").unwrap(), UserId::new("lee").unwrap());
    let touched = async |store: &StoreId, user, id, now| {
        storage.sessions.touch(store, user, session_id(id), at(now), at(99)).await.unwrap().is_some()
    };
    assert!(!touched(&store(), None, 1, 10).await);
    assert!(!touched(&store(), None, 2, 1).await);
    assert!(!touched(&store(), None, 3, 1).await);
    assert!(!touched(&other_store(), None, 1, 1).await);
    assert!(!touched(&store(), Some(lee), 1, 1).await);
    assert!(touched(&store(), Some(kim), 1, 9).await);
}

pub async fn concurrent_touches_are_all_counted(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    let touches: Vec<_> = (0..20)
        .map(|_| {
            let sessions = std::sync::Arc::clone(&storage.sessions);
            tokio::spawn(async move { sessions.touch(&store(), None, session_id(1), at(1), at(99)).await.unwrap() })
        })
        .collect();
    for touch in touches {
        assert!(touch.await.unwrap().is_some());
    }
    assert_eq!(storage.sessions.find(&store(), session_id(1)).await.unwrap().unwrap().request_count, 20);
}
