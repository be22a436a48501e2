//! Taking documents in, beside everything else a process does.

use std::sync::Arc;
use std::time::Duration;

use kernel::{RepositoryError, error_chain};
use rag_pipeline::ingest::{IngestError, IngestWorker, Ingested};
use rag_pipeline::model::{Claim, Heartbeat, Task};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, sleep, timeout};

/// How often the queue is looked at when nobody says that there is something in it.
const LOOK: Duration = Duration::from_secs(1);
/// How long a worker waits after the storage failed.
const REST: Duration = Duration::from_secs(3);
/// How often stuck tasks and vectors that nobody needs are looked for.
const SWEEP: Duration = Duration::from_secs(30);
/// How much of its lease a worker lets pass before it says that it lives.
const BEATS: u32 = 6;

/// What came of a task: the document, or why it was not taken in.
pub(crate) type Outcome = Result<Ingested, IngestError>;

/// One worker: does tasks one after the other until it is dropped. `told` wakes it; `each` sees every outcome, and `rest` is
/// called when there is nothing left to do.
pub(crate) async fn work(
    worker: IngestWorker,
    name: String,
    told: Arc<Notify>,
    each: impl Fn(&Task, &Outcome),
    rest: impl Fn(),
) {
    let mut busy = false;
    loop {
        match worker.take(&name).await {
            Ok(Some((task, claim))) => {
                busy = true;
                match perform(&worker, &task, &claim).await {
                    Ok(Some(outcome)) => each(&task, &outcome),
                    Ok(None) => {}
                    Err(error) => failed(&error).await,
                }
            }
            Ok(None) => {
                if std::mem::take(&mut busy) {
                    rest();
                }
                // Told or not: the queue is looked at.
                let _ = timeout(LOOK, told.notified()).await;
            }
            Err(error) => failed(&error).await,
        }
    }
}

async fn failed(error: &RepositoryError) {
    tracing::warn!(error = error_chain(error), "the queue of documents cannot be used; it is tried again");
    sleep(REST).await;
}

/// Does a task and says meanwhile that this worker lives; `None` when it was to stop.
async fn perform(worker: &IngestWorker, task: &Task, claim: &Claim) -> Result<Option<Outcome>, RepositoryError> {
    let begun = Instant::now();
    // Both go on at once: the work may hold the very connection that a heartbeat waits for.
    let end = tokio::select! {
        outcome = worker.run(task, claim) => {
            let outcome = outcome?;
            metrics::histogram!("document_ingestion_seconds").record(begun.elapsed().as_secs_f64());
            let name = outcome.as_ref().map_or("failed", |ingested| ingested.outcome.name());
            metrics::counter!("documents_ingested_total", "outcome" => name).increment(1);
            return Ok(Some(outcome));
        }
        end = beat(worker, claim) => end,
    };
    // What it was doing is dropped, and whatever it would still write does not count.
    match end {
        End::Cancelled => worker.stopped(task, claim).await?,
        End::Lost => tracing::warn!(task = %claim.task, "another worker has taken a task over"),
    }
    Ok(None)
}

/// Why a worker is to stop.
enum End {
    /// Nobody wants the task any more.
    Cancelled,
    /// Another has it.
    Lost,
}

/// Says that the worker lives until it is to stop.
async fn beat(worker: &IngestWorker, claim: &Claim) -> End {
    let period = worker.settings().lease / BEATS;
    let mut beats = interval_at(Instant::now() + period, period);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        match worker.beat(claim).await {
            Ok(Heartbeat::GoOn) => {}
            Ok(Heartbeat::Cancel) => return End::Cancelled,
            Ok(Heartbeat::Lost) => return End::Lost,
            // The lease goes on running out; the work may still be done in time.
            Err(error) => tracing::warn!(error = error_chain(&error), "a worker could not say that it lives"),
        }
    }
}

/// Looks after the queue until it is dropped.
pub(crate) async fn keep_up(worker: IngestWorker) {
    let mut rounds = interval(SWEEP);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        match worker.sweep().await {
            Ok(swept) if swept.stuck > 0 || swept.removals > 0 => tracing::info!(?swept, "documents were tidied up"),
            Ok(_) => {}
            Err(error) => tracing::warn!(error = error_chain(&error), "documents could not be tidied up"),
        }
    }
}
