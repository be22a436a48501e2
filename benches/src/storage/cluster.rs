//! A PostgreSQL server of the run's own, as durable as a real one, and the processor time it uses.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use test_support::postgres::{self, PostgresServer};
use tokio_postgres::{Client, NoTls};

/// A running server; it ends with the value.
pub(crate) struct Cluster {
    server: PostgresServer,
}

impl Cluster {
    /// Starts one whose commits are on disk before they are answered.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start.
    pub(crate) async fn start() -> Result<Self> {
        let server = postgres::durable_server().await;
        let server = server.context("PostgreSQL cannot be measured; leave it out with --sqlite-only")?;
        Ok(Self { server })
    }

    /// An empty database, and its URL.
    pub(crate) async fn database(&self, name: &str) -> Result<String> {
        connect(self.server.url()).await?.batch_execute(&format!("CREATE DATABASE {name}")).await?;
        Ok(self.server.database_url(name))
    }

    /// Processor time of all its processes so far; `None` where there is no `/proc`.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        let file = self.server.directory()?.join("data/postmaster.pid");
        let postmaster = std::fs::read_to_string(file).ok()?.lines().next()?.trim().to_owned();
        let processes = std::fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path());
        Some(processes.filter(|process| parent(process).is_some_and(|id| id == postmaster)).map(|p| used(&p)).sum())
    }
}

/// A connection that lives as long as its client.
pub(crate) async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.context("PostgreSQL does not answer")?;
    // Its errors come out of the client's calls.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// Processor time of this program so far; `None` where there is no `/proc`.
pub(crate) fn own_cpu_time() -> Option<Duration> {
    Path::new("/proc/self/task").exists().then(|| used(Path::new("/proc/self")))
}

fn parent(process: &Path) -> Option<String> {
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    // The name in parentheses may hold spaces; the state and the parent follow it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1).map(str::to_owned)
}

/// What the threads of a process used, in nanoseconds: the clock ticks of its `stat` are too coarse for a short round.
/// A process or thread that ends meanwhile counts for nothing.
fn used(process: &Path) -> Duration {
    let threads = std::fs::read_dir(process.join("task")).into_iter().flatten().flatten();
    let nanos = threads.filter_map(|thread| {
        let times = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        times.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}
