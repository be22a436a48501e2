//! Sessions, alone and with their history, beside one `GET` of Redis behind a bare server; and resumed streams.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tempfile::TempDir;
use test_support::redis::RedisServer;

use crate::client::Connection;
use crate::floor::redis::key;
use crate::load::{Request, Rounds, load};
use crate::options::Options;
use crate::process::{NOTHING_REMEMBERED, Server};
use crate::report::{Figure, progress};
use crate::stats::p50_p99;
use crate::storage::cluster::Cluster;
use crate::storage::filling::{self, Filling};

const MEASUREMENT: &str = "instances";
/// Keep-alive connections, each with one request at a time.
const CONNECTIONS: usize = 64;
const SESSIONS: u64 = 1_000;
/// How long a round loads each side.
const ROUND: Duration = Duration::from_millis(700);
/// The least of the floor's operations a second.
const RATE_TARGET: f64 = 0.7;
/// Resumed streams, and the most that half of them may wait for the first event, in milliseconds.
const RESUMED: usize = 200;
const HERE_TARGET: f64 = 5.0;
const ELSEWHERE_TARGET: f64 = 15.0;

type Kind = (&'static str, &'static str, fn(u64) -> String);

/// What is asked for: its name, the floor's kind of value, and the path of a session.
const KINDS: [Kind; 2] = [
    ("session look-up", "session", |number| format!("/api/sessions/{}", filling::session_id(number))),
    ("session with history", "history", |number| {
        format!("/api/session-chat/sessions/{}?messageLimit=10", filling::session_id(number))
    }),
];

/// The servers that are compared, all on one PostgreSQL. Those that remember in different ways have databases of their
/// own: on one they would not trust what they remember.
struct Fleet {
    redis: RedisServer,
    cluster: Cluster,
    folder: TempDir,
}

impl Fleet {
    async fn start() -> Result<Self> {
        let cluster = Cluster::start().await?;
        let redis = RedisServer::start().await.context("Redis cannot be measured")?;
        Ok(Self { redis, cluster, folder: tempfile::tempdir()? })
    }

    async fn database(&self, name: &str) -> Result<String> {
        let database = self.cluster.database(name).await?;
        progress(&format!("{MEASUREMENT}: filling, {SESSIONS} sessions"))?;
        filling::postgres(&database, Filling { sessions: SESSIONS, messages: true }).await?;
        Ok(database)
    }

    async fn server(&self, binary: &Path, name: &str, database: &str, variables: &[(&str, &str)]) -> Result<Server> {
        let data = self.folder.path().join(name);
        std::fs::create_dir(&data)?;
        let database = ("DATABASE_URL", database);
        let variables: Vec<_> = variables.iter().copied().chain([database]).collect();
        let server = Server::serve_with(binary, &data, &variables).await?;
        drop(server.ready().await?);
        Ok(server)
    }

    /// A bare server whose values are the real server's answers.
    async fn floor(&self, server: &Server) -> Result<Server> {
        let mut connection = Connection::open(server.address).await?;
        let mut redis = redis::Client::open(self.redis.url())?.get_multiplexed_async_connection().await?;
        for (_, kind, path) in KINDS {
            for number in 1..=SESSIONS {
                let value = Request::Get(path(number)).send(&mut connection).await?;
                redis::cmd("SET").arg(key(kind, &number.to_string())).arg(value).exec_async(&mut redis).await?;
            }
        }
        let arguments = ["redis-floor".as_ref(), "--redis".as_ref(), self.redis.url().as_ref()];
        Server::start(&std::env::current_exe()?, &arguments, &self.folder.path().join("floor")).await
    }
}

