use async_trait::async_trait;
use kernel::{Page, PageLimit, RepositoryError, StoreId, TaskId, Timestamp};
use serde_json::Value;

use crate::model::{Claim, ClaimRequest, Heartbeat, NewTask, Task, TaskCounts, TaskFailure, TaskProgress, TaskState};

/// Keeps tasks, and gives each to one worker at a time.
///
/// Contract, under any concurrency of workers in any number of processes: a task is held by one worker at most; a worker
/// that dies or hangs loses it when its lease ends, and whatever it writes later does not count; tasks of one subject are
/// done one after the other, in the order of their ids; no open task waits for ever.
#[async_trait]
pub trait TaskQueue: Send + Sync {
    /// Queues a task with the bytes it works on, in pieces that are kept as parts `source` 0, 1, 2 …
    ///
    /// # Errors
    /// [`RepositoryError::Conflict`] when its id is taken.
    async fn enqueue(&self, task: &NewTask, source: &[&[u8]]) -> Result<(), RepositoryError>;

    /// Gives out the task that has waited longest: one whose time has come, or whose worker's lease has ended, in one of
    /// the worker's queues, with no older open task of the same subject, that was not taken too often. Counts an attempt. A task that was taken before
    /// and is asked to be cancelled is cancelled instead of given out.
    async fn claim(&self, request: &ClaimRequest, now: Timestamp) -> Result<Option<Task>, RepositoryError>;

    /// Says that the worker lives and how far it is: the lease begins anew.
    async fn heartbeat(
        &self,
        claim: &Claim,
        progress: Option<&TaskProgress>,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Heartbeat, RepositoryError>;

    /// The task is done. `false`: the claim was lost, or the task is to be cancelled; nothing changed. The parts are removed.
    async fn complete(&self, claim: &Claim, result: &Value, now: Timestamp) -> Result<bool, RepositoryError>;

    /// The attempt failed; the next may be made from `run_at` on. The parts stay. `false` when the claim was lost.
    async fn retry(
        &self,
        claim: &Claim,
        failure: &TaskFailure,
        run_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, RepositoryError>;

    /// The task cannot be done. The parts are removed. `false` when the claim was lost.
    async fn fail(&self, claim: &Claim, failure: &TaskFailure, now: Timestamp) -> Result<bool, RepositoryError>;

    /// The worker has stopped a task that is to be cancelled. The parts are removed. `false` when the claim was lost.
    async fn cancelled(&self, claim: &Claim, now: Timestamp) -> Result<bool, RepositoryError>;

    /// Asks for a task to be stopped: one that waits is cancelled at once, one that is worked on when its worker hears of
    /// it, a finished one stays as it is. The state afterwards; `None` when the store has no such task.
    async fn cancel(&self, store: &StoreId, id: TaskId, now: Timestamp) -> Result<Option<TaskState>, RepositoryError>;

    /// Asks the same of every open task of a subject; how many there were.
    async fn cancel_subject(&self, store: &StoreId, subject: &str, now: Timestamp) -> Result<u64, RepositoryError>;

    /// Finds a task of a store.
    async fn find(&self, store: &StoreId, id: TaskId) -> Result<Option<Task>, RepositoryError>;

    /// A store's tasks, newest first, in one state or in any, after `after`.
    async fn page<'a>(
        &'a self,
        store: &'a StoreId,
        state: Option<TaskState>,
        after: Option<TaskId>,
        limit: PageLimit,
    ) -> Result<Page<Task, TaskId>, RepositoryError>;

    /// Ends every lease whose worker's name begins with `prefix`, because it is known that they are gone; how many.
    async fn release(&self, prefix: &str, now: Timestamp) -> Result<u64, RepositoryError>;

    /// Fails tasks that were taken `attempts` times or more and that nobody has now: each time their worker died, or hung. Cancels those that were to be cancelled. At most `limit`; gives the failed ones back.
    async fn sweep(&self, attempts: u32, limit: usize, now: Timestamp) -> Result<Vec<Task>, RepositoryError>;

    /// Removes tasks that were finished before a time, at most `limit`; how many.
    async fn purge(&self, finished_before: Timestamp, limit: usize) -> Result<u64, RepositoryError>;

    /// How many tasks of the queues are open, of all stores.
    async fn counts(&self, queues: &[String]) -> Result<TaskCounts, RepositoryError>;
}

/// What tasks work on and have done so far, so that another worker can go on where one stopped.
#[async_trait]
pub trait TaskParts: Send + Sync {
    /// Keeps a part, in place of one with the same name and number.
    ///
    /// # Errors
    /// [`RepositoryError::Stale`] when the claim was lost.
    async fn keep(&self, claim: &Claim, name: &str, number: u32, bytes: &[u8]) -> Result<(), RepositoryError>;

    /// Reads a part; `None` when there is none.
    async fn part(&self, task: TaskId, name: &str, number: u32) -> Result<Option<Vec<u8>>, RepositoryError>;

    /// The numbers of the parts of a name, rising.
    async fn numbers(&self, task: TaskId, name: &str) -> Result<Vec<u32>, RepositoryError>;
}
