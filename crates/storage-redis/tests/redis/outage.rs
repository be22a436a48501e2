//! Redis is killed, paused, emptied, full, or talks nonsense: nobody waits, and nobody is told what is not true.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::UuidV7Source;
use kernel::testing::ManualClock;
use session_core::cache::{CacheLifetimes, CachedSessions, Fleet};
use session_core::model::Session;
use session_core::ports::{Recalled, SessionCache, SessionRepository, Telling, UserContextCache};
use session_core::testing::samples::{session, session_id, store};
use session_core::testing::{MemoryFleet, MemorySessions};
use storage_redis::{RedisCache, RedisLink, RedisOptions};
use test_support::redis::RestartableRedis;
use test_support::require;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::support::wire::Wire;

/// The usual patience of a link, with room for a busy machine.
const PATIENCE: Duration = Duration::from_millis(150);
/// What a request may lose to Redis, once.
const ONCE: Duration = Duration::from_millis(400);
/// By then anything has happened that is going to.
const SURELY: Duration = Duration::from_secs(30);

/// A process that remembers in Redis.
struct Process {
    link: RedisLink,
    cache: RedisCache,
    sessions: CachedSessions,
    running: Vec<JoinHandle<()>>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.running.iter().for_each(JoinHandle::abort);
    }
}

impl Process {
    fn start(url: &str, storage: &Arc<MemorySessions>, fleet: Fleet) -> Self {
        let options = RedisOptions { patience: PATIENCE, ..RedisOptions::new(url) };
        let link = RedisLink::new(options, fleet.clone(), Arc::new(UuidV7Source)).unwrap();
        let cache = RedisCache::new(link.clone(), Arc::new(ManualClock::new()), CacheLifetimes::default());
        let sessions = CachedSessions::new(storage.clone(), storage.clone(), Arc::new(cache.clone()));
        let running = link.clone();
        let running = vec![
            tokio::spawn(async move { running.run().await }),
            tokio::spawn(async move { fleet.run(|_| ()).await }),
        ];
        Self { link, cache, sessions, running }
    }

    async fn alone(url: &str, storage: &Arc<MemorySessions>) -> Self {
        let process = Self::start(url, storage, Fleet::alone());
        process.until("redis is there", async || process.link.is_well()).await;
        process
    }

