//! Taking documents in with a progress bar.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use kernel::{StoreId, TaskId};
use rag_pipeline::ingest::{
    DocumentService, IngestError, IngestOutcome, IngestWorker, Ingested, Ingestor, NewDocument,
};
use rag_pipeline::model::{Collection, TaskState};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::Found;
use crate::wiring::worker_name;
use crate::workers::{self, Outcome};

/// Files that wait at once: a run that is killed leaves so many behind for the next.
const AHEAD: usize = 64;
/// How often it is looked whether all is done.
const LOOK: Duration = Duration::from_millis(20);

/// What came of taking documents in.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) added: usize,
    pub(crate) updated: usize,
    pub(crate) unchanged: usize,
    pub(crate) failed: usize,
}

impl Tally {
    fn count(&mut self, result: &Outcome) {
        match result.as_ref().map(|ingested| ingested.outcome) {
            Ok(IngestOutcome::Added) => self.added += 1,
            Ok(IngestOutcome::Updated) => self.updated += 1,
            Ok(IngestOutcome::Unchanged) => self.unchanged += 1,
            Err(_) => self.failed += 1,
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { added, updated, unchanged, failed } = self;
        write!(f, "{added} added, {updated} updated, {unchanged} unchanged, {failed} failed")
    }
}

/// Shown on a terminal only.
fn bar(length: usize) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(length as u64);
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    Ok(bar)
}

/// Takes documents in that are in memory, one after the other; `each` sees every result.
pub(crate) async fn ingest_all(
    ingestor: &Ingestor,
    store: &StoreId,
    collection: &Collection,
    documents: Vec<NewDocument>,
    mut each: impl FnMut(&Result<Ingested, IngestError>) + Send,
) -> anyhow::Result<Tally> {
    let bar = bar(documents.len())?;
    let mut tally = Tally::default();
    ingestor
        .ingest_all(store, collection, documents, |result| {
            tally.count(result);
            bar.inc(1);
            if let Ok(ingested) = result {
                bar.set_message(ingested.title.clone());
            }
            each(result);
        })
        .await;
    bar.finish_and_clear();
    Ok(tally)
}

/// What goes on while files are taken in.
struct Progress<F> {
    bar: ProgressBar,
    state: Mutex<State>,
    each: F,
}

#[derive(Default)]
struct State {
    tally: Tally,
    /// Tasks of this run that are not finished.
    open: BTreeSet<TaskId>,
}

impl<F: Fn(&str, &Outcome)> Progress<F> {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, task: TaskId, name: &str, outcome: &Outcome) {
        let mut state = self.lock();
        state.tally.count(outcome);
        state.open.remove(&task);
        drop(state);
        self.bar.inc(1);
        (self.each)(name, outcome);
    }
}

/// Queues files and takes them in, several at once, until all are finished, with what an interrupted run had left. A file
/// that fails for reasons that may pass is tried again; `each` sees the last outcome of each.
pub(crate) async fn ingest_files(
    service: &DocumentService,
    worker: &IngestWorker,
    store: &StoreId,
    collection: &Collection,
    files: Vec<Found>,
    at_once: usize,
    each: impl Fn(&str, &Outcome),
) -> anyhow::Result<Tally> {
    let progress = Progress { bar: bar(files.len())?, state: Mutex::default(), each };
    let told = Arc::new(Notify::new());
    let workers = (0..at_once.max(1)).map(|number| {
        let name = format!("{}{number}", worker_name());
        let seen = |task: &rag_pipeline::model::Task, outcome: &Outcome| {
            let again = outcome.as_ref().is_err_and(IngestError::is_transient);
            if !again || task.attempts >= worker.settings().attempts {
                progress.count(task.new.id, address(task), outcome);
            }
        };
        workers::work(worker.clone(), name, Arc::clone(&told), seen, || {})
    });
    let workers = futures::future::join_all(workers);
    let feed = async {
        for file in files {
            while progress.lock().open.len() >= AHEAD {
                sleep(LOOK).await;
            }
            let task = service.submit_file(store, collection, &file.url, &file.path).await?;
            progress.lock().open.insert(task);
            told.notify_one();
        }
        until_done(worker, store, &progress).await
    };
    tokio::select! {
        fed = feed => fed?,
        _ = workers => {}
    }
    progress.bar.finish_and_clear();
    let tally = progress.lock().tally;
    Ok(tally)
}

async fn until_done<F: Fn(&str, &Outcome)>(
    worker: &IngestWorker,
    store: &StoreId,
    progress: &Progress<F>,
) -> anyhow::Result<()> {
    while !worker.is_idle().await? {
        sleep(LOOK).await;
    }
    // Finished by another process, or cancelled: nobody here has seen it.
    let unseen: Vec<TaskId> = progress.lock().open.iter().copied().collect();
    for id in unseen {
        let task = worker.find(store, id).await?;
        let failed = task.is_none_or(|task| task.state != TaskState::Completed);
        let mut state = progress.lock();
        if state.open.remove(&id) {
            *(if failed { &mut state.tally.failed } else { &mut state.tally.unchanged }) += 1;
        }
    }
    Ok(())
}

fn address(task: &rag_pipeline::model::Task) -> &str {
    task.new.subject.strip_prefix("source:").unwrap_or(&task.new.subject)
}
