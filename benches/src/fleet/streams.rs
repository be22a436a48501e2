//! Streamed tokens a second beside the upstream alone, and the memory of streams that wait.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;

use super::pace::{Pace, TOKEN};
use crate::client::Connection;
use crate::load::{quotients, since};
use crate::options::Options;
use crate::process::Server;
use crate::report::{Figure, progress};
use crate::session::ask;

const MEASUREMENT: &str = "streams";
/// Streams at the same time.
const STREAMS: usize = 100;
/// Four seconds of a fast upstream: a hundred tokens a second.
const USUAL: Pace = Pace { tokens: 400, gap_ms: 10, silent: false };
/// As fast as it goes.
const FAST: Pace = Pace { tokens: 2_000, gap_ms: 0, silent: false };
/// The least of the upstream's tokens a second.
const RATE_TARGET: f64 = 0.8;
/// Streams that have said something and wait.
const IDLE: usize = 5_000;
const SAID: Pace = Pace { tokens: 1, gap_ms: 0, silent: true };
/// The most that one of them may keep resident, in KiB.
const MEMORY_TARGET: f64 = 64.0;
/// Connections that are made at the same time.
const OPENING: usize = 64;

pub(crate) async fn measure(options: &Options) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let own = std::env::current_exe()?;
    let start = async |command: &str| Server::start(&own, &[command.as_ref()], &folder.path().join(command)).await;
    let (server, upstream) = (start("stream-server").await?, start("stream-floor").await?);
    let mut figures = Vec::new();
    for (name, pace) in [("100 streams of 100 tokens/s", USUAL), ("100 streams at full speed", FAST)] {
        let (mut real, mut bare) = (Rates::default(), Rates::default());
        for round in 0..=options.rounds.min(5) {
            progress(&format!("{MEASUREMENT}: {name}, round {round}"))?;
            let (of_server, of_upstream) = (streamed(&server, pace).await?, streamed(&upstream, pace).await?);
            if round > 0 {
                real.add(&of_server, pace);
                bare.add(&of_upstream, pace);
            }
        }
        figures.extend(real.figures(&format!("{name}, iyagi"))?);
        figures.extend(bare.figures(&format!("{name}, upstream alone"))?);
        let ratio =
            Figure::of(MEASUREMENT, format!("{name}, ratio: tokens"), "x", &quotients(&real.tokens, &bare.tokens))?;
        figures.push(if pace == USUAL { ratio.at_least(RATE_TARGET) } else { ratio });
    }
    drop((server, upstream));
    figures.extend(idle(&own, folder.path()).await?);
    Ok(figures)
}

#[derive(Default)]
struct Rates {
    tokens: Vec<f64>,
    cpu_micros: Vec<f64>,
}

impl Rates {
    fn add(&mut self, (took, cpu): &(Duration, Option<Duration>), pace: Pace) {
        let tokens = STREAMS as f64 * f64::from(pace.tokens);
        self.tokens.push(tokens / took.as_secs_f64());
        self.cpu_micros.extend(cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / tokens));
    }

    fn figures(&self, of: &str) -> Result<Vec<Figure>> {
        let mut figures = vec![Figure::of(MEASUREMENT, format!("{of}: tokens"), "/s", &self.tokens)?];
        if !self.cpu_micros.is_empty() {
            figures.push(Figure::of(MEASUREMENT, format!("{of}: processor time of a token"), "us", &self.cpu_micros)?);
        }
        Ok(figures)
    }
}

fn question(user: &str, pace: Pace) -> serde_json::Value {
    json!({ "message": pace.question(), "userId": user })
}

/// All streams from their beginning to their end.
async fn streamed(server: &Server, pace: Pace) -> Result<(Duration, Option<Duration>)> {
    let connections = try_join_all((0..STREAMS).map(|_| Connection::open(server.address))).await?;
    let (begun, cpu) = (Instant::now(), server.cpu_time());
    let streams = connections.into_iter().enumerate().map(|(number, mut connection)| {
        tokio::spawn(async move {
            let user = format!("{number}-{:?}", Instant::now());
            ask(&mut connection, "/api/chat/stream", &question(&user, pace)).await
        })
    });
    for turn in try_join_all(streams).await? {
        let tokens: usize = turn?.events()?.iter().map(|event| event.matches(TOKEN.trim()).count()).sum();
        ensure!(tokens >= pace.tokens as usize, "{tokens} of {} tokens came", pace.tokens);
    }
    Ok((begun.elapsed(), since(server.cpu_time(), cpu)))
}

/// What streams keep resident that have begun and wait for their upstream.
async fn idle(own: &Path, folder: &Path) -> Result<Vec<Figure>> {
    progress(&format!("{MEASUREMENT}: {IDLE} idle streams"))?;
    let server = Server::start(own, &["stream-server".as_ref()], &folder.join("idle")).await?;
    // What one stream needs once, code and pools, is there before.
    let first = waiting(&server, 0..OPENING).await?;
    let before = server.resident_mib()?;
    let streams = waiting(&server, OPENING..OPENING + IDLE).await?;
    let after = server.resident_mib()?;
    let each = (after - before) * 1024.0 / IDLE as f64;
    drop((first, streams));
    Ok(vec![
        Figure::of(MEASUREMENT, format!("memory with {IDLE} idle streams"), "MiB", &[after])?,
        Figure::of(MEASUREMENT, "memory of an idle stream", "KiB", &[each])?.at_most(MEMORY_TARGET),
    ])
}

/// Streams of which the first token has come.
async fn waiting(server: &Server, users: std::ops::Range<usize>) -> Result<Vec<Connection>> {
    let open = users.map(|number| async move {
        let mut connection = Connection::open(server.address).await?;
        let status = connection.start_post("/api/chat/stream", &question(&format!("idle-{number}"), SAID)).await?;
        ensure!(status == 200, "no stream: {status}");
        let mut said = Vec::new();
        while !String::from_utf8_lossy(&said).contains(r#""type":"token""#) {
            said.extend(connection.piece().await?.unwrap_or_default());
        }
        Ok(connection)
    });
    stream::iter(open).buffer_unordered(OPENING).try_collect().await
}
