//! What every queue of tasks must do.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use kernel::{PageLimit, RepositoryError, TaskId, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::samples::{at, store};
use crate::model::{Claim, ClaimRequest, Heartbeat, NewTask, TaskFailure, TaskProgress, TaskState};
use crate::testing::Fixture;

const LEASE: i64 = 30;

/// A task of store `a`, asked for at second 0.
pub(super) fn new_task(number: u128, subject: &str) -> NewTask {
    NewTask {
        id: TaskId::from_uuid(Uuid::from_u128(number)),
        store: store("a"),
        queue: "documents".to_owned(),
        kind: "ingest".to_owned(),
        subject: subject.to_owned(),
        payload: json!({"name": "안내.md", "n": number.to_string()}),
        created_at: at(0),
    }
}

fn request(worker: &str) -> ClaimRequest {
    ClaimRequest {
        worker: worker.to_owned(),
        queues: vec!["documents".to_owned()],
        lease: Duration::from_secs(LEASE as u64),
        most_attempts: 100,
    }
}

async fn take<G>(f: &Fixture<G>, worker: &str, seconds: i64) -> Option<Claim> {
    let task = f.tasks.claim(&request(worker), at(seconds)).await.unwrap()?;
    Some(Claim { task: task.new.id, worker: worker.to_owned(), attempt: task.attempts })
}

/// The next task, which there must be.
pub(super) async fn claim_next<G>(f: &Fixture<G>, worker: &str, seconds: i64) -> Claim {
    take(f, worker, seconds).await.unwrap()
}

async fn state<G>(f: &Fixture<G>, number: u128) -> TaskState {
    f.tasks.find(&store("a"), new_task(number, "").id).await.unwrap().unwrap().state
}

fn until(seconds: i64) -> Timestamp {
    at(seconds + LEASE)
}

fn failure() -> TaskFailure {
    TaskFailure::new("source_unavailable", "아직 \"없다\"")
}

/// A task is found as it was queued, by its own store only; the same id is refused.
pub async fn a_queued_task_comes_back<G>(f: &Fixture<G>) {
    let new = new_task(1, "d");
    f.tasks.enqueue(&new, &[b"one", b"", b"\0two"]).await.unwrap();
    let task = f.tasks.find(&new.store, new.id).await.unwrap().unwrap();
    assert_eq!((task.new.clone(), task.state, task.attempts, task.run_at), (new.clone(), TaskState::Queued, 0, at(0)));
    assert_eq!((task.progress, task.result, task.failure), (TaskProgress::default(), None, None));
    assert!(f.tasks.find(&store("b"), new.id).await.unwrap().is_none());
    assert!(matches!(f.tasks.enqueue(&new, &[]).await, Err(RepositoryError::Conflict)));
    assert_eq!(f.parts.numbers(new.id, "source").await.unwrap(), [0, 1, 2]);
    assert_eq!(f.parts.part(new.id, "source", 2).await.unwrap().as_deref(), Some(&b"\0two"[..]));
    assert_eq!(f.parts.part(new.id, "source", 3).await.unwrap(), None);
}

/// Tasks are given out in the order of their times, to workers that serve their queue.
pub async fn the_oldest_task_of_a_served_queue_is_given_out<G>(f: &Fixture<G>) {
    let elsewhere = NewTask { queue: "other".to_owned(), ..new_task(1, "a") };
    let later = NewTask { created_at: at(9), ..new_task(2, "b") };
    f.tasks.enqueue(&elsewhere, &[]).await.unwrap();
    f.tasks.enqueue(&later, &[]).await.unwrap();
    f.tasks.enqueue(&new_task(3, "c"), &[]).await.unwrap();
    let task = f.tasks.claim(&request("w"), at(10)).await.unwrap().unwrap();
    assert_eq!((task.new.id, task.state, task.attempts), (new_task(3, "c").id, TaskState::Processing, 1));
    assert_eq!(task.lease_until, Some(until(10)));
    assert_eq!(claim_next(f, "w", 10).await.task, later.id);
    assert_eq!(take(f, "w", 10).await, None);
    let counts = f.tasks.counts(&["documents".to_owned(), "other".to_owned()]).await.unwrap();
    assert_eq!((counts.queued, counts.processing), (1, 2));
}

/// A task whose time has not come waits.
pub async fn a_task_is_not_given_out_before_its_time<G>(f: &Fixture<G>) {
    f.tasks.enqueue(&new_task(1, "d"), &[]).await.unwrap();
    assert_eq!(take(f, "w", -1).await, None);
    let claim = claim_next(f, "w", 0).await;
    assert!(f.tasks.retry(&claim, &failure(), at(100), at(1)).await.unwrap());
    assert_eq!(take(f, "w", 99).await, None);
    let again = claim_next(f, "w", 100).await;
    assert_eq!(again.attempt, 2);
    let task = f.tasks.find(&store("a"), again.task).await.unwrap().unwrap();
    assert_eq!(task.failure, Some(failure()));
}

