//! Several processes that each remember for themselves, and many that ask at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use kernel::UuidV7Source;
use kernel::testing::ManualClock;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::*;
use crate::model::Session;
use crate::ports::{MockTurnRepository, Recalled, SessionCache, SessionRepository, Telling};
use crate::testing::samples::{at, session, session_id, store};
use crate::testing::{MemoryFleet, MemorySessions};

/// Long enough for a process to be trusted, and too short for it to be forgotten.
const A_WHILE: Duration = Duration::from_secs(3);

/// One of several processes.
struct Process {
    sessions: CachedSessions,
    cache: MemoryCache,
    running: JoinHandle<()>,
}

impl Process {
    fn start(line: &Arc<MemoryFleet>, clock: &Arc<ManualClock>, storage: &Arc<MemorySessions>, name: &str) -> Self {
        let fleet = Fleet::of(line.clone(), name.into(), Telling::Signals);
        let lifetimes = CacheLifetimes::default();
        let cache = MemoryCache::new(clock.clone(), Arc::new(UuidV7Source), lifetimes, 1 << 20, fleet);
        let running = cache.clone();
        let running = tokio::spawn(async move { running.run().await });
        let sessions = CachedSessions::new(storage.clone(), storage.clone(), Arc::new(cache.clone()));
        Self { sessions, cache, running }
    }

    async fn title(&self) -> Option<String> {
        self.sessions.find(&store(), session_id(1)).await.unwrap().unwrap().title
    }

    async fn rename(&self, title: &str) {
        let found = self.sessions.find(&store(), session_id(1)).await.unwrap().unwrap();
        self.sessions.update(&Session { title: Some(title.into()), ..found }).await.unwrap();
    }

    async fn remembers(&self) -> bool {
        matches!(self.cache.recall(session_id(1)).await, Recalled::Session(_))
    }
}

async fn two() -> (Process, Process, Arc<MemoryFleet>, Arc<ManualClock>) {
    let (line, clock) = (Arc::new(MemoryFleet::default()), Arc::new(ManualClock::new()));
    let storage = Arc::new(MemorySessions::default());
    storage.insert(&session("kim")).await.unwrap();
    let start = |name| Process::start(&line, &clock, &storage, name);
    let (one, other) = (start("one"), start("other"));
    tokio::time::sleep(A_WHILE).await;
    (one, other, line, clock)
}