    async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let begun = Instant::now();
        while !condition().await {
            assert!(begun.elapsed() < SURELY, "not within {SURELY:?}: {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn find(&self) -> Session {
        self.sessions.find(&store(), session_id(1)).await.unwrap().unwrap()
    }

    async fn remembers(&self) -> bool {
        matches!(self.cache.recall(session_id(1)).await, Recalled::Session(_))
    }

    /// Writes a number that is one higher than the last.
    async fn count(&self) -> u64 {
        loop {
            let session = self.find().await;
            let next = number(&session) + 1;
            let changed = Session { metadata: serde_json::json!({"n": next}), ..session };
            if self.sessions.update(&changed).await.is_ok() {
                return next;
            }
        }
    }
}

fn number(session: &Session) -> u64 {
    session.metadata["n"].as_u64().unwrap_or(0)
}

async fn storage() -> Arc<MemorySessions> {
    let storage = Arc::new(MemorySessions::default());
    storage.insert(&session("kim")).await.unwrap();
    storage
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_redis_costs_a_moment_once_and_comes_back_by_itself() {
    let mut redis = require!(RestartableRedis::start().await);
    let process = Process::alone(&redis.url(), &storage().await).await;
    process.find().await;
    assert!(process.remembers().await);
    redis.kill().unwrap();
    let begun = Instant::now();
    assert_eq!(number(&process.find().await), 0);
    assert!(begun.elapsed() < ONCE, "{:?}", begun.elapsed());
    assert!(!process.link.is_well());
    assert_eq!(process.count().await, 1);
    redis.restart().await.unwrap();
    process
        .until("redis is used again", async || process.find().await.revision == 1 && process.remembers().await)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_redis_costs_a_moment_once_and_tells_nothing_old_when_it_goes_on() {
    let redis = require!(RestartableRedis::start().await);
    let process = Process::alone(&redis.url(), &storage().await).await;
    process.find().await;
    redis.pause().unwrap();
    let begun = Instant::now();
    assert_eq!(process.count().await, 1);
    assert!(begun.elapsed() < ONCE, "{:?}", begun.elapsed());
    let begun = Instant::now();
    for expected in 2..=20 {
        assert_eq!(process.count().await, expected);
    }
    assert!(begun.elapsed() < ONCE, "only once: {:?}", begun.elapsed());
    redis.resume().unwrap();
    let again = async || {
        assert_eq!(number(&process.find().await), 20);
        process.remembers().await
    };
    process.until("redis is used again", again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_while_redis_comes_back_is_not_remembered_otherwise() {
    let redis = require!(RestartableRedis::start().await);
    let process = Process::alone(&redis.url(), &storage().await).await;
    let mut expected = 0;
    for _ in 0..5 {
        redis.pause().unwrap();
        expected += 1;
        assert_eq!(process.count().await, expected);
        redis.resume().unwrap();
        let begun = Instant::now();
        // Through the moment in which the link is made again.
        while !process.remembers().await {
            assert!(begun.elapsed() < SURELY);
            expected += 1;
            assert_eq!(process.count().await, expected);
            assert_eq!(number(&process.find().await), expected);
            // The storage answers at once: without this nobody else would get a word in.
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_redis_is_filled_again() {
    let redis = require!(RestartableRedis::start().await);
    let process = Process::alone(&redis.url(), &storage().await).await;
    for expected in 1..=50 {
        assert_eq!(process.count().await, expected);
        assert_eq!(redis.command("FLUSHALL").await.unwrap(), "+OK");
        assert_eq!(number(&process.find().await), expected);
    }
    process.find().await;
    assert!(process.link.is_well() && process.remembers().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_redis_is_not_used_until_there_is_room() {
    let redis = require!(RestartableRedis::start().await);
    let process = Process::alone(&redis.url(), &storage().await).await;
    process.find().await;
    assert_eq!(redis.command("CONFIG SET maxmemory 1").await.unwrap(), "+OK");
    assert_eq!(process.count().await, 1);
    assert_eq!(number(&process.find().await), 1);
    assert!(!process.link.is_well());
    assert_eq!(redis.command("CONFIG SET maxmemory 0").await.unwrap(), "+OK");
    process
        .until("redis is used again", async || number(&process.find().await) == 1 && process.remembers().await)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_under_a_key_is_removed() {
    let redis = require!(RestartableRedis::start().await);
    let process = Process::alone(&redis.url(), &storage().await).await;
    let key = format!("iyagi:session:{}", session_id(1));
    for nonsense in [
        format!("SET {key} nonsense"),
        format!("HSET {key} s nonsense"),
        format!("HSET {key} w many"),
        format!("HSET {key} m:ticket yesterday w 2"),
    ] {
        let expected = process.count().await;
        process.find().await;
        redis.command(&nonsense).await.unwrap();
        assert_eq!(number(&process.find().await), expected);
        assert_eq!(process.count().await, expected + 1, "{nonsense}");
        assert_eq!(number(&process.find().await), expected + 1, "{nonsense}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_talks_nonsense_or_nothing_is_done_without() {
    for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"", b"+OK\r\n:1\r\n$-1\r\n*3\r\n", b"-LOADING wait\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut asked = [0; 4096];
                    while stream.read(&mut asked).await.is_ok_and(|read| read > 0) {
                        if stream.write_all(answer).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        let process = Process::start(&url, &storage().await, Fleet::alone());
        let begun = Instant::now();
        for expected in 1..=10 {
            assert_eq!(process.count().await, expected);
        }
        assert!(begun.elapsed() < ONCE, "{answer:?}: {:?}", begun.elapsed());
        assert!(!process.link.is_well());
        server.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_process_that_died_long_ago_was_writing_is_not_remembered_from_before() {
    let redis = require!(RestartableRedis::start().await);
    let storage = storage().await;
    let process = Process::alone(&redis.url(), &storage).await;
    let before = process.find().await;
    process.cache.writing(session_id(1)).await;
    storage.update(&Session { metadata: serde_json::json!({"n": 1}), ..before }).await.unwrap();
    let key = format!("iyagi:session:{}", session_id(1));
    // As if more than two minutes had passed since.
    let age = "for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do \
               if string.sub(field, 1, 2) == 'm:' then redis.call('HSET', KEYS[1], field, 1) return 1 end end";
    assert_eq!(redis.command(&format!("EVAL \"{age}\" 1 {key}")).await.unwrap(), ":1");
    assert_eq!(number(&process.find().await), 1);
    assert!(process.remembers().await, "it is remembered again");
    assert_eq!(number(&process.find().await), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_stays_within_the_prefix() {
    let redis = require!(RestartableRedis::start().await);
    redis.command("ACL SETUSER default resetkeys ~iyagi:*").await.unwrap();
    let process = Process::alone(&redis.url(), &storage().await).await;
    let kim = kernel::UserId::new("kim").unwrap();
    assert_eq!(process.count().await, 1);
    let ticket = process.cache.writing_context(&store(), &kim).await;
    process.cache.wrote_context(&store(), &kim, ticket).await;
    process.find().await;
    assert!(process.link.is_well() && process.remembers().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_answers_slowly_is_done_without() {
    let redis = require!(RestartableRedis::start().await);
    let wire = Wire::to(&redis.url()).await;
    let process = Process::alone(&wire.url, &storage().await).await;
    process.find().await;
    assert!(process.remembers().await);
    // More than half of what it may take, and less than all.
    wire.delay.send_replace(PATIENCE * 2 / 3);
    let begun = Instant::now();
    for expected in 1..=20 {
        assert_eq!(process.count().await, expected);
    }
    assert!(begun.elapsed() < 2 * ONCE, "{:?}", begun.elapsed());
    assert!(!process.link.is_well());
    wire.delay.send_replace(Duration::ZERO);
    process
        .until("redis is used again", async || number(&process.find().await) == 20 && process.remembers().await)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_process_cannot_reach_redis_no_other_trusts_it() {
    let redis = require!(RestartableRedis::start().await);
    let (storage, line) = (storage().await, Arc::new(MemoryFleet::default()));
    let wire = Wire::to(&redis.url()).await;
    let one = Process::start(&wire.url, &storage, Fleet::of(line.clone(), "one".into(), Telling::SharedCache));
    let other = Process::start(&redis.url(), &storage, Fleet::of(line.clone(), "other".into(), Telling::SharedCache));
    for process in [&one, &other] {
        process
            .until("it remembers", async || {
                process.find().await;
                process.remembers().await
            })
            .await;
    }
    wire.cut.send_replace(true);
    // The first write finds out; the other process reaches Redis, where the old number still is.
    for expected in 1..=20 {
        assert_eq!(one.count().await, expected);
        assert_eq!(number(&other.find().await), expected);
    }
    assert!(other.link.is_well() && !other.remembers().await);
    wire.cut.send_replace(false);
    let again = async || {
        let expected = one.count().await;
        assert_eq!(number(&other.find().await), expected);
        other.remembers().await && one.remembers().await
    };
    one.until("both remember again", again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_process_that_died_was_writing_is_read_from_the_storage() {
    let redis = require!(RestartableRedis::start().await);
    let storage = storage().await;
    let (one, other) = (Process::alone(&redis.url(), &storage).await, Process::alone(&redis.url(), &storage).await);
    let before = other.find().await;
    assert!(other.remembers().await);
    // It says that it is going to write, writes, and dies before it says what.
    one.cache.writing(session_id(1)).await;
    storage.update(&Session { metadata: serde_json::json!({"n": 1}), ..before }).await.unwrap();
    drop(one);
    assert_eq!(number(&other.find().await), 1);
    assert_eq!(other.count().await, 2);
    assert_eq!(number(&other.find().await), 2);
}
