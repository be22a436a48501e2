//! Work that goes on behind a request, and outlives the process that began it.

use std::time::Duration;

use kernel::{StoreId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// It waits for a worker, or for the time of its next attempt.
    Queued,
    /// A worker has it under a lease.
    Processing,
    /// It is done.
    Completed,
    /// It cannot be done; the cause is kept.
    Failed,
    /// Somebody did not want it any more.
    Cancelled,
}

impl TaskState {
    /// Whether it is still to be done.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Processing)
    }
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskProgress {
    /// 0 to 100; never falls within an attempt.
    pub percent: u8,
    /// What is being done: `read`, `ocr`, `embed` …; empty before it began.
    pub stage: String,
}

/// Why a task failed, or its last attempt did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFailure {
    /// A stable name: `encrypted`, `source_not_found` …
    pub code: String,
    /// What happened, in English, without secrets.
    pub message: String,
}

impl TaskFailure {
    /// The most of a message that is kept, in characters.
    pub const MAX_CHARS: usize = 1_000;

    /// A failure; a message over [`MAX_CHARS`](Self::MAX_CHARS) is cut.
    pub fn new(code: &str, message: &str) -> Self {
        let message = message.replace('\0', "").chars().take(Self::MAX_CHARS).collect();
        Self { code: code.to_owned(), message }
    }
}

/// A task to be queued.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// Its id: time-ordered, for tasks of one subject are done in the order of their ids.
    pub id: TaskId,
    /// The store it is for.
    pub store: StoreId,
    /// Who may take it: workers name the queues they serve.
    pub queue: String,
    /// What is to be done: `ingest` …
    pub kind: String,
    /// What it is done to. Tasks of one store and subject are never worked on at once; an empty subject keeps nobody waiting.
    pub subject: String,
    /// What the worker needs to know.
    pub payload: Value,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// A task as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// What was asked for.
    pub new: NewTask,
    /// Where it stands.
    pub state: TaskState,
    /// How far it is.
    pub progress: TaskProgress,
    /// What came of it.
    pub result: Option<Value>,
    /// Why it failed, or why it is tried again.
    pub failure: Option<TaskFailure>,
    /// How many times a worker has taken it.
    pub attempts: u32,
    /// Not before this time.
    pub run_at: Timestamp,
    /// Until when a worker has it; `None` when none has.
    pub lease_until: Option<Timestamp>,
    /// Whether it is to be stopped by the worker that has it.
    pub cancel_requested: bool,
    /// When anything last changed.
    pub updated_at: Timestamp,
    /// When it was completed, failed or cancelled.
    pub finished_at: Option<Timestamp>,
}

/// A worker's hold on a task: what it writes counts only as long as it is the one that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The task.
    pub task: TaskId,
    /// The worker.
    pub worker: String,
    /// Which attempt it is: another claim of the same worker is another hold.
    pub attempt: u32,
}

/// A worker that looks for work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRequest {
    /// Who it is: no two live workers have the same name.
    pub worker: String,
    /// The queues it serves.
    pub queues: Vec<String>,
    /// How long it may be silent before the task is given to another.
    pub lease: Duration,
    /// A task that was taken so often is not given out any more: [`sweep`](crate::ports::TaskQueue::sweep) gives it up.
    pub most_attempts: u32,
}

/// What a worker hears when it says that it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heartbeat {
    /// Go on.
    GoOn,
    /// Stop: somebody does not want it any more. Say [`cancelled`](crate::ports::TaskQueue::cancelled) when stopped.
    Cancel,
    /// Stop: another has the task, or it is finished.
    Lost,
}

/// How many tasks there are in the open states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskCounts {
    /// Tasks that wait.
    pub queued: u64,
    /// Tasks that are worked on.
    pub processing: u64,
}
