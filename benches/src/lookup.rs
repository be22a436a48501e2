//! Session look-up through the whole HTTP stack, beside one SQLite read behind a bare server.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use rusqlite::OpenFlags;
use serde_json::{Value, json};

use crate::client::Connection;
use crate::options::Options;
use crate::process::{NOTHING_REMEMBERED, Server};
use crate::report::{Figure, progress};
use crate::stats::p50_p99;

const MEASUREMENT: &str = "lookup";
/// Keep-alive connections, each with one request at a time.
const CONNECTIONS: usize = 64;
/// The most a look-up may take, in milliseconds (docs/BENCHMARKS.md).
const TARGET: f64 = 20.0;
/// Sessions that the requests go round.
const SESSIONS: usize = 256;

/// One figure of each kind for each round of one server.
#[derive(Default)]
struct Rounds {
    per_second: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    cpu_micros: Vec<f64>,
}

pub(crate) async fn measure(options: &Options, binary: &Path) -> Result<Vec<Figure>> {
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    std::fs::create_dir(&data)?;
    let server = Server::demo_with(binary, &data, &[NOTHING_REMEMBERED]).await?;
    let mut connection = server.ready().await?;
    let (paths, body_bytes) = sessions(&mut connection).await?;

    let copy = directory.path().join("copy.db");
    copy_database(&data.join("iyagi.db"), &copy)?;
    let bytes = body_bytes.to_string();
    let arguments = ["lookup-floor".as_ref(), "--database".as_ref(), copy.as_os_str()];
    let arguments = [&arguments[..], &["--body-bytes".as_ref(), bytes.as_ref()]].concat();
    let floor = Server::start(&std::env::current_exe()?, &arguments, &copy).await?;

    let requests = options.requests as usize;
    let (mut real, mut bare) = (Rounds::default(), Rounds::default());
    for round in 0..=options.rounds {
        // Round 0 warms caches up and does not count.
        progress(&format!("lookup: round {round} of {}", options.rounds))?;
        let (of_server, of_floor) = (load(&server, &paths, requests).await?, load(&floor, &paths, requests).await?);
        if round > 0 {
            real.add(&of_server);
            bare.add(&of_floor);
        }
    }
    server.stop().await?;
    figures(&real, &bare, body_bytes)
}

/// Makes the sessions, and says how they are asked for and how long an answer is.
async fn sessions(connection: &mut Connection) -> Result<(Arc<Vec<String>>, usize)> {
    let mut paths = Vec::with_capacity(SESSIONS);
    for number in 0..SESSIONS {
        let session = json!({ "userId": format!("bench-lookup-{number}"), "title": "배송 문의" });
        let (status, body) = connection.post("/api/sessions", &session).await?;
        ensure!(status == 201, "no session: {status} {}", String::from_utf8_lossy(&body));
        let made: Value = serde_json::from_slice(&body)?;
        let id = made["id"].as_str().context("a session without an id")?;
        paths.push(format!("/api/sessions/{id}"));
    }
    let (status, body) = connection.get(&paths[0]).await?;
    ensure!(status == 200, "no look-up: {status} {}", String::from_utf8_lossy(&body));
    Ok((Arc::new(paths), body.len()))
}

/// A copy of the live file as of now, its write-ahead log included.
pub(crate) fn copy_database(from: &Path, to: &Path) -> Result<()> {
    let database = rusqlite::Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    database.execute("VACUUM INTO ?1", [to.to_str().context("the copy's path is not UTF-8")?])?;
    Ok(())
}

struct Load {
    took: Duration,
    waits: Vec<Duration>,
    cpu: Option<Duration>,
}

/// Sends `requests` look-ups over all connections and waits for every answer.
async fn load(server: &Server, paths: &Arc<Vec<String>>, requests: usize) -> Result<Load> {
    let connections = try_join_all((0..CONNECTIONS).map(|_| Connection::open(server.address))).await?;
    ensure_answers(server.address, &paths[0]).await?;
    let next = Arc::new(AtomicUsize::new(0));
    let cpu_before = server.cpu_time();
    let begun = Instant::now();
    let clients = connections
        .into_iter()
        .map(|connection| tokio::spawn(client(connection, Arc::clone(paths), Arc::clone(&next), requests)));
    let mut waits = Vec::with_capacity(requests);
    for client in try_join_all(clients).await? {
        waits.extend(client?);
    }
    let took = begun.elapsed();
    let cpu = server.cpu_time().zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
    Ok(Load { took, waits, cpu })
}

async fn ensure_answers(server: SocketAddr, path: &str) -> Result<()> {
    let (status, _) = Connection::open(server).await?.get(path).await?;
    ensure!(status == 200, "{path} answers {status}");
    Ok(())
}

async fn client(
    mut connection: Connection,
    paths: Arc<Vec<String>>,
    next: Arc<AtomicUsize>,
    requests: usize,
) -> Result<Vec<Duration>> {
    let mut waits = Vec::with_capacity(requests / CONNECTIONS * 2);
    loop {
        let request = next.fetch_add(1, Ordering::Relaxed);
        if request >= requests {
            return Ok(waits);
        }
        let path = &paths[request % paths.len()];
        let sent = Instant::now();
        let (status, body) = connection.get(path).await?;
        waits.push(sent.elapsed());
        ensure!(status == 200, "{path} answers {status}: {}", String::from_utf8_lossy(&body));
    }
}

impl Rounds {
    fn add(&mut self, load: &Load) {
        let requests = load.waits.len() as f64;
        let (p50, p99) = p50_p99(&load.waits);
        self.per_second.push(requests / load.took.as_secs_f64());
        self.p50.push(p50);
        self.p99.push(p99);
        self.cpu_micros.extend(load.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / requests));
    }

    fn figures(&self, of: &str, target: Option<f64>) -> Result<Vec<Figure>> {
        let figure = |name: &str, unit, values: &[f64]| Figure::of(MEASUREMENT, format!("{of}: {name}"), unit, values);
        let mut figures = vec![
            figure("look-ups", "/s", &self.per_second)?,
            figure("wait p50", "ms", &self.p50)?,
            figure("wait p99", "ms", &self.p99)?.at_most(target),
        ];
        if !self.cpu_micros.is_empty() {
            figures.push(figure("processor time of the server for each", "us", &self.cpu_micros)?);
        }
        Ok(figures)
    }
}

fn figures(real: &Rounds, bare: &Rounds, body_bytes: usize) -> Result<Vec<Figure>> {
    let mut figures = real.figures("iyagi", Some(TARGET))?;
    figures.extend(bare.figures("floor", None)?);
    let ratio = |real: &[f64], bare: &[f64]| -> Vec<f64> { real.iter().zip(bare).map(|(r, b)| r / b).collect() };
    let mut push = |name, values: Vec<f64>| -> Result<()> {
        figures.push(Figure::of(MEASUREMENT, name, "x", &values)?);
        Ok(())
    };
    push("ratio: look-ups, iyagi to floor", ratio(&real.per_second, &bare.per_second))?;
    push("ratio: wait p50", ratio(&real.p50, &bare.p50))?;
    push("ratio: wait p99", ratio(&real.p99, &bare.p99))?;
    if !real.cpu_micros.is_empty() {
        push("ratio: processor time", ratio(&real.cpu_micros, &bare.cpu_micros))?;
    }
    figures.push(Figure::of(MEASUREMENT, "size of an answer's body", "B", &[body_bytes as f64])?);
    Ok(figures)
}
