use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kernel::{Page, PageLimit, RepositoryError, StoreId, TaskId, Timestamp};
use serde_json::Value;

use crate::model::{Claim, ClaimRequest, Heartbeat, NewTask, Task, TaskCounts, TaskFailure, TaskProgress, TaskState};
use crate::ports::{TaskParts, TaskQueue};

/// Tasks in memory, with their parts. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryTasks(Arc<Mutex<BTreeMap<TaskId, Kept>>>);

#[derive(Debug)]
struct Kept {
    task: Task,
    worker: Option<String>,
    parts: BTreeMap<(String, u32), Vec<u8>>,
}

impl Kept {
    fn is_held_by(&self, claim: &Claim) -> bool {
        self.task.state == TaskState::Processing
            && self.worker.as_ref() == Some(&claim.worker)
            && self.task.attempts == claim.attempt
    }

    fn is_dead(&self, now: Timestamp) -> bool {
        self.task.state == TaskState::Processing && self.task.lease_until.is_some_and(|until| until < now)
    }

    fn end(&mut self, state: TaskState, now: Timestamp) {
        self.task.state = state;
        self.task.finished_at = Some(now);
        self.task.updated_at = now;
        self.task.lease_until = None;
        self.worker = None;
        self.parts.clear();
    }

    fn cancel(&mut self, now: Timestamp) {
        match self.task.state {
            TaskState::Queued => self.end(TaskState::Cancelled, now),
            TaskState::Processing => self.task.cancel_requested = true,
            TaskState::Completed | TaskState::Failed | TaskState::Cancelled => {}
        }
    }
}

impl MemoryTasks {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<TaskId, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with a task that the claim still holds.
    fn held(&self, claim: &Claim, change: impl FnOnce(&mut Kept)) -> bool {
        let mut tasks = self.lock();
        let held = tasks.get_mut(&claim.task).filter(|kept| kept.is_held_by(claim));
        held.map(change).is_some()
    }

    /// Completes a task that the claim still holds and that is not to be cancelled.
    pub(super) fn complete_held(&self, claim: &Claim, result: &Value, now: Timestamp) -> bool {
        let mut completed = false;
        self.held(claim, |kept| {
            if kept.task.cancel_requested {
                return;
            }
            completed = true;
            kept.task.result = Some(result.clone());
            kept.task.progress = TaskProgress { percent: 100, stage: "done".to_owned() };
            kept.task.failure = None;
            kept.end(TaskState::Completed, now);
        });
        completed
    }
}

#[async_trait]
impl TaskQueue for MemoryTasks {
    async fn enqueue(&self, task: &NewTask, source: &[&[u8]]) -> Result<(), RepositoryError> {
        let mut tasks = self.lock();
        if tasks.contains_key(&task.id) {
            return Err(RepositoryError::Conflict);
        }
        let parts = (0..).zip(source).map(|(number, bytes)| (("source".to_owned(), number), bytes.to_vec())).collect();
        let kept = Task {
            new: task.clone(),
            state: TaskState::Queued,
            progress: TaskProgress::default(),
            result: None,
            failure: None,
            attempts: 0,
            run_at: task.created_at,
            lease_until: None,
            cancel_requested: false,
            updated_at: task.created_at,
            finished_at: None,
        };
        tasks.insert(task.id, Kept { task: kept, worker: None, parts });
        Ok(())
    }