#[tokio::test(start_paused = true)]
async fn what_one_process_writes_another_does_not_remember_otherwise() {
    let (one, other, _line, clock) = two().await;
    assert_eq!((one.title().await, other.title().await), (None, None));
    assert!(one.remembers().await && other.remembers().await);
    one.rename("새 제목").await;
    assert_eq!(other.title().await.as_deref(), Some("새 제목"));
    assert!(!other.remembers().await, "it may be written further for a while");
    clock.advance(Duration::from_secs(6));
    assert_eq!(other.title().await.as_deref(), Some("새 제목"));
    assert!(other.remembers().await && one.remembers().await);
    other.rename("더 새 제목").await;
    assert_eq!(one.title().await.as_deref(), Some("더 새 제목"));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_does_not_hear_the_others_trusts_nothing_it_remembers() {
    let (one, other, line, clock) = two().await;
    assert_eq!(other.title().await, None);
    assert!(other.remembers().await);
    line.cut(true);
    tokio::time::sleep(A_WHILE).await;
    one.rename("아무도 못 들은 제목").await;
    assert_eq!(other.title().await.as_deref(), Some("아무도 못 들은 제목"));
    assert!(!other.remembers().await);
    line.cut(false);
    tokio::time::sleep(2 * A_WHILE).await;
    clock.advance(Duration::from_secs(6));
    assert_eq!(other.title().await.as_deref(), Some("아무도 못 들은 제목"), "what it remembered before is void");
    assert!(other.remembers().await);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_has_just_begun_trusts_nothing_until_all_reckon_with_it() {
    let (line, clock) = (Arc::new(MemoryFleet::default()), Arc::new(ManualClock::new()));
    let storage = Arc::new(MemorySessions::default());
    storage.insert(&session("kim")).await.unwrap();
    let one = Process::start(&line, &clock, &storage, "one");
    assert_eq!(one.title().await, None);
    assert!(!one.remembers().await);
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(one.title().await, None);
    assert!(one.remembers().await);
}

#[tokio::test(start_paused = true)]
async fn a_process_alone_tells_nobody_what_it_writes() {
    let (one, other, line, _clock) = two().await;
    other.running.abort();
    tokio::time::sleep(Duration::from_secs(12)).await;
    let mut heard = crate::ports::FleetSignals::hear_fleet(&*line);
    one.rename("혼자").await;
    while let Ok(signal) = heard.try_recv() {
        assert!(matches!(signal, crate::ports::FleetSignal::Pulse { .. }), "{signal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_tells_nobody_what_it_writes_has_nobody_trust_what_is_remembered() {
    let (one, other, line, clock) = two().await;
    for (telling, name) in [(Telling::SharedCache, "with redis"), (Telling::Nobody, "without anything")] {
        assert_eq!((one.title().await, other.title().await), (None, None));
        assert!(one.remembers().await && other.remembers().await);
        let stranger = Fleet::of(line.clone(), name.into(), telling);
        stranger.join().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(!one.remembers().await && !other.remembers().await, "{name}");
        // It is gone, and may have died while it wrote.
        tokio::time::sleep(A_WHILE).await;
        assert!(!one.remembers().await && !other.remembers().await, "what was remembered is void");
        clock.advance(Duration::from_secs(6));
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_was_writing_who_never_ended_is_read_anew() {
    let storage = Arc::new(MemorySessions::default());
    storage.insert(&session("kim")).await.unwrap();
    let clock = Arc::new(ManualClock::new());
    let cache =
        MemoryCache::new(clock.clone(), Arc::new(UuidV7Source), CacheLifetimes::default(), 1 << 20, Fleet::alone());
    let sessions = CachedSessions::new(storage.clone(), storage.clone(), Arc::new(cache.clone()));
    let found = sessions.find(&store(), session_id(1)).await.unwrap().unwrap();
    // It says that it is going to write, writes, and never says what.
    cache.writing(session_id(1)).await;
    storage.update(&Session { title: Some("새 제목".into()), ..found }).await.unwrap();
    for wait in [Duration::ZERO, Duration::from_secs(119), Duration::from_secs(2), Duration::from_mins(10)] {
        clock.advance(wait);
        let found = sessions.find(&store(), session_id(1)).await.unwrap().unwrap();
        assert_eq!(found.title.as_deref(), Some("새 제목"), "{wait:?}");
    }
    assert!(matches!(cache.recall(session_id(1)).await, Recalled::Session(_)), "it is remembered again");
}

#[tokio::test]
async fn a_session_with_very_much_metadata_is_not_kept() {
    let cache = crate::testing::memory_cache();
    for (bytes, kept) in [(60_000, true), (70_000, false)] {
        let Recalled::Missing(Some(ticket)) = cache.recall(session_id(bytes)).await else { panic!("not missing") };
        let metadata = serde_json::json!({"notes": "x".repeat(bytes as usize)});
        let session = Session { id: session_id(bytes), metadata, ..session("kim") };
        assert_eq!(cache.keep(session.id, &ticket, crate::ports::Found::Session(&session)).await, kept, "{bytes}");
    }
}

/// A storage that takes its time, and counts how often it is asked.
struct Slow {
    storage: MemorySessions,
    asked: AtomicUsize,
    go_on: Notify,
}

#[async_trait]
impl SessionRepository for Slow {
    async fn is_at(&self, _: kernel::SessionId, _: u64) -> bool {
        false
    }

    async fn find(
        &self,
        store: &kernel::StoreId,
        id: kernel::SessionId,
    ) -> Result<Option<Session>, kernel::RepositoryError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.storage.find(store, id).await;
        self.go_on.notified().await;
        found
    }

    async fn touch(
        &self,
        store: &kernel::StoreId,
        user: Option<kernel::UserId>,
        id: kernel::SessionId,
        now: kernel::Timestamp,
        expires_at: kernel::Timestamp,
    ) -> Result<Option<Session>, kernel::RepositoryError> {
        self.storage.touch(store, user, id, now, expires_at).await
    }

    async fn store_of(&self, _: kernel::SessionId) -> Result<Option<kernel::StoreId>, kernel::RepositoryError> {
        unreachable!()
    }

    async fn insert(&self, _: &Session) -> Result<(), kernel::RepositoryError> {
        unreachable!()
    }

    async fn update(&self, _: &Session) -> Result<(), kernel::RepositoryError> {
        unreachable!()
    }

    async fn find_live(
        &self,
        _: &kernel::StoreId,
        _: &kernel::UserId,
        _: kernel::Timestamp,
    ) -> Result<Option<Session>, kernel::RepositoryError> {
        unreachable!()
    }

    async fn page(
        &self,
        _: &crate::ports::SessionFilter,
        _: Option<crate::ports::SessionCursor>,
        _: kernel::PageLimit,
    ) -> Result<kernel::Page<Session, crate::ports::SessionCursor>, kernel::RepositoryError> {
        unreachable!()
    }

    async fn count_active(&self, _: &kernel::StoreId, _: kernel::Timestamp) -> Result<u64, kernel::RepositoryError> {
        unreachable!()
    }
}

async fn slow() -> (Arc<Slow>, CachedSessions) {
    let storage = MemorySessions::default();
    storage.insert(&session("kim")).await.unwrap();
    let slow = Arc::new(Slow { storage, asked: AtomicUsize::new(0), go_on: Notify::new() });
    let turns = Arc::new(MockTurnRepository::new());
    (slow.clone(), CachedSessions::new(slow, turns, crate::testing::memory_cache()))
}

fn asking(sessions: &CachedSessions, times: usize) -> Vec<JoinHandle<Option<Session>>> {
    let ask = |_| {
        let sessions = sessions.clone();
        tokio::spawn(async move { sessions.find(&store(), session_id(1)).await.unwrap() })
    };
    (0..times).map(ask).collect()
}

#[tokio::test(start_paused = true)]
async fn a_session_that_many_ask_for_at_once_is_read_once() {
    let (slow, sessions) = slow().await;
    let asked = asking(&sessions, 50);
    tokio::time::sleep(Duration::from_millis(1)).await;
    slow.go_on.notify_one();
    for found in join_all(asked).await {
        assert_eq!(found.unwrap(), Some(session("kim")));
    }
    assert_eq!(slow.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn who_asks_after_a_write_does_not_get_what_was_read_before_it() {
    let (slow, sessions) = slow().await;
    let before = asking(&sessions, 1);
    tokio::time::sleep(Duration::from_millis(1)).await;
    let touched = sessions.touch(&store(), None, session_id(1), at(1), at(90_000)).await.unwrap().unwrap();
    let after = asking(&sessions, 1);
    tokio::time::sleep(Duration::from_millis(1)).await;
    for _ in 0..2 {
        slow.go_on.notify_one();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(join_all(before).await.pop().unwrap().unwrap().is_some());
    assert_eq!(join_all(after).await.pop().unwrap().unwrap(), Some(touched));
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_reader_that_goes_away_read_for_themselves() {
    let (slow, sessions) = slow().await;
    let gone = asking(&sessions, 1);
    tokio::time::sleep(Duration::from_millis(1)).await;
    let waiting = asking(&sessions, 1);
    tokio::time::sleep(Duration::from_millis(1)).await;
    gone.iter().for_each(JoinHandle::abort);
    tokio::time::sleep(Duration::from_millis(1)).await;
    slow.go_on.notify_one();
    assert!(join_all(waiting).await.pop().unwrap().unwrap().is_some());
}