/// Tasks of one subject are done one after the other; others, and those of other stores, do not wait for them.
pub async fn tasks_of_one_subject_wait_for_each_other<G>(f: &Fixture<G>) {
    for (number, subject) in [(1, "d"), (2, "d"), (3, "e"), (4, ""), (5, "")] {
        f.tasks.enqueue(&new_task(number, subject), &[]).await.unwrap();
    }
    let other = crate::model::NewTask { store: store("b"), ..new_task(6, "d") };
    f.tasks.enqueue(&other, &[]).await.unwrap();
    let mut taken = Vec::new();
    while let Some(claim) = take(f, "w", 0).await {
        taken.push(claim);
    }
    let numbers: Vec<u128> = taken.iter().map(|claim| claim.task.as_uuid().as_u128()).collect();
    assert_eq!(numbers, [1, 3, 4, 5, 6]);
    assert!(f.tasks.complete(&taken[0], &json!({}), at(1)).await.unwrap());
    assert_eq!(claim_next(f, "w", 1).await.task, new_task(2, "d").id);
}

/// Many workers at once: every task is given to exactly one of them.
pub async fn a_task_is_given_to_one_worker<G>(f: &Fixture<G>) {
    for number in 1..=40 {
        f.tasks.enqueue(&new_task(number, &format!("d{number}")), &[]).await.unwrap();
    }
    let work = |worker: usize| async move {
        let name = format!("w{worker}");
        let mut taken = Vec::new();
        while let Some(claim) = take(f, &name, 0).await {
            taken.push(claim.task);
        }
        taken
    };
    let taken: Vec<TaskId> = join_all((0..8).map(work)).await.into_iter().flatten().collect();
    assert_eq!((taken.len(), taken.iter().collect::<BTreeSet<_>>().len()), (40, 40));
}

/// A worker that lives keeps its task; one that is silent loses it, and is told so.
pub async fn a_silent_worker_loses_its_task<G>(f: &Fixture<G>) {
    f.tasks.enqueue(&new_task(1, "d"), &[]).await.unwrap();
    let claim = claim_next(f, "one", 0).await;
    let progress = TaskProgress { percent: 40, stage: "embed".to_owned() };
    let heard = f.tasks.heartbeat(&claim, Some(&progress), until(25), at(25)).await.unwrap();
    assert_eq!(heard, Heartbeat::GoOn);
    assert_eq!(f.tasks.find(&store("a"), claim.task).await.unwrap().unwrap().progress, progress);
    assert_eq!(take(f, "two", 54).await, None);
    let taken_over = claim_next(f, "two", 56).await;
    assert_eq!(taken_over.attempt, 2);
    assert_eq!(f.tasks.heartbeat(&claim, None, until(57), at(57)).await.unwrap(), Heartbeat::Lost);
    assert!(!f.tasks.complete(&claim, &json!({}), at(57)).await.unwrap());
    assert!(!f.tasks.fail(&claim, &failure(), at(57)).await.unwrap());
    assert!(!f.tasks.retry(&claim, &failure(), at(58), at(57)).await.unwrap());
    assert!(matches!(f.parts.keep(&claim, "page", 1, b"x").await, Err(RepositoryError::Stale)));
    assert!(f.tasks.complete(&taken_over, &json!({}), at(58)).await.unwrap());
    // The same worker again, another hold.
    f.tasks.enqueue(&new_task(2, "e"), &[]).await.unwrap();
    let first = claim_next(f, "one", 60).await;
    let second = claim_next(f, "one", 99).await;
    assert_eq!(f.tasks.heartbeat(&first, None, until(99), at(99)).await.unwrap(), Heartbeat::Lost);
    assert_eq!(f.tasks.heartbeat(&second, None, until(99), at(99)).await.unwrap(), Heartbeat::GoOn);
}