    async fn claim(&self, request: &ClaimRequest, now: Timestamp) -> Result<Option<Task>, RepositoryError> {
        let mut tasks = self.lock();
        for kept in tasks.values_mut().filter(|kept| kept.is_dead(now) && kept.task.cancel_requested) {
            kept.end(TaskState::Cancelled, now);
        }
        let waits = |kept: &Kept| kept.task.state == TaskState::Queued && kept.task.run_at <= now;
        let is_free = |kept: &&Kept| {
            let served = request.queues.contains(&kept.task.new.queue) && kept.task.attempts < request.most_attempts;
            served && (waits(kept) || kept.is_dead(now))
        };
        let is_first = |kept: &&Kept| {
            let new = &kept.task.new;
            let mut older = tasks.range(..new.id).map(|(_, other)| &other.task);
            new.subject.is_empty()
                || !older.any(|o| o.state.is_open() && o.new.store == new.store && o.new.subject == new.subject)
        };
        let next =
            tasks.values().filter(is_free).filter(is_first).min_by_key(|kept| (kept.task.run_at, kept.task.new.id));
        let Some(id) = next.map(|kept| kept.task.new.id) else { return Ok(None) };
        let Some(kept) = tasks.get_mut(&id) else { return Ok(None) };
        kept.worker = Some(request.worker.clone());
        kept.task.state = TaskState::Processing;
        kept.task.attempts += 1;
        kept.task.progress = TaskProgress::default();
        kept.task.lease_until = Some(now.plus(request.lease));
        kept.task.updated_at = now;
        Ok(Some(kept.task.clone()))
    }

