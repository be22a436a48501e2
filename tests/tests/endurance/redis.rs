//! Redis is killed, paused, emptied and filled up while two servers work with it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::future::{join, join_all};
use serde_json::{Value, json};
use test_support::redis::RestartableRedis;

use super::{Home, QUESTION};
use crate::support::Api;

/// So many clients count at once, each in a session of its own.
const COUNTING: usize = 6;
/// So many talk.
const TALKING: usize = 2;
/// Between two blows, and how long one lasts.
const BREATH: Duration = Duration::from_millis(900);
const BLOW: Duration = Duration::from_millis(600);
/// Each kind of blow comes so many times.
const ROUNDS: usize = 3;
/// By then Redis is used again: after a process lost it, the others wait two seconds.
const BACK: Duration = Duration::from_secs(30);

/// What the clients saw.
#[derive(Default)]
struct Seen {
    over: AtomicBool,
    requests: AtomicU64,
    slowest_micros: AtomicU64,
}

impl Seen {
    /// A request that has to succeed.
    async fn ok(&self, request: reqwest::RequestBuilder) -> Value {
        let begun = Instant::now();
        let response = request.send().await.unwrap_or_else(|broken| panic!("a request failed: {broken:?}"));
        let (status, body) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{status}: {body}");
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.slowest_micros.fetch_max(begun.elapsed().as_micros() as u64, Ordering::Relaxed);
        serde_json::from_str(&body).unwrap()
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// Writes a number at one server and reads it at both: none may tell an older one.
async fn count(apis: &[Api; 2], user: String, seen: &Seen) {
    let path = format!("/api/sessions/{}", apis[0].new_session(&user).await);
    for number in 1_usize.. {
        if seen.is_over() {
            return;
        }
        let change = json!({"metadata": {"n": number}});
        let patch = apis[number % 2].request(reqwest::Method::PATCH, &path).json(&change);
        seen.ok(patch).await;
        for api in apis {
            let told = seen.ok(api.request(reqwest::Method::GET, &path)).await;
            assert_eq!(told["metadata"]["n"], number, "a stale session: {told}");
        }
    }
}

/// Talks with both servers in turn: each answer stands where it belongs, and both servers tell it.
async fn talk(apis: &[Api; 2], user: String, seen: &Seen) {
    let session = apis[0].new_session(&user).await;
    let recent = format!("/api/session-chat/sessions/{session}?messageLimit=4");
    for number in 1_u64.. {
        if seen.is_over() {
            return;
        }
        let question = json!({"message": format!("{QUESTION} {number}"), "sessionId": session, "userId": user});
        let asked = apis[(number % 2) as usize].request(reqwest::Method::POST, "/api/chat").json(&question);
        let reply = seen.ok(asked).await;
        assert_eq!(reply["metadata"]["sessionMessageCount"], 2 * number);
        for api in apis {
            let told = seen.ok(api.request(reqwest::Method::GET, &recent)).await;
            let last = told["recentMessages"].as_array().unwrap().last().unwrap();
            assert_eq!((&last["content"], &last["sequence_number"]), (&reply["content"], &json!(2 * number)));
            assert_eq!(told["stats"]["messageCount"], 2 * number);
        }
    }
}

async fn beat(redis: &mut RestartableRedis) {
    for _ in 0..ROUNDS {
        redis.pause().unwrap();
        tokio::time::sleep(BLOW).await;
        redis.resume().unwrap();
        tokio::time::sleep(BREATH).await;
        redis.command("FLUSHALL").await.unwrap();
        tokio::time::sleep(BREATH).await;
        redis.kill().unwrap();
        tokio::time::sleep(BLOW).await;
        redis.restart().await.unwrap();
        tokio::time::sleep(BREATH).await;
        redis.command("CONFIG SET maxmemory 1").await.unwrap();
        tokio::time::sleep(BLOW).await;
        redis.command("CONFIG SET maxmemory 0").await.unwrap();
        // Long enough for it to be trusted again, and then struck in use.
        tokio::time::sleep(3 * BREATH).await;
    }
}

async fn is_used(api: &Api, session: &str) -> bool {
    let hits = async || api.metric("session_cache_lookups_total{outcome=\"hit\"}").await.unwrap_or(0.0);
    let before = hits().await;
    for _ in 0..3 {
        api.get(&format!("/api/sessions/{session}")).await;
    }
    hits().await > before && api.get_json("/health").await["cache"]["status"] == "ok"
}

async fn until_used(api: &Api) {
    let session = api.new_session("nari").await;
    let begun = Instant::now();
    while !is_used(api, &session).await {
        assert!(begun.elapsed() < BACK, "redis is not used: {}", api.get_json("/health").await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_befalls_redis_no_request_fails_and_nothing_old_is_told() {
    let database = test_support::require!(test_support::postgres::database().await);
    let mut redis = test_support::require!(RestartableRedis::start().await);
    let home = Home::Postgres(database);
    let (one, other) = home.two_servers(&[("REDIS_URL", &redis.url())]).await;
    let apis = [one.api(), other.api()];
    for api in &apis {
        until_used(api).await;
    }
    let seen = Seen::default();
    let counting = (0..COUNTING).map(|number| count(&apis, format!("counter-{number}"), &seen));
    let talking = (0..TALKING).map(|number| talk(&apis, format!("talker-{number}"), &seen));
    let blows = async {
        beat(&mut redis).await;
        seen.over.store(true, Ordering::Relaxed);
    };
    join(join(join_all(counting), join_all(talking)), blows).await;
    let (requests, slowest) = (seen.requests.into_inner(), seen.slowest_micros.into_inner() / 1_000);
    eprintln!("{requests} requests while redis was beaten, the slowest took {slowest} ms");
    assert!(requests > 200, "too few requests to prove anything: {requests}");
    for api in &apis {
        until_used(api).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_server_has_redis_already_and_the_other_has_not_nothing_old_is_told() {
    let database = test_support::require!(test_support::postgres::database().await);
    let redis = test_support::require!(RestartableRedis::start().await);
    let home = Home::Postgres(database);
    let before = home.server_with(&[]).await;
    let after = home.server_with(&[("REDIS_URL", &redis.url())]).await;
    let apis = [before.api(), after.api()];
    let seen = Seen::default();
    let counting = (0..COUNTING).map(|number| count(&apis, format!("counter-{number}"), &seen));
    let talking = (0..TALKING).map(|number| talk(&apis, format!("talker-{number}"), &seen));
    let end = async {
        tokio::time::sleep(5 * BREATH).await;
        seen.over.store(true, Ordering::Relaxed);
    };
    join(join(join_all(counting), join_all(talking)), end).await;
    let requests = seen.requests.into_inner();
    assert!(requests > 100, "too few requests to prove anything: {requests}");
    drop(before);
    until_used(&apis[1]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_without_its_redis_says_so_and_uses_it_when_it_comes() {
    let database = test_support::require!(test_support::postgres::database().await);
    let mut redis = test_support::require!(RestartableRedis::start().await);
    redis.kill().unwrap();
    let home = Home::Postgres(database);
    let server = home.server_with(&[("REDIS_URL", &redis.url())]).await;
    let api = server.api();
    let health = api.get_json("/health").await;
    assert_eq!((&health["status"], &health["cache"]["kind"]), (&json!("degraded"), &json!("redis")));
    api.ask(&json!({"message": QUESTION, "userId": "minji"})).await;
    redis.restart().await.unwrap();
    until_used(&api).await;
    assert_eq!(api.get_json("/health").await["status"], "ok");
}