/// What was done so far outlives the worker, and goes when the task ends.
pub async fn parts_outlive_the_worker_and_go_with_the_task<G>(f: &Fixture<G>) {
    f.tasks.enqueue(&new_task(1, "d"), &[b"bytes"]).await.unwrap();
    let claim = claim_next(f, "one", 0).await;
    for (number, text) in [(3, "셋"), (1, "하나"), (3, "세엣")] {
        f.parts.keep(&claim, "page", number, text.as_bytes()).await.unwrap();
    }
    let claim = claim_next(f, "two", 31).await;
    assert_eq!(f.parts.numbers(claim.task, "page").await.unwrap(), [1, 3]);
    assert_eq!(f.parts.part(claim.task, "page", 3).await.unwrap().unwrap(), "세엣".as_bytes());
    assert!(f.tasks.retry(&claim, &failure(), at(40), at(35)).await.unwrap());
    let claim = claim_next(f, "two", 40).await;
    assert_eq!(f.parts.numbers(claim.task, "page").await.unwrap(), [1, 3]);
    assert!(f.tasks.complete(&claim, &json!({"글": 1}), at(41)).await.unwrap());
    assert!(f.parts.numbers(claim.task, "page").await.unwrap().is_empty());
    assert!(f.parts.numbers(claim.task, "source").await.unwrap().is_empty());
    let task = f.tasks.find(&store("a"), claim.task).await.unwrap().unwrap();
    assert_eq!(
        (task.state, task.result, task.finished_at),
        (TaskState::Completed, Some(json!({"글": 1})), Some(at(41)))
    );
    assert_eq!((task.progress.percent, task.lease_until, task.failure), (100, None, None));
}

/// A failed task keeps its cause and is never given out again.
pub async fn a_failed_task_keeps_its_cause<G>(f: &Fixture<G>) {
    f.tasks.enqueue(&new_task(1, "d"), &[b"bytes"]).await.unwrap();
    let claim = claim_next(f, "w", 0).await;
    assert!(f.tasks.fail(&claim, &failure(), at(5)).await.unwrap());
    let task = f.tasks.find(&store("a"), claim.task).await.unwrap().unwrap();
    assert_eq!((task.state, task.failure, task.finished_at), (TaskState::Failed, Some(failure()), Some(at(5))));
    assert!(f.parts.numbers(claim.task, "source").await.unwrap().is_empty());
    assert_eq!(take(f, "w", 999).await, None);
    assert_eq!(f.tasks.cancel(&store("a"), claim.task, at(6)).await.unwrap(), Some(TaskState::Failed));
}

/// A waiting task is cancelled at once, a running one when its worker hears of it.
pub async fn cancelling_stops_waiting_and_running_tasks<G>(f: &Fixture<G>) {
    for number in 1..=3 {
        f.tasks.enqueue(&new_task(number, &format!("d{number}")), &[b"x"]).await.unwrap();
    }
    let running = claim_next(f, "w", 0).await;
    let of_a = store("a");
    let cancel = |number| f.tasks.cancel(&of_a, new_task(number, "").id, at(1));
    assert_eq!(cancel(2).await.unwrap(), Some(TaskState::Cancelled));
    assert_eq!(cancel(1).await.unwrap(), Some(TaskState::Processing));
    assert_eq!(cancel(9).await.unwrap(), None);
    assert_eq!(f.tasks.cancel(&store("b"), new_task(3, "").id, at(1)).await.unwrap(), None);
    assert!(f.parts.numbers(new_task(2, "").id, "source").await.unwrap().is_empty());
    assert_eq!(f.tasks.heartbeat(&running, None, until(2), at(2)).await.unwrap(), Heartbeat::Cancel);
    assert!(!f.tasks.complete(&running, &json!({}), at(2)).await.unwrap(), "it is not wanted any more");
    assert!(f.tasks.cancelled(&running, at(3)).await.unwrap());
    assert_eq!(state(f, 1).await, TaskState::Cancelled);
    assert_eq!(claim_next(f, "w", 4).await.task, new_task(3, "").id);
}

/// A running task that is to be cancelled is cancelled when its worker dies, not given out again; and when it is to be
/// tried again.
pub async fn a_cancelled_task_is_not_tried_again<G>(f: &Fixture<G>) {
    for number in 1..=3 {
        f.tasks.enqueue(&new_task(number, &format!("d{number}")), &[]).await.unwrap();
    }
    let (_dead, tried) = (claim_next(f, "w", 0).await, claim_next(f, "w", 0).await);
    assert_eq!(f.tasks.cancel_subject(&store("a"), "d1", at(1)).await.unwrap(), 1);
    assert_eq!(f.tasks.cancel_subject(&store("a"), "d2", at(1)).await.unwrap(), 1);
    assert_eq!(f.tasks.cancel_subject(&store("b"), "d3", at(1)).await.unwrap(), 0);
    assert!(f.tasks.retry(&tried, &failure(), at(5), at(2)).await.unwrap());
    assert_eq!(state(f, 2).await, TaskState::Cancelled);
    assert_eq!(claim_next(f, "w", 60).await.task, new_task(3, "").id);
    assert_eq!(take(f, "w", 60).await, None);
    assert_eq!(state(f, 1).await, TaskState::Cancelled);
}

