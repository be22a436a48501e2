//! Doing the tasks that take documents in.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::{ChunkId, Clock, RepositoryError, StoreId, TaskId, Timestamp, error_chain};

use super::service::{IngestPayload, KIND, cancelled, give_up};
use super::{Desk, IngestError, Ingested, Ingestor, NewDocument, Part, Stage};
use crate::model::{
    Claim, ClaimRequest, FetchedDocument, Heartbeat, RawDocument, SourceError, Task, TaskFailure, VectorRemoval,
};
use crate::ports::{DocumentRepository, FileSource, TaskParts, TaskQueue, VectorRemovals, VectorStore};

/// How a worker works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerSettings {
    /// The queues it serves.
    pub queues: Vec<String>,
    /// How long it may be silent before another takes its task over.
    pub lease: Duration,
    /// How many times a task is tried that fails for reasons that may pass.
    pub attempts: u32,
    /// How many times a task may be taken whose worker then dies or hangs.
    pub deaths: u32,
    /// How long finished tasks are kept.
    pub keep_finished: Duration,
}

impl Default for WorkerSettings {
    /// Half a minute's silence, five attempts, ten deaths, kept for a week.
    fn default() -> Self {
        Self {
            queues: vec!["documents".into()],
            lease: Duration::from_secs(30),
            attempts: 5,
            deaths: 10,
            keep_finished: Duration::from_hours(7 * 24),
        }
    }
}

/// What a round of upkeep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Tasks whose workers had died too often.
    pub stuck: usize,
    /// Plans to remove vectors that were carried out.
    pub removals: usize,
    /// Old tasks that were removed.
    pub purged: u64,
}

/// Takes tasks from the queue and does them. Times are told by the clock; whoever runs it decides when.
#[derive(Clone)]
pub struct IngestWorker {
    queue: Arc<dyn TaskQueue>,
    parts: Arc<dyn TaskParts>,
    documents: Arc<dyn DocumentRepository>,
    removals: Arc<dyn VectorRemovals>,
    vectors: Arc<dyn VectorStore>,
    sources: Arc<dyn FileSource>,
    ingestor: Ingestor,
    clock: Arc<dyn Clock>,
    settings: WorkerSettings,
}

impl IngestWorker {
    /// A worker over a queue; what it takes in goes through `ingestor`.
    pub fn new(
        queue: Arc<dyn TaskQueue>,
        parts: Arc<dyn TaskParts>,
        sources: Arc<dyn FileSource>,
        ingestor: Ingestor,
        settings: WorkerSettings,
    ) -> Self {
        let ports = &ingestor.ports;
        Self {
            queue,
            parts,
            documents: ports.documents.clone(),
            removals: ports.removals.clone(),
            vectors: ports.vectors.clone(),
            clock: ports.clock.clone(),
            sources,
            ingestor,
            settings,
        }
    }

    /// How it works.
    pub const fn settings(&self) -> &WorkerSettings {
        &self.settings
    }

