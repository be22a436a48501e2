//! First token and whole answer of chat turns, beside a bare server that replays the same streams.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use serde::Deserialize;

use crate::build::workspace;
use crate::client::Connection;
use crate::options::Options;
use crate::process::Server;
use crate::report::{Figure, progress};
use crate::session::{ask, question};
use crate::stats::{millis, p50_p99};

const MEASUREMENT: &str = "chat";
/// Turns at a time in the second half of the measurement.
const CONCURRENT: usize = 16;

/// The longest a first token may take, in milliseconds (docs/BENCHMARKS.md).
const TARGET: f64 = 3000.0;

#[derive(Deserialize)]
struct Line {
    question: String,
}

/// Whom to ask, and where each question goes.
#[derive(Clone, Copy)]
enum Peer {
    Iyagi,
    Floor,
}

/// One figure of each kind for each round of one server.
#[derive(Default)]
struct Rounds {
    first_p50: Vec<f64>,
    first_p99: Vec<f64>,
    whole_p50: Vec<f64>,
    whole_p99: Vec<f64>,
    per_second: Vec<f64>,
    cpu_millis: Vec<f64>,
}

pub(crate) async fn measure(options: &Options, binary: &Path) -> Result<Vec<Figure>> {
    let questions = Arc::new(questions(options)?);
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    std::fs::create_dir(&data)?;
    let server = Server::demo(binary, &data).await?;
    drop(server.ready().await?);

    let recording = directory.path().join("recording.json");
    progress("chat: recording")?;
    let (events, bytes) = record(&server, &questions, &recording).await?;
    let arguments = ["chat-floor".as_ref(), "--recording".as_ref(), recording.as_os_str()];
    let floor = Server::start(&std::env::current_exe()?, &arguments, &recording).await?;

    let mut figures = Vec::new();
    for (name, clients) in [("one at a time", 1), ("16 at a time", CONCURRENT)] {
        let (mut real, mut bare) = (Rounds::default(), Rounds::default());
        for round in 1..=options.rounds {
            progress(&format!("chat: {name}, round {round} of {}", options.rounds))?;
            real.add(&load(&server, Peer::Iyagi, &questions, clients).await?);
            bare.add(&load(&floor, Peer::Floor, &questions, clients).await?);
        }
        figures.extend(real.figures(&format!("{name}, iyagi"), Some(TARGET))?);
        figures.extend(bare.figures(&format!("{name}, floor"), None)?);
        figures.extend(ratios(name, &real, &bare)?);
    }
    figures.push(Figure::of(MEASUREMENT, "resident memory after the load", "MiB", &[server.resident_mib()?])?);
    figures.push(Figure::of(MEASUREMENT, "questions in a round", "", &[questions.len() as f64])?);
    figures.push(Figure::of(MEASUREMENT, "events in a stream", "", &events)?);
    figures.push(Figure::of(MEASUREMENT, "size of a stream", "B", &bytes)?);
    server.stop().await?;
    Ok(figures)
}

fn questions(options: &Options) -> Result<Vec<String>> {
    let file = options.questions.clone().unwrap_or_else(|| workspace().join("config/samples/eval.jsonl"));
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let lines: Vec<Line> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(!lines.is_empty(), "{} has no questions", file.display());
    Ok(lines.into_iter().map(|line| line.question).collect())
}

