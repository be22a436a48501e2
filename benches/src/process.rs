//! A server as a child process: its address, memory, processor time and end.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::client::Connection;

/// Longest wait for a server to listen, to be ready, and to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// Sessions are read from the database each time: what is measured is not what remembers them.
pub(crate) const NOTHING_REMEMBERED: (&str, &str) = ("IYAGI__CACHE__MEMORY_MB", "0");

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    /// Just before the process was made.
    pub(crate) started: Instant,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// The demo on `data`, with the built-in configuration and none of the caller's environment.
    pub(crate) async fn demo(binary: &Path, data: &Path) -> Result<Self> {
        Self::demo_with(binary, data, &[]).await
    }

    /// The same with environment variables of its own.
    pub(crate) async fn demo_with(binary: &Path, data: &Path, variables: &[(&str, &str)]) -> Result<Self> {
        let arguments = ["demo".as_ref(), "--data".as_ref(), data.as_os_str(), "--port".as_ref(), "0".as_ref()];
        Self::start_with(binary, &arguments, variables, data).await
    }

    /// A server without documents on `data`, which keeps its sessions there unless a variable names a database.
    pub(crate) async fn serve_with(binary: &Path, data: &Path, variables: &[(&str, &str)]) -> Result<Self> {
        let arguments = ["serve".as_ref(), "--data".as_ref(), data.as_os_str(), "--port".as_ref(), "0".as_ref()];
        Self::start_with(binary, &arguments, variables, data).await
    }

    /// Starts a program that prints `http://<address>` on a line of its standard output once it listens.
    /// Its error output goes to a file beside `data`.
    pub(crate) async fn start(binary: &Path, arguments: &[&OsStr], data: &Path) -> Result<Self> {
        Self::start_with(binary, arguments, &[], data).await
    }

    async fn start_with(binary: &Path, arguments: &[&OsStr], variables: &[(&str, &str)], data: &Path) -> Result<Self> {
        let log = data.with_extension("log");
        let mut command = Command::new(binary);
        command
            .args(arguments)
            .env_clear()
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?);
        // A configuration directory under the caller's feet would be a layer of the server's configuration.
        command.current_dir(data.parent().unwrap_or(data));
        let started = Instant::now();
        let mut child = command.spawn().with_context(|| format!("cannot start {}", binary.display()))?;
        let output = child.stdout.take().context("no standard output")?;
        let (tell, told) = oneshot::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            let address = lines.find_map(|line| address_in(&line));
            // Nobody is told when the wait was given up; the output is read on all the same, or the server would block.
            let _ = address.map(|address| tell.send(address));
            lines.for_each(drop);
        });
        let mut server = Self { child, log, started, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        match timeout(PATIENCE, told).await {
            Ok(Ok(address)) => server.address = address,
            _ => bail!("{} never said where it listens; its log:\n{}", binary.display(), server.last_log()),
        }
        Ok(server)
    }

    /// Asks `GET /ready` until it answers 200, and returns the connection.
    pub(crate) async fn ready(&self) -> Result<Connection> {
        let mut connection = Connection::open(self.address).await?;
        loop {
            let (status, _) = connection.get("/ready").await?;
            if status == 200 {
                return Ok(connection);
            }
            ensure!(self.started.elapsed() < PATIENCE, "not ready after a minute; log:\n{}", self.last_log());
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// Resident memory in MiB.
    pub(crate) fn resident_mib(&self) -> Result<f64> {
        let pid = self.child.id();
        let kib = if let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
            line.trim().trim_end_matches(" kB").to_owned()
        } else {
            let output = Command::new("ps").args(["-o", "rss=", "-p", &pid.to_string()]).output()?;
            String::from_utf8(output.stdout)?.trim().to_owned()
        };
        Ok(kib.parse::<f64>()? / 1024.0)
    }

    /// Processor time used so far, user and system; `None` where there is no `/proc`. It counts in clock ticks of 10 ms.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // The name in parentheses may hold spaces; fields 14 and 15 of proc(5) are the 12th and 13th after it.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
        Some(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    /// Asks the process to stop, and says how long that took.
    pub(crate) async fn stop(mut self) -> Result<Duration> {
        let asked = Instant::now();
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        loop {
            if let Some(status) = self.child.try_wait()? {
                let took = asked.elapsed();
                ensure!(status.success(), "the server ended with {status}; its log:\n{}", self.last_log());
                return Ok(took);
            }
            ensure!(asked.elapsed() < PATIENCE, "the server did not stop within a minute");
            sleep(Duration::from_micros(500)).await;
        }
    }

    fn last_log(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_else(|error| error.to_string());
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails only for a process that has ended, which is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let rest = line.split_once("http://")?.1;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_a_sentence() {
        assert_eq!(address_in("Chat page: http://127.0.0.1:4711/ (stop with Ctrl-C)"), "127.0.0.1:4711".parse().ok());
        assert_eq!(address_in("http://127.0.0.1:80"), "127.0.0.1:80".parse().ok());
        assert_eq!(address_in("reading documents"), None);
    }
}