    /// Takes the next task, if there is one.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn take(&self, worker: &str) -> Result<Option<(Task, Claim)>, RepositoryError> {
        let request = ClaimRequest {
            worker: worker.to_owned(),
            queues: self.settings.queues.clone(),
            lease: self.settings.lease,
            most_attempts: self.settings.deaths,
        };
        let task = self.queue.claim(&request, self.clock.now()).await?;
        Ok(task.map(|task| {
            let claim = Claim { task: task.new.id, worker: worker.to_owned(), attempt: task.attempts };
            (task, claim)
        }))
    }

    /// Says that the worker lives. To be called well within the lease, as long as [`run`](Self::run) runs; when it does not
    /// answer [`Heartbeat::GoOn`], `run` is to be dropped.
    ///
    /// # Errors
    /// When the storage fails: the lease goes on running out.
    pub async fn beat(&self, claim: &Claim) -> Result<Heartbeat, RepositoryError> {
        let now = self.clock.now();
        self.queue.heartbeat(claim, None, now.plus(self.settings.lease), now).await
    }

    /// Does a task to its end: it is completed, tried again later, or failed with its cause.
    ///
    /// # Errors
    /// When not even that can be stored; the lease then runs out, and another takes the task over.
    pub async fn run(&self, task: &Task, claim: &Claim) -> Result<Result<Ingested, IngestError>, RepositoryError> {
        let desk = TaskDesk { worker: self, claim };
        let outcome = self.ingest(task, &desk).await;
        let now = self.clock.now();
        match &outcome {
            Ok(ingested) => {
                // Where chunks were stored it is completed already, with them. Otherwise nobody may want it any more.
                if !self.queue.complete(claim, &ingested.result(), now).await? {
                    self.stopped(task, claim).await?;
                }
            }
            // The claim was lost, or it was to be cancelled.
            Err(IngestError::Store { source: RepositoryError::Stale, .. }) => self.stopped(task, claim).await?,
            Err(error) => self.failed(task, claim, error, now).await?,
        }
        Ok(outcome)
    }

    /// The worker stopped because it was told to.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn stopped(&self, task: &Task, claim: &Claim) -> Result<(), RepositoryError> {
        let now = self.clock.now();
        if self.queue.cancelled(claim, now).await? {
            give_up(self.documents.as_ref(), task, &cancelled(), now).await?;
        }
        Ok(())
    }

    async fn failed(
        &self,
        task: &Task,
        claim: &Claim,
        error: &IngestError,
        now: Timestamp,
    ) -> Result<(), RepositoryError> {
        let failure = error.failure();
        let again = error.is_transient() && claim.attempt < self.settings.attempts;
        tracing::warn!(task = %claim.task, attempt = claim.attempt, again, error = error_chain(error), "a document was not taken in");
        if again {
            let run_at = now.plus(pause(error, claim.attempt));
            self.queue.retry(claim, &failure, run_at, now).await?;
        } else if self.queue.fail(claim, &failure, now).await? {
            give_up(self.documents.as_ref(), task, &failure, now).await?;
        }
        Ok(())
    }

    async fn ingest(&self, task: &Task, desk: &TaskDesk<'_>) -> Result<Ingested, IngestError> {
        let unusable = |reason: String| IngestError::Invalid { name: task.new.id.to_string(), reason };
        if task.new.kind != KIND {
            return Err(unusable(format!("this version knows no tasks of the kind \"{}\"", task.new.kind)));
        }
        let payload: IngestPayload = serde_json::from_value(task.new.payload.clone())
            .map_err(|error| unusable(format!("its task cannot be understood: {error}")))?;
        let fetched = self.fetch(task.new.id, &payload, desk).await?;
        let new = NewDocument {
            raw: fetched.raw,
            id: payload.id,
            fallback_id: payload.fallback_id,
            title: payload.title.or(fetched.title),
            url: payload.url.or(fetched.url),
            collection: (!payload.collection_is_default).then(|| payload.collection.clone()),
            metadata: payload.metadata,
        };
        self.ingestor.ingest(&task.new.store, &payload.collection, new, desk).await
    }

    async fn fetch(
        &self,
        id: TaskId,
        payload: &IngestPayload,
        desk: &TaskDesk<'_>,
    ) -> Result<FetchedDocument, IngestError> {
        desk.progress(Stage::Fetch, 0, 1).await;
        let Some(url) = &payload.fetch else {
            let name = payload.name.clone().unwrap_or_default();
            let stored = |source| IngestError::Store { name: name.clone(), source };
            let bytes = self.uploaded(id).await.map_err(stored)?;
            let raw = RawDocument { name, media_type: payload.media_type.clone(), bytes };
            return Ok(FetchedDocument { raw, title: None, url: None });
        };
        let mut fetched = self.sources.fetch(url).await?;
        // A page of the web can be read where it was fetched; what stands after a question mark may be a key.
        let public = url.scheme().starts_with("http") && !url.as_str().contains(['?', '#']);
        fetched.url = fetched.url.or_else(|| public.then(|| url.to_string()));
        if payload.media_type.is_some() {
            fetched.raw.media_type.clone_from(&payload.media_type);
        }
        Ok(fetched)
    }

    async fn uploaded(&self, id: TaskId) -> Result<Vec<u8>, RepositoryError> {
        let mut bytes = Vec::new();
        for number in self.parts.numbers(id, "source").await? {
            if let Some(piece) = self.parts.part(id, "source", number).await? {
                bytes.extend(piece);
            }
        }
        Ok(bytes)
    }

    /// One round of upkeep: fails tasks whose workers die on them, removes vectors that nobody needs, forgets old tasks.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn sweep(&self) -> Result<Swept, RepositoryError> {
        const AT_ONCE: usize = 100;
        let now = self.clock.now();
        let stuck = self.queue.sweep(self.settings.deaths, AT_ONCE, now).await?;
        for task in &stuck {
            let failure = task.failure.clone().unwrap_or_else(cancelled);
            tracing::warn!(task = %task.new.id, attempts = task.attempts, "a task was given up: its workers died on it");
            give_up(self.documents.as_ref(), task, &failure, now).await?;
        }
        self.documents.tidy(now, AT_ONCE).await?;
        let mut removals = 0;
        for removal in self.removals.due(self.vectors.name(), now, AT_ONCE).await? {
            removals += usize::from(self.remove(&removal).await?);
        }
        let purged = self.queue.purge(now.minus(self.settings.keep_finished), AT_ONCE).await?;
        Ok(Swept { stuck: stuck.len(), removals, purged })
    }

    /// Carries out one plan.
    async fn remove(&self, removal: &VectorRemoval) -> Result<bool, RepositoryError> {
        let gone = self.unneeded(removal).await?;
        if let Err(error) = self.vectors.remove(&removal.embedding, &removal.store, &gone).await {
            tracing::warn!(error = %error, removal = %removal.id, "vectors could not be removed; it is tried again");
            return Ok(false);
        }
        self.removals.done(removal.id).await
    }

    /// The chunks of a plan whose vectors nobody needs: not those of a process that was only slow and stored them since.
    async fn unneeded(&self, removal: &VectorRemoval) -> Result<Vec<ChunkId>, RepositoryError> {
        let mut gone = removal.chunks.clone();
        for stored in self.documents.chunks(&removal.store, &removal.chunks).await? {
            let document = self.documents.find(&removal.store, stored.document()).await?;
            if document.is_some_and(|document| document.embedding.as_ref() == Some(&removal.embedding)) {
                gone.retain(|id| *id != stored.chunk.id);
            }
        }
        Ok(gone)
    }

    /// Takes the tasks back that workers of this name had, because it is known that they are gone.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn release(&self, prefix: &str) -> Result<u64, RepositoryError> {
        self.queue.release(prefix, self.clock.now()).await
    }

    /// Whether any task waits or is worked on.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn is_idle(&self) -> Result<bool, RepositoryError> {
        let counts = self.queue.counts(&self.settings.queues).await?;
        Ok(counts.queued + counts.processing == 0)
    }

    /// A task of a store.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn find(&self, store: &StoreId, id: TaskId) -> Result<Option<Task>, RepositoryError> {
        self.queue.find(store, id).await
    }
}

