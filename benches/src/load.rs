//! Steady load over HTTP for a set time, and what its rounds amount to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use serde_json::Value;

use crate::client::Connection;
use crate::process::Server;
use crate::report::Figure;
use crate::stats::p50_p99;
use crate::storage::cluster::Cluster;

/// One request that is sent again and again.
pub(crate) enum Request {
    Get(String),
    Post(String, Value),
}

impl Request {
    /// Sends it, and waits for the whole answer, which must be a 200: a refusal is fast, and must not flatter a figure.
    pub(crate) async fn send(&self, connection: &mut Connection) -> Result<Vec<u8>> {
        let (path, (status, body)) = match self {
            Self::Get(path) => (path, connection.get(path).await?),
            Self::Post(path, json) => (path, connection.post(path, json).await?),
        };
        ensure!(status == 200, "{path} answers {status}: {}", String::from_utf8_lossy(&body));
        Ok(body)
    }
}

/// What one round of load gave.
pub(crate) struct Load {
    pub(crate) took: Duration,
    /// One for each operation.
    pub(crate) waits: Vec<Duration>,
    /// Of the process that was measured.
    pub(crate) cpu: Option<Duration>,
    /// Of PostgreSQL, where it was at work.
    pub(crate) database_cpu: Option<Duration>,
}

/// Sends `requests` over `connections` for `time`. Each connection goes round its own part of them, so that two
/// never ask in the same session as long as there are more sessions than connections.
pub(crate) async fn load(
    server: &Server,
    requests: &Arc<Vec<Request>>,
    connections: usize,
    time: Duration,
    cluster: Option<&Cluster>,
) -> Result<Load> {
    let open = try_join_all((0..connections).map(|_| Connection::open(server.address))).await?;
    let (cpu, database) = (server.cpu_time(), cluster.and_then(Cluster::cpu_time));
    let begun = Instant::now();
    let clients = open.into_iter().enumerate().map(|(number, connection)| {
        tokio::spawn(client(connection, Arc::clone(requests), number, connections, begun + time))
    });
    let mut waits = Vec::new();
    for client in try_join_all(clients).await? {
        waits.extend(client?);
    }
    Ok(Load {
        took: begun.elapsed(),
        waits,
        cpu: since(server.cpu_time(), cpu),
        database_cpu: since(cluster.and_then(Cluster::cpu_time), database),
    })
}

/// What was used between two readings of a processor clock.
pub(crate) fn since(now: Option<Duration>, before: Option<Duration>) -> Option<Duration> {
    now.zip(before).map(|(now, before)| now.saturating_sub(before))
}

async fn client(
    mut connection: Connection,
    requests: Arc<Vec<Request>>,
    first: usize,
    step: usize,
    end: Instant,
) -> Result<Vec<Duration>> {
    let mut waits = Vec::new();
    let mut next = first;
    while Instant::now() < end {
        let request = &requests[next % requests.len()];
        next += step;
        let sent = Instant::now();
        request.send(&mut connection).await?;
        waits.push(sent.elapsed());
    }
    Ok(waits)
}

/// One figure of each kind for each round of one side.
#[derive(Default)]
pub(crate) struct Rounds {
    pub(crate) per_second: Vec<f64>,
    pub(crate) p50: Vec<f64>,
    pub(crate) p99: Vec<f64>,
    pub(crate) cpu_micros: Vec<f64>,
    pub(crate) database_micros: Vec<f64>,
}

impl Rounds {
    pub(crate) fn add(&mut self, load: &Load) {
        let operations = load.waits.len() as f64;
        let (p50, p99) = p50_p99(&load.waits);
        self.per_second.push(operations / load.took.as_secs_f64());
        self.p50.push(p50);
        self.p99.push(p99);
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / operations;
        self.cpu_micros.extend(load.cpu.map(each));
        self.database_micros.extend(load.database_cpu.map(each));
    }

    /// The figures of one side; `p99` is the most its 99th percentile may be, in milliseconds.
    pub(crate) fn figures(&self, measurement: &'static str, of: &str, p99: Option<f64>) -> Result<Vec<Figure>> {
        let figure = |name: &str, unit, values: &[f64]| Figure::of(measurement, format!("{of}: {name}"), unit, values);
        let mut figures = vec![
            figure("operations", "/s", &self.per_second)?,
            figure("wait p50", "ms", &self.p50)?,
            figure("wait p99", "ms", &self.p99)?.at_most(p99),
        ];
        if !self.cpu_micros.is_empty() {
            figures.push(figure("processor time for each", "us", &self.cpu_micros)?);
        }
        if !self.database_micros.is_empty() {
            figures.push(figure("processor time of PostgreSQL for each", "us", &self.database_micros)?);
        }
        Ok(figures)
    }

    /// This side to the other: operations a second, and processor time for each, PostgreSQL's included.
    /// `at_least` is the least that the first may be.
    pub(crate) fn ratios(
        &self,
        other: &Self,
        measurement: &'static str,
        of: &str,
        at_least: Option<f64>,
    ) -> Result<Vec<Figure>> {
        let figure = |name: &str, mine: &[f64], others: &[f64]| {
            Figure::of(measurement, format!("{of}: {name}"), "x", &quotients(mine, others))
        };
        let mut figures = vec![
            figure("operations", &self.per_second, &other.per_second)?.at_least(at_least),
            figure("wait p50", &self.p50, &other.p50)?,
        ];
        let (mine, others) = (self.all_micros(), other.all_micros());
        if !mine.is_empty() && !others.is_empty() {
            figures.push(figure("processor time, database included", &mine, &others)?);
        }
        Ok(figures)
    }

    /// Processor time of each operation, PostgreSQL's included.
    pub(crate) fn all_micros(&self) -> Vec<f64> {
        if self.database_micros.len() != self.cpu_micros.len() {
            return self.cpu_micros.clone();
        }
        self.cpu_micros.iter().zip(&self.database_micros).map(|(own, database)| own + database).collect()
    }
}

/// Round by round.
pub(crate) fn quotients(mine: &[f64], others: &[f64]) -> Vec<f64> {
    mine.iter().zip(others).map(|(mine, other)| mine / other).collect()
}