pub(crate) async fn measure(options: &Options, binary: &Path) -> Result<Vec<Figure>> {
    let fleet = Fleet::start().await?;
    let with_redis = [("REDIS_URL", fleet.redis.url())];
    let shared = fleet.database("shared").await?;
    let one = fleet.server(binary, "one", &shared, &with_redis).await?;
    let other = fleet.server(binary, "other", &shared, &with_redis).await?;
    let floor = fleet.floor(&one).await?;
    let mut figures = resumed(&one, &one, "in one process", Some(HERE_TARGET)).await?;
    figures.extend(resumed(&one, &other, "at another instance", Some(ELSEWHERE_TARGET)).await?);
    other.stop().await?;
    let alone = fleet.server(binary, "alone", &fleet.database("alone").await?, &[]).await?;
    let forgotten = fleet.database("forgetful").await?;
    let forgetful = fleet.server(binary, "forgetful", &forgotten, &[NOTHING_REMEMBERED]).await?;
    // A process trusts what it remembers when it has heard the others for half a second.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let sides = [
        ("with Redis", &one, Some(RATE_TARGET)),
        ("PostgreSQL alone", &alone, Some(RATE_TARGET)),
        ("PostgreSQL alone, nothing remembered", &forgetful, None),
    ];
    for (name, kind, path) in KINDS {
        let requests = Arc::new((1..=SESSIONS).map(|number| Request::Get(path(number))).collect::<Vec<_>>());
        let bare = Arc::new((1..=SESSIONS).map(|number| Request::Get(format!("/{kind}/{number}"))).collect::<Vec<_>>());
        let mut floors = Rounds::default();
        let mut rounds: Vec<Rounds> = sides.iter().map(|_| Rounds::default()).collect();
        for number in 0..=options.rounds {
            progress(&format!("{MEASUREMENT}: {name}, round {number}"))?;
            let of_floor = load(&floor, &bare, CONNECTIONS, ROUND, None).await?;
            for ((_, server, _), rounds) in sides.iter().zip(&mut rounds) {
                let of_server = load(server, &requests, CONNECTIONS, ROUND, Some(&fleet.cluster)).await?;
                // Round 0 warms up and does not count.
                if number > 0 {
                    rounds.add(&of_server);
                }
            }
            if number > 0 {
                floors.add(&of_floor);
            }
        }
        figures.extend(floors.figures(MEASUREMENT, &format!("{name}, floor (one GET of Redis)"), None)?);
        for ((side, _, target), rounds) in sides.iter().zip(&rounds) {
            figures.extend(rounds.figures(MEASUREMENT, &format!("{name}, {side}"), None)?);
            figures.extend(rounds.ratios(&floors, MEASUREMENT, &format!("{name}, {side}, ratio"), *target)?);
        }
    }
    Ok(figures)
}

/// The wait for the first event of streams that are resumed: turns answered by one server, read at another.
async fn resumed(at: &Server, from: &Server, place: &str, target: Option<f64>) -> Result<Vec<Figure>> {
    progress(&format!("{MEASUREMENT}: streams resumed {place}"))?;
    let (mut asking, mut reading) = (Connection::open(at.address).await?, Connection::open(from.address).await?);
    let mut waits = Vec::with_capacity(RESUMED);
    for number in 0..RESUMED {
        let question =
            json!({ "message": "제주도는 배송비가 얼마예요?", "userId": format!("resume-{place}-{number}") });
        let (status, reply) = asking.post("/api/chat", &question).await?;
        ensure!(status == 200, "no answer: {status}");
        let reply: serde_json::Value = serde_json::from_slice(&reply)?;
        let turn = reply["turnId"].as_str().context("a reply without its turn")?;
        let asked = Instant::now();
        let status = reading.start_get(&format!("/api/turns/{turn}/stream?after=2")).await?;
        ensure!(status == 200, "no stream: {status}");
        let first = reading.piece().await?.context("an empty stream")?;
        waits.push(asked.elapsed());
        ensure!(first.starts_with(b"id: 3"), "it does not go on: {}", String::from_utf8_lossy(&first));
        while reading.piece().await?.is_some() {}
    }
    let (p50, p99) = p50_p99(&waits);
    Ok(vec![
        Figure::of(MEASUREMENT, format!("stream resumed {place}: first event p50"), "ms", &[p50])?.at_most(target),
        Figure::of(MEASUREMENT, format!("stream resumed {place}: first event p99"), "ms", &[p99])?,
    ])
}