    async fn heartbeat(
        &self,
        claim: &Claim,
        progress: Option<&TaskProgress>,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Heartbeat, RepositoryError> {
        let mut answer = Heartbeat::Lost;
        self.held(claim, |kept| {
            kept.task.lease_until = Some(lease_until);
            kept.task.updated_at = now;
            if let Some(progress) = progress {
                kept.task.progress = progress.clone();
            }
            answer = if kept.task.cancel_requested { Heartbeat::Cancel } else { Heartbeat::GoOn };
        });
        Ok(answer)
    }

    async fn complete(&self, claim: &Claim, result: &Value, now: Timestamp) -> Result<bool, RepositoryError> {
        Ok(self.complete_held(claim, result, now))
    }

    async fn retry(
        &self,
        claim: &Claim,
        failure: &TaskFailure,
        run_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, RepositoryError> {
        Ok(self.held(claim, |kept| {
            kept.task.failure = Some(failure.clone());
            kept.task.updated_at = now;
            kept.task.lease_until = None;
            kept.task.run_at = run_at;
            kept.worker = None;
            if kept.task.cancel_requested {
                kept.end(TaskState::Cancelled, now);
            } else {
                kept.task.state = TaskState::Queued;
            }
        }))
    }

    async fn fail(&self, claim: &Claim, failure: &TaskFailure, now: Timestamp) -> Result<bool, RepositoryError> {
        Ok(self.held(claim, |kept| {
            kept.task.failure = Some(failure.clone());
            kept.end(TaskState::Failed, now);
        }))
    }

    async fn cancelled(&self, claim: &Claim, now: Timestamp) -> Result<bool, RepositoryError> {
        Ok(self.held(claim, |kept| kept.end(TaskState::Cancelled, now)))
    }

    async fn cancel(&self, store: &StoreId, id: TaskId, now: Timestamp) -> Result<Option<TaskState>, RepositoryError> {
        let mut tasks = self.lock();
        let Some(kept) = tasks.get_mut(&id).filter(|kept| kept.task.new.store == *store) else { return Ok(None) };
        kept.cancel(now);
        Ok(Some(kept.task.state))
    }

    async fn cancel_subject(&self, store: &StoreId, subject: &str, now: Timestamp) -> Result<u64, RepositoryError> {
        let mut tasks = self.lock();
        let of_subject = tasks.values_mut().filter(|kept| {
            kept.task.state.is_open() && kept.task.new.store == *store && kept.task.new.subject == subject
        });
        Ok(of_subject.map(|kept| kept.cancel(now)).count() as u64)
    }

    async fn find(&self, store: &StoreId, id: TaskId) -> Result<Option<Task>, RepositoryError> {
        let tasks = self.lock();
        Ok(tasks.get(&id).filter(|kept| kept.task.new.store == *store).map(|kept| kept.task.clone()))
    }

    async fn page<'a>(
        &'a self,
        store: &'a StoreId,
        state: Option<TaskState>,
        after: Option<TaskId>,
        limit: PageLimit,
    ) -> Result<Page<Task, TaskId>, RepositoryError> {
        let tasks = self.lock();
        let listed = tasks.values().rev().map(|kept| &kept.task).filter(|task| task.new.store == *store);
        let listed = listed.filter(|task| state.is_none_or(|state| task.state == state));
        let listed = listed.filter(|task| after.is_none_or(|after| task.new.id < after)).take(limit.get() + 1).cloned();
        Ok(Page::from_overfetch(listed.collect(), limit, |task| task.new.id))
    }

    async fn release(&self, prefix: &str, now: Timestamp) -> Result<u64, RepositoryError> {
        let mut tasks = self.lock();
        let held = tasks.values_mut().filter(|kept| kept.worker.as_ref().is_some_and(|w| w.starts_with(prefix)));
        let mut count = 0;
        for kept in held {
            kept.worker = None;
            kept.task.lease_until = None;
            kept.task.updated_at = now;
            kept.task.state = TaskState::Queued;
            if kept.task.cancel_requested {
                kept.end(TaskState::Cancelled, now);
            }
            count += 1;
        }
        Ok(count)
    }

    async fn sweep(&self, attempts: u32, limit: usize, now: Timestamp) -> Result<Vec<Task>, RepositoryError> {
        let mut tasks = self.lock();
        for kept in tasks.values_mut().filter(|kept| kept.is_dead(now) && kept.task.cancel_requested) {
            kept.end(TaskState::Cancelled, now);
        }
        let is_stuck = |kept: &&mut Kept| {
            (kept.is_dead(now) || kept.task.state == TaskState::Queued) && kept.task.attempts >= attempts
        };
        let stuck = tasks.values_mut().filter(is_stuck).take(limit);
        let failed = stuck.map(|kept| {
            kept.task.failure = Some(TaskFailure::stuck(kept.task.attempts));
            kept.end(TaskState::Failed, now);
            kept.task.clone()
        });
        Ok(failed.collect())
    }

    async fn purge(&self, finished_before: Timestamp, limit: usize) -> Result<u64, RepositoryError> {
        let mut tasks = self.lock();
        let is_old = |kept: &&Kept| kept.task.finished_at.is_some_and(|at| at < finished_before);
        let old: Vec<TaskId> = tasks.values().filter(is_old).map(|kept| kept.task.new.id).take(limit).collect();
        for id in &old {
            tasks.remove(id);
        }
        Ok(old.len() as u64)
    }

    async fn counts(&self, queues: &[String]) -> Result<TaskCounts, RepositoryError> {
        let tasks = self.lock();
        let of = |state| {
            let counted =
                tasks.values().filter(|kept| kept.task.state == state && queues.contains(&kept.task.new.queue));
            counted.count() as u64
        };
        Ok(TaskCounts { queued: of(TaskState::Queued), processing: of(TaskState::Processing) })
    }
}

#[async_trait]
impl TaskParts for MemoryTasks {
    async fn keep(&self, claim: &Claim, name: &str, number: u32, bytes: &[u8]) -> Result<(), RepositoryError> {
        let held = self.held(claim, |kept| {
            kept.parts.insert((name.to_owned(), number), bytes.to_vec());
        });
        if held { Ok(()) } else { Err(RepositoryError::Stale) }
    }

    async fn part(&self, task: TaskId, name: &str, number: u32) -> Result<Option<Vec<u8>>, RepositoryError> {
        let tasks = self.lock();
        Ok(tasks.get(&task).and_then(|kept| kept.parts.get(&(name.to_owned(), number)).cloned()))
    }

    async fn numbers(&self, task: TaskId, name: &str) -> Result<Vec<u32>, RepositoryError> {
        let tasks = self.lock();
        let parts = tasks.get(&task).into_iter().flat_map(|kept| kept.parts.keys());
        Ok(parts.filter(|(of, _)| of == name).map(|(_, number)| *number).collect())
    }
}