/// How long until the next attempt: five seconds, doubled each time, an hour at most; never sooner than asked.
fn pause(error: &IngestError, attempt: u32) -> Duration {
    let own = Duration::from_secs(5 << attempt.saturating_sub(1).min(9)).min(Duration::from_hours(1));
    let asked = match error {
        IngestError::Fetch(SourceError::Transient { retry_after, .. })
        | IngestError::Vectors { source: crate::model::VectorError::Transient { retry_after, .. }, .. } => {
            retry_after.map(Duration::from_secs)
        }
        IngestError::Embed { source: crate::model::ModelError::Transient { retry_after, .. }, .. } => *retry_after,
        _ => None,
    };
    own.max(asked.unwrap_or_default())
}

/// The desk of a task: progress is its heartbeat, what is laid down are its parts.
struct TaskDesk<'a> {
    worker: &'a IngestWorker,
    claim: &'a Claim,
}

#[async_trait]
impl Desk for TaskDesk<'_> {
    async fn progress(&self, stage: Stage, done: u32, of: u32) {
        let (worker, now) = (self.worker, self.worker.clock.now());
        let until = now.plus(worker.settings.lease);
        let told = worker.queue.heartbeat(self.claim, Some(&stage.progress(done, of)), until, now).await;
        if let Err(error) = told {
            tracing::debug!(task = %self.claim.task, error = error_chain(&error), "progress could not be told");
        }
    }

    async fn kept(&self, part: Part, number: u32) -> Result<Option<Vec<u8>>, RepositoryError> {
        self.worker.parts.part(self.claim.task, part.name(), number).await
    }

    async fn keep(&self, part: Part, number: u32, bytes: &[u8]) -> Result<(), RepositoryError> {
        self.worker.parts.keep(self.claim, part.name(), number, bytes).await
    }

    fn claim(&self) -> Option<&Claim> {
        Some(self.claim)
    }
}

/// What became of a task that nobody could finish.
impl TaskFailure {
    /// The failure of a task whose workers died on it.
    pub fn stuck(attempts: u32) -> Self {
        Self::new("stuck", &format!("its worker died or hung {attempts} times; the document may be what kills it"))
    }
}