/// Asks everything once, which also warms the server up, and keeps the streams for the floor.
async fn record(server: &Server, questions: &[String], file: &Path) -> Result<(Vec<f64>, Vec<f64>)> {
    let mut connection = Connection::open(server.address).await?;
    let (mut streams, mut events, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for text in questions {
        let turn = ask(&mut connection, Peer::Iyagi.path(0).as_str(), &question(&fresh_user(), text)).await?;
        let stream: Vec<String> = turn.events()?.into_iter().map(str::to_owned).collect();
        events.push(stream.len() as f64);
        bytes.push(turn.body.len() as f64);
        streams.push(stream);
    }
    std::fs::write(file, serde_json::to_vec(&streams)?)?;
    Ok((events, bytes))
}

impl Peer {
    fn path(self, question: usize) -> String {
        match self {
            Self::Iyagi => "/api/chat/stream".to_owned(),
            Self::Floor => format!("/{question}"),
        }
    }
}

/// Every question begins a conversation of its own: no turn waits for another's, and none has a history.
fn fresh_user() -> String {
    static USERS: AtomicUsize = AtomicUsize::new(0);
    format!("bench-chat-{}", USERS.fetch_add(1, Ordering::Relaxed))
}

struct Load {
    took: Duration,
    cpu: Option<Duration>,
    first: Vec<Duration>,
    whole: Vec<Duration>,
}

/// Asks every question once, `clients` at a time.
async fn load(server: &Server, peer: Peer, questions: &Arc<Vec<String>>, clients: usize) -> Result<Load> {
    let connections = try_join_all((0..clients).map(|_| Connection::open(server.address))).await?;
    let next = Arc::new(AtomicUsize::new(0));
    let cpu_before = server.cpu_time();
    let begun = Instant::now();
    let clients = connections
        .into_iter()
        .map(|connection| tokio::spawn(client(connection, peer, Arc::clone(questions), Arc::clone(&next))));
    let mut load = Load { took: Duration::ZERO, cpu: None, first: Vec::new(), whole: Vec::new() };
    for times in try_join_all(clients).await? {
        for (first, whole) in times? {
            load.first.push(first);
            load.whole.push(whole);
        }
    }
    load.took = begun.elapsed();
    load.cpu = server.cpu_time().zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
    Ok(load)
}

async fn client(
    mut connection: Connection,
    peer: Peer,
    questions: Arc<Vec<String>>,
    next: Arc<AtomicUsize>,
) -> Result<Vec<(Duration, Duration)>> {
    let mut times = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(text) = questions.get(number) else { return Ok(times) };
        let turn = ask(&mut connection, &peer.path(number), &question(&fresh_user(), text)).await?;
        times.push((turn.first_token, turn.whole));
    }
}

impl Rounds {
    fn add(&mut self, load: &Load) {
        let (first_p50, first_p99) = p50_p99(&load.first);
        let (whole_p50, whole_p99) = p50_p99(&load.whole);
        self.first_p50.push(first_p50);
        self.first_p99.push(first_p99);
        self.whole_p50.push(whole_p50);
        self.whole_p99.push(whole_p99);
        let turns = load.whole.len() as f64;
        self.per_second.push(turns / load.took.as_secs_f64());
        self.cpu_millis.extend(load.cpu.map(|cpu| millis(cpu) / turns));
    }

    fn figures(&self, of: &str, target: Option<f64>) -> Result<Vec<Figure>> {
        let figure = |name: &str, unit, values: &[f64]| Figure::of(MEASUREMENT, format!("{of}: {name}"), unit, values);
        let mut figures = vec![
            figure("first token p50", "ms", &self.first_p50)?,
            figure("first token p99", "ms", &self.first_p99)?.at_most(target),
            figure("whole answer p50", "ms", &self.whole_p50)?,
            figure("whole answer p99", "ms", &self.whole_p99)?,
            figure("turns", "/s", &self.per_second)?,
        ];
        if !self.cpu_millis.is_empty() {
            figures.push(figure("processor time of the server for each", "ms", &self.cpu_millis)?);
        }
        Ok(figures)
    }
}

fn ratios(name: &str, real: &Rounds, bare: &Rounds) -> Result<Vec<Figure>> {
    let figure = |what: &str, real: &[f64], bare: &[f64]| {
        let ratios: Vec<f64> = real.iter().zip(bare).map(|(real, bare)| real / bare).collect();
        Figure::of(MEASUREMENT, format!("{name}, ratio: {what}"), "x", &ratios)
    };
    Ok(vec![
        figure("first token p50", &real.first_p50, &bare.first_p50)?,
        figure("whole answer p50", &real.whole_p50, &bare.whole_p50)?,
        figure("turns", &real.per_second, &bare.per_second)?,
    ])
}
