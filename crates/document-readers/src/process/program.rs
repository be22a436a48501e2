//! Running a program without waiting in a thread: bounded in time, memory and output, and killed when dropped.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::timeout;

/// How much of what a program complains about is read.
const COMPLAINTS: u64 = 64 << 10;

/// What a program may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) time: Duration,
    /// Bytes of output.
    pub(super) output: u64,
    /// Bytes of address space; kept on Linux.
    pub(super) memory: u64,
}

pub(super) struct Output {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    /// The last line of its complaints, or how it ended.
    pub(super) complaint: String,
}

/// Why there is no output.
#[derive(Debug)]
pub(super) enum Failure {
    TimedOut,
    TooMuch,
    Io(std::io::Error),
}

/// Runs a program with `input` on its standard input, to its end.
pub(super) async fn run(program: &Path, arguments: &[&str], input: &[u8], bounds: Bounds) -> Result<Output, Failure> {
    timeout(bounds.time, unbounded(program, arguments, input, bounds)).await.unwrap_or(Err(Failure::TimedOut))
}

async fn unbounded(program: &Path, arguments: &[&str], input: &[u8], bounds: Bounds) -> Result<Output, Failure> {
    let mut command = Command::new(program);
    // Tesseract's threads fight each other: a page takes 31 s with all of them and 2.6 s with one.
    command.args(arguments).env("OMP_THREAD_LIMIT", "1").env("LC_ALL", "C");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().map_err(Failure::Io)?;
    limit_memory(child.id(), bounds.memory);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
        return Err(Failure::Io(std::io::ErrorKind::BrokenPipe.into()));
    };
    let (mut said, mut complaints) = (Vec::new(), Vec::new());
    let give = async move {
        // A program that has seen enough closes its input; that is not an error.
        stdin.write_all(input).await.unwrap_or_default();
        drop(stdin);
    };
    let (mut stdout, mut stderr) = (stdout.take(bounds.output.saturating_add(1)), stderr.take(COMPLAINTS));
    let ((), read, _) = tokio::join!(give, stdout.read_to_end(&mut said), stderr.read_to_end(&mut complaints));
    read.map_err(Failure::Io)?;
    if said.len() as u64 > bounds.output {
        return Err(Failure::TooMuch);
    }
    let status = child.wait().await.map_err(Failure::Io)?;
    let complaints = String::from_utf8_lossy(&complaints);
    let last = complaints.lines().rfind(|line| !line.trim().is_empty());
    let complaint = last.map_or_else(|| status.to_string(), |line| line.trim().to_owned());
    Ok(Output { status, stdout: said, complaint })
}

#[cfg(target_os = "linux")]
fn limit_memory(process: Option<u32>, most: u64) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let process = process.and_then(|id| Pid::from_raw(id.cast_signed()));
    if process.is_some() {
        // It fails when the program has ended already.
        prlimit(process, Resource::As, Rlimit { current: Some(most), maximum: Some(most) })
            .map(|_| ())
            .unwrap_or_default();
    }
}

#[cfg(not(target_os = "linux"))]
fn limit_memory(_: Option<u32>, _: u64) {}
