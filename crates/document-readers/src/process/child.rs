//! One reading process, as seen by the one that asks it.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rag_pipeline::model::{RawDocument, ReadDocument, ReadError};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::isolated::PoolOptions;
use crate::worker::{PREFIX, lengths, request};
use crate::{Limits, programs};

/// How much of what a process says at its end is kept, in bytes.
const LAST_WORDS: usize = 2_048;
/// How long is waited for what a process said before it was gone.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long an answer may be beyond eight bytes for each character: JSON around many short blocks.
const AROUND: u64 = 64 << 20;

/// A running process. When this is dropped, the process and all it started are killed.
pub(super) struct Reader {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    last_words: Arc<Mutex<Vec<u8>>>,
    listener: JoinHandle<()>,
}

impl Reader {
    /// Starts one, in a process group of its own and without this process's environment, which may hold secrets.
    pub(super) fn start(options: &PoolOptions) -> io::Result<Self> {
        let mut command = Command::new(&options.program);
        command.args(&options.arguments).env_clear();
        for kept in ["PATH", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "TMPDIR"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.process_group(0).kill_on_drop(true).spawn()?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let last_words = Arc::default();
        let listener = tokio::spawn(listen(stderr, Arc::clone(&last_words)));
        Ok(Self { child, stdin, stdout, last_words, listener })
    }

    /// Whether it is still there to be asked.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it for a document.
    ///
    /// # Errors
    /// When it did not answer; it is of no use any more. An error of reading is an answer.
    pub(super) async fn ask(
        &mut self,
        raw: &RawDocument,
        limits: &Limits,
    ) -> io::Result<Result<ReadDocument, ReadError>> {
        self.stdin.write_all(&request(raw, limits)?).await?;
        self.stdin.write_all(&raw.bytes).await?;
        self.stdin.flush().await?;
        let mut start = [0; PREFIX];
        self.stdout.read_exact(&mut start).await?;
        let (head, body) = lengths(start);
        if body > 0 || u64::from(head) > limits.characters.saturating_mul(8).saturating_add(AROUND) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its answer is no document"));
        }
        let mut answer = Vec::new();
        (&mut self.stdout).take(head.into()).read_to_end(&mut answer).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// Ends it and all it started, and tells how it ended. A process that has ended by itself tells how that was.
    pub(super) async fn end(mut self) -> String {
        self.kill_group();
        let status = self.child.wait().await;
        // It ends with the last process of the group; one that left the group does not keep anybody.
        timeout(FAREWELL, &mut self.listener).await.map(|_| ()).unwrap_or_default();
        let words = self.last_words.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let words = String::from_utf8_lossy(&words);
        let said = words.lines().rfind(|line| !line.trim().is_empty() && !line.starts_with("note:")).unwrap_or("");
        described(&status, said)
    }

    fn kill_group(&self) {
        // The id is that of the group, and is not given anew before the process was waited for, which ends `id`.
        let group = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(group) = group {
            // It fails when all of them are gone.
            kill_process_group(group, Signal::KILL).unwrap_or_default();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.kill_group();
    }
}

fn described(status: &io::Result<ExitStatus>, said: &str) -> String {
    let how = status.as_ref().map_or_else(ToString::to_string, ToString::to_string);
    if said.is_empty() { how } else { format!("{how}; {said}") }
}

async fn listen(mut stderr: ChildStderr, last_words: Arc<Mutex<Vec<u8>>>) {
    let mut portion = [0; LAST_WORDS];
    while let Ok(length) = stderr.read(&mut portion).await
        && length > 0
    {
        let mut words = last_words.lock().unwrap_or_else(PoisonError::into_inner);
        words.extend(&portion[..length]);
        let surplus = words.len().saturating_sub(LAST_WORDS);
        words.drain(..surplus);
    }
}

/// Whether a program can be started: a path, or a name that is looked up.
pub(super) fn is_there(program: &std::path::Path) -> bool {
    program.is_file() || program.to_str().is_some_and(|name| programs::find(name).is_some())
}