/// Tasks of workers that are known to be gone are free at once.
pub async fn the_tasks_of_a_dead_process_are_released<G>(f: &Fixture<G>) {
    for number in 1..=3 {
        f.tasks.enqueue(&new_task(number, &format!("d{number}")), &[b"x"]).await.unwrap();
    }
    claim_next(f, "host%:1/a", 0).await;
    claim_next(f, "host%:1/b", 0).await;
    claim_next(f, "hosts:1/a", 0).await;
    f.tasks.cancel(&store("a"), new_task(2, "").id, at(1)).await.unwrap();
    assert_eq!(f.tasks.release("host%:1/", at(2)).await.unwrap(), 2);
    let states = [state(f, 1).await, state(f, 2).await, state(f, 3).await];
    assert_eq!(states, [TaskState::Queued, TaskState::Cancelled, TaskState::Processing]);
    let again = claim_next(f, "w", 3).await;
    assert_eq!((again.task, again.attempt), (new_task(1, "").id, 2));
    assert_eq!(f.parts.numbers(again.task, "source").await.unwrap(), [0]);
}

/// A task that kills its workers is given up in the end, and only then.
pub async fn a_task_that_kills_its_workers_is_given_up<G>(f: &Fixture<G>) {
    f.tasks.enqueue(&new_task(1, "d"), &[b"x"]).await.unwrap();
    claim_next(f, "w", 0).await;
    assert!(f.tasks.sweep(2, 9, at(99)).await.unwrap().is_empty());
    claim_next(f, "w", 100).await;
    assert!(f.tasks.sweep(2, 9, at(101)).await.unwrap().is_empty());
    let stuck = f.tasks.sweep(2, 9, at(200)).await.unwrap();
    assert_eq!((stuck.len(), stuck[0].state), (1, TaskState::Failed));
    assert_eq!(stuck[0].failure.as_ref().map(|failure| failure.code.as_str()), Some("stuck"));
    assert!(f.parts.numbers(stuck[0].new.id, "source").await.unwrap().is_empty());
    assert!(f.tasks.sweep(2, 9, at(201)).await.unwrap().is_empty());
    // Neither when its workers' process is known to be gone each time: it is not given out again, and given up.
    f.tasks.enqueue(&new_task(2, "e"), &[]).await.unwrap();
    for second in [210, 220] {
        claim_next(f, "host/1", second).await;
        f.tasks.release("host/", at(second + 1)).await.unwrap();
    }
    let cautious = ClaimRequest { most_attempts: 2, ..request("w") };
    assert!(f.tasks.claim(&cautious, at(230)).await.unwrap().is_none());
    assert_eq!(f.tasks.sweep(2, 9, at(231)).await.unwrap().len(), 1);
}

/// Old finished tasks are forgotten; open ones never.
pub async fn old_finished_tasks_are_forgotten<G>(f: &Fixture<G>) {
    for number in 1..=4 {
        f.tasks.enqueue(&new_task(number, &format!("d{number}")), &[]).await.unwrap();
    }
    for second in [1, 2, 3] {
        let claim = claim_next(f, "w", 0).await;
        f.tasks.complete(&claim, &json!({}), at(second)).await.unwrap();
    }
    assert_eq!(f.tasks.purge(at(3), 1).await.unwrap(), 1);
    assert_eq!(f.tasks.purge(at(3), 9).await.unwrap(), 1);
    let left = f.tasks.page(&store("a"), None, None, PageLimit::DEFAULT).await.unwrap();
    assert_eq!(left.items.iter().map(|task| task.new.id.as_uuid().as_u128()).collect::<Vec<_>>(), [4, 3]);
}

/// Lists are of one store, newest first, in pages, and may be of one state.
pub async fn tasks_are_listed_newest_first<G>(f: &Fixture<G>) {
    for number in 1..=4 {
        f.tasks.enqueue(&new_task(number, &format!("d{number}")), &[]).await.unwrap();
    }
    f.tasks.enqueue(&NewTask { store: store("b"), ..new_task(5, "d") }, &[]).await.unwrap();
    let claim = claim_next(f, "w", 0).await;
    f.tasks.fail(&claim, &failure(), at(1)).await.unwrap();
    let numbers = |items: &[crate::model::Task]| items.iter().map(|t| t.new.id.as_uuid().as_u128()).collect::<Vec<_>>();
    let first = f.tasks.page(&store("a"), None, None, PageLimit::new(3).unwrap()).await.unwrap();
    assert_eq!(numbers(&first.items), [4, 3, 2]);
    let rest = f.tasks.page(&store("a"), None, first.next, PageLimit::DEFAULT).await.unwrap();
    assert_eq!((numbers(&rest.items), rest.next), (vec![1], None));
    let failed = f.tasks.page(&store("a"), Some(TaskState::Failed), None, PageLimit::DEFAULT).await.unwrap();
    assert_eq!(numbers(&failed.items), [1]);
}
