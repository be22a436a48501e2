//! A PostgreSQL server of the run's own, as durable as a real one, and the processor time it uses.

use std::path::{Path, PathBuf};
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
        let postmaster: u32 = std::fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()?;
        // What its dead children used is counted in their parent.
        let own = Stat::read(&process_file(postmaster))?;
        let mut ticks = own.ticks + own.ticks_of_dead_children;
        for entry in std::fs::read_dir("/proc").ok()?.flatten() {
            // A process may end while the list is read.
            ticks +=
                Stat::read(&entry.path().join("stat")).filter(|stat| stat.parent == postmaster).map_or(0, |s| s.ticks);
        }
        Some(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }
}

/// A connection that lives as long as its client.
pub(crate) async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.context("PostgreSQL does not answer")?;
    // Its errors come out of the client's calls.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// The fields of proc(5)'s `stat` that tell processor time.
struct Stat {
    parent: u32,
    ticks: u64,
    ticks_of_dead_children: u64,
}

impl Stat {
    fn read(file: &Path) -> Option<Self> {
        let stat = std::fs::read_to_string(file).ok()?;
        // The name in parentheses may hold spaces; the state is the first field after it.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let sum =
            |from: usize| Some(fields.get(from)?.parse::<u64>().ok()? + fields.get(from + 1)?.parse::<u64>().ok()?);
        Some(Self { parent: fields.get(1)?.parse().ok()?, ticks: sum(11)?, ticks_of_dead_children: sum(13)? })
    }
}

fn process_file(process: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{process}/stat"))
}

/// Processor time of this program so far; `None` where there is no `/proc`.
pub(crate) fn own_cpu_time() -> Option<Duration> {
    let ticks = Stat::read(Path::new("/proc/self/stat"))?.ticks;
    Some(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}
