//! Reading in processes of their own.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rag_pipeline::model::{RawDocument, ReadDocument, ReadError};
use rag_pipeline::ports::TextReader;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::child::{Reader, is_there};
use crate::{Limits, Readers};

/// How much longer than a document's time is waited: the process notices itself when the time is over, and then need not
/// be replaced.
const GRACE: Duration = Duration::from_millis(500);

/// How reading processes are started, and how many.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// The program to start.
    pub program: PathBuf,
    /// Its arguments; with them it is to call [`worker::run`](crate::worker::run).
    pub arguments: Vec<OsString>,
    /// How many processes there may be at once: 2. More documents wait.
    pub processes: usize,
    /// How long a process that has nothing to do is kept: 60 s.
    pub idle: Duration,
    /// The limits of each document, and of a process's memory.
    pub limits: Limits,
}

impl PoolOptions {
    /// The defaults, for processes started in this way.
    pub fn new(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            processes: 2,
            idle: Duration::from_mins(1),
            limits: Limits::default(),
        }
    }
}

/// Reads documents in child processes, so that a file that crashes, hangs or bloats its reader harms no other.
///
/// Processes are started when they are needed, at most as many as the options allow, and read one document after the
/// other: starting one takes longer than reading a small file. One that does not answer in time is killed, one that ended
/// is replaced; only the document it was reading fails. All are killed when this is dropped, with all they started, and
/// end by themselves when this process is killed.
///
/// Needs a tokio runtime with time and I/O.
pub struct IsolatedReader(Arc<Pool>);

struct Pool {
    options: PoolOptions,
    places: Semaphore,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    /// The one that was used last is at the end, and used next.
    readers: Vec<(Instant, Reader)>,
    /// Whether a task will end those that are idle for long.
    is_watched: bool,
}

impl IsolatedReader {
    /// A reader that starts its processes in this way.
    pub fn new(options: PoolOptions) -> Self {
        let places = Semaphore::new(options.processes.max(1));
        Self(Arc::new(Pool { options, places, idle: Mutex::default() }))
    }

    /// The limits of each document.
    pub fn limits(&self) -> &Limits {
        &self.0.options.limits
    }
}

#[async_trait]
impl TextReader for IsolatedReader {
    fn reads(&self, raw: &RawDocument) -> bool {
        Readers::new(self.0.options.limits).takes(raw)
    }

    async fn read(&self, raw: &RawDocument) -> Result<ReadDocument, ReadError> {
        let limits = &self.0.options.limits;
        if raw.bytes.len() as u64 > limits.bytes {
            let (name, what) = (raw.name.clone(), "bytes".to_owned());
            return Err(ReadError::TooLarge { name, what, limit: limits.bytes });
        }
        // The semaphore is never closed.
        let Ok(_place) = self.0.places.acquire().await else { return Err(not_here(raw, "the reader is gone")) };
        let mut reader = self.0.take().map_err(|reason| not_here(raw, &reason))?;
        match timeout(limits.time() + GRACE, reader.ask(raw, limits)).await {
            Ok(Ok(answer)) => {
                Pool::put(&self.0, reader);
                answer
            }
            Ok(Err(cause)) => {
                tracing::debug!(name = raw.name, error = %cause, "a reading process gave no answer");
                Err(ReadError::Crashed { name: raw.name.clone(), reason: reader.end().await })
            }
            Err(_) => {
                reader.end().await;
                Err(ReadError::TimedOut { name: raw.name.clone(), seconds: limits.seconds })
            }
        }
    }
}

fn not_here(raw: &RawDocument, reason: &str) -> ReadError {
    ReadError::NotHere { name: raw.name.clone(), reason: reason.to_owned() }
}

impl Pool {
    /// A process that waits for work, else a new one.
    fn take(&self) -> Result<Reader, String> {
        while let Some((_, mut reader)) = self.idle().readers.pop() {
            if reader.is_alive() {
                return Ok(reader);
            }
        }
        Reader::start(&self.options).map_err(|cause| {
            let program = self.options.program.display();
            let hint = if is_there(&self.options.program) { "" } else { ": there is no such program" };
            format!("{program} cannot be started{hint} ({cause})")
        })
    }

    fn put(pool: &Arc<Self>, reader: Reader) {
        let mut idle = pool.idle();
        idle.readers.push((Instant::now(), reader));
        if !std::mem::replace(&mut idle.is_watched, true) {
            tokio::spawn(Self::end_idle(Arc::downgrade(pool), pool.options.idle));
        }
    }

    /// Ends processes that had nothing to do for so long, until there are none.
    async fn end_idle(pool: Weak<Self>, after: Duration) {
        let mut rest = after;
        loop {
            sleep(rest).await;
            let Some(pool) = pool.upgrade() else { return };
            let mut idle = pool.idle();
            idle.readers.retain(|(since, _)| since.elapsed() < after);
            let Some((oldest, _)) = idle.readers.first() else {
                idle.is_watched = false;
                return;
            };
            rest = after.saturating_sub(oldest.elapsed()).max(Duration::from_millis(1));
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
