//! What a store asks for: take this in, how far is it, stop, remove it.

use std::sync::Arc;

use kernel::{Clock, DocumentId, IdSource, Page, PageLimit, RepositoryError, StoreId, TaskId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::identity;
use crate::model::{Chunk, Collection, Document, DocumentStatus, NewTask, SourceUrl, Task, TaskFailure, TaskState};
use crate::ports::{DocumentRepository, TaskQueue};

/// How large a piece of an upload is kept as one part, in bytes.
const PIECE: usize = 1 << 20;
/// The code of what was cancelled.
const CANCELLED: &str = "cancelled";
/// The kind of task that takes a document in.
pub(super) const KIND: &str = "ingest";

/// A document somebody wants taken in.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// The store.
    pub store: StoreId,
    /// Its id; else one made of what it is, so that the same document sent twice is one.
    pub id: Option<DocumentId>,
    /// Its collection.
    pub collection: Collection,
    /// Its title; else what the document says.
    pub title: Option<String>,
    /// Where a customer can read it; else what the document says.
    pub url: Option<String>,
    /// A JSON object kept with it.
    pub metadata: Value,
    /// Where its bytes are.
    pub work: Work,
}

/// Where the bytes of a document are.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Here.
    Bytes {
        /// The file's name.
        name: String,
        /// Its media type, when the sender told one.
        media_type: Option<String>,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// At an address, from where a worker fetches them.
    Url {
        /// The address.
        url: SourceUrl,
        /// The media type, when the sender told one.
        media_type: Option<String>,
    },
}

/// What was asked for, and where to look for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The document.
    pub document: DocumentId,
    /// The task that takes it in.
    pub task: TaskId,
}

/// Why nothing was queued.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// It is larger than allowed.
    #[error("the document is larger than {limit} bytes")]
    TooLarge {
        /// The most it may have.
        limit: usize,
    },
    /// It has no bytes.
    #[error("the document is empty")]
    Empty,
    /// Too many documents wait already.
    #[error("too many documents wait to be taken in")]
    Busy,
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] RepositoryError),
}

/// What a task that takes a document in needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct IngestPayload {
    pub(super) id: Option<DocumentId>,
    /// The id when the document itself names none.
    #[serde(default)]
    pub(super) fallback_id: Option<DocumentId>,
    pub(super) collection: Collection,
    /// Whether a collection that the document itself names goes before it.
    #[serde(default)]
    pub(super) collection_is_default: bool,
    pub(super) title: Option<String>,
    pub(super) url: Option<String>,
    pub(super) metadata: Value,
    pub(super) name: Option<String>,
    pub(super) media_type: Option<String>,
    /// Where to fetch it; `None` when its bytes are the task's parts.
    pub(super) fetch: Option<SourceUrl>,
}

/// Takes what stores ask for of their documents.
#[derive(Clone)]
pub struct DocumentService {
    documents: Arc<dyn DocumentRepository>,
    queue: Arc<dyn TaskQueue>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    queue_name: String,
    max_bytes: usize,
    max_waiting: u64,
}

impl DocumentService {
    /// A service that queues its tasks under `queue_name`, takes documents of `max_bytes` at most, and none while
    /// `max_waiting` wait.
    pub fn new(
        documents: Arc<dyn DocumentRepository>,
        queue: Arc<dyn TaskQueue>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        queue_name: impl Into<String>,
        max_bytes: usize,
        max_waiting: u64,
    ) -> Self {
        Self { documents, queue, clock, ids, queue_name: queue_name.into(), max_bytes, max_waiting }
    }

    /// The most bytes that a document may have.
    pub const fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Queues a document to be taken in. From here on it is not lost.
    ///
    /// # Errors
    /// [`SubmitError`]; nothing was queued then.
    pub async fn submit(&self, submission: Submission) -> Result<Submitted, SubmitError> {
        if let Work::Bytes { bytes, .. } = &submission.work {
            if bytes.is_empty() {
                return Err(SubmitError::Empty);
            }
            if bytes.len() > self.max_bytes {
                return Err(SubmitError::TooLarge { limit: self.max_bytes });
            }
        }
        let waiting = self.queue.counts(std::slice::from_ref(&self.queue_name)).await?.queued;
        if waiting >= self.max_waiting {
            return Err(SubmitError::Busy);
        }
        let id = submission.id.clone().map_or_else(|| own_id(&submission), Ok)?;
        let task = self.task(&submission, &id)?;
        let source: Vec<&[u8]> = match &submission.work {
            Work::Bytes { bytes, .. } => bytes.chunks(PIECE).collect(),
            Work::Url { .. } => Vec::new(),
        };
        self.documents.reserve(&self.pending(&submission, &id)).await?;
        self.queue.enqueue(&task, &source).await?;
        Ok(Submitted { document: id, task: task.id })
    }

    /// Queues a file that a worker finds by its address, under the id that is in it or made from `path`: what tells it from
    /// the others that are taken in with it.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn submit_file(
        &self,
        store: &StoreId,
        collection: &Collection,
        url: &SourceUrl,
        path: &str,
    ) -> Result<TaskId, RepositoryError> {
        let payload = IngestPayload {
            id: None,
            fallback_id: identity::slug_of_path(path),
            collection: collection.clone(),
            collection_is_default: true,
            title: None,
            url: None,
            metadata: Value::Object(serde_json::Map::new()),
            name: None,
            media_type: None,
            fetch: Some(url.clone()),
        };
        let task = self.new_task(store, format!("source:{url}"), &payload)?;
        self.queue.enqueue(&task, &[]).await?;
        Ok(task.id)
    }

    fn task(&self, submission: &Submission, id: &DocumentId) -> Result<NewTask, RepositoryError> {
        let (name, media_type, fetch) = match &submission.work {
            Work::Bytes { name, media_type, .. } => (Some(name.clone()), media_type.clone(), None),
            Work::Url { url, media_type } => (None, media_type.clone(), Some(url.clone())),
        };
        let payload = IngestPayload {
            id: Some(id.clone()),
            fallback_id: None,
            collection: submission.collection.clone(),
            collection_is_default: false,
            title: submission.title.clone(),
            url: submission.url.clone(),
            metadata: submission.metadata.clone(),
            name,
            media_type,
            fetch,
        };
        self.new_task(&submission.store, subject(id), &payload)
    }

    fn new_task(&self, store: &StoreId, subject: String, payload: &IngestPayload) -> Result<NewTask, RepositoryError> {
        Ok(NewTask {
            id: TaskId::generate(self.ids.as_ref()),
            store: store.clone(),
            queue: self.queue_name.clone(),
            kind: KIND.to_owned(),
            subject,
            payload: serde_json::to_value(payload).map_err(RepositoryError::backend)?,
            created_at: self.clock.now(),
        })
    }

    fn pending(&self, submission: &Submission, id: &DocumentId) -> Document {
        let now = self.clock.now();
        let named = match &submission.work {
            Work::Bytes { name, .. } => name.clone(),
            Work::Url { url, .. } => url.as_str().split(['?', '#']).next().unwrap_or_default().to_owned(),
        };
        Document {
            store: submission.store.clone(),
            id: id.clone(),
            collection: submission.collection.clone(),
            title: submission.title.clone().unwrap_or(named),
            url: submission.url.clone(),
            metadata: submission.metadata.clone(),
            content_hash: String::new(),
            embedding: None,
            status: DocumentStatus::Pending,
            failure: None,
            chunk_count: 0,
            page_count: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// A task of a store.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn task_of(&self, store: &StoreId, id: TaskId) -> Result<Option<Task>, RepositoryError> {
        self.queue.find(store, id).await
    }

    /// The document that a task is about, once that is known.
    pub fn document_of(task: &Task) -> Option<DocumentId> {
        let named = |value: &Value, key: &str| value.get(key)?.as_str().and_then(|id| DocumentId::new(id).ok());
        let told = task.result.as_ref().and_then(|result| named(result, "documentId"));
        told.or_else(|| named(&task.new.payload, "id"))
    }

    /// The collection that a task puts its document in.
    pub fn collection_of(task: &Task) -> Option<&str> {
        let told = task.result.as_ref().and_then(|result| result.get("collection"));
        told.or_else(|| task.new.payload.get("collection"))?.as_str()
    }

    /// A store's tasks, newest first.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn tasks(
        &self,
        store: &StoreId,
        state: Option<TaskState>,
        after: Option<TaskId>,
        limit: PageLimit,
    ) -> Result<Page<Task, TaskId>, RepositoryError> {
        self.queue.page(store, state, after, limit).await
    }

    /// Asks for a task to be stopped; its state afterwards, `None` when there is no such task.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn cancel(&self, store: &StoreId, id: TaskId) -> Result<Option<TaskState>, RepositoryError> {
        let now = self.clock.now();
        let before = self.queue.find(store, id).await?.map(|task| task.state);
        let state = self.queue.cancel(store, id, now).await?;
        if before == Some(TaskState::Queued)
            && state == Some(TaskState::Cancelled)
            && let Some(task) = self.queue.find(store, id).await?
        {
            give_up(self.documents.as_ref(), &task, &cancelled(), now).await?;
        }
        Ok(state)
    }

    /// A document of a store.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn find(&self, store: &StoreId, id: &DocumentId) -> Result<Option<Document>, RepositoryError> {
        self.documents.find(store, id).await
    }

    /// The text of a document in Markdown, once it was read.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn text(&self, store: &StoreId, id: &DocumentId) -> Result<Option<String>, RepositoryError> {
        self.documents.text(store, id).await
    }

    /// Chunks of a document in order.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn chunks(
        &self,
        store: &StoreId,
        id: &DocumentId,
        from: u32,
        limit: usize,
    ) -> Result<Vec<Chunk>, RepositoryError> {
        self.documents.chunks_of(store, id, from, limit).await
    }

    /// A store's documents in the order of their ids.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn page(
        &self,
        store: &StoreId,
        collection: Option<&Collection>,
        after: Option<&DocumentId>,
        limit: PageLimit,
    ) -> Result<Page<Document, DocumentId>, RepositoryError> {
        self.documents.page(store, collection, after, limit).await
    }

    /// Removes a document, and stops what is still under way for it; `false` when there was none.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn delete(&self, store: &StoreId, id: &DocumentId) -> Result<bool, RepositoryError> {
        let now = self.clock.now();
        // First what could bring it back: a worker that is about to store it then finds its claim lost.
        self.queue.cancel_subject(store, &subject(id), now).await?;
        self.documents.delete(store, id, now).await
    }
}

/// Marks the document of a task that will not be done.
pub(super) async fn give_up(
    documents: &dyn DocumentRepository,
    task: &Task,
    failure: &TaskFailure,
    now: kernel::Timestamp,
) -> Result<(), RepositoryError> {
    let Some(id) = DocumentService::document_of(task) else { return Ok(()) };
    // Who changes his mind leaves what was there before as it is.
    let cancelled = failure.code == CANCELLED;
    if cancelled {
        let kept = documents.find(&task.new.store, &id).await?;
        if kept.is_none_or(|document| document.status != DocumentStatus::Pending) {
            return Ok(());
        }
    }
    documents.fail(&task.new.store, &id, failure, now).await?;
    Ok(())
}

pub(super) fn cancelled() -> TaskFailure {
    TaskFailure::new(CANCELLED, "it was cancelled before it was taken in")
}

fn subject(id: &DocumentId) -> String {
    format!("document:{id}")
}

/// An id made of what the document is: the same bytes, or the same address, in the same collection are one document.
fn own_id(submission: &Submission) -> Result<DocumentId, RepositoryError> {
    let collection = submission.collection.as_str().as_bytes();
    let hash = match &submission.work {
        Work::Bytes { bytes, .. } => identity::hash(&[b"bytes", collection, bytes]),
        Work::Url { url, .. } => identity::hash(&[b"url", collection, url.as_str().as_bytes()]),
    };
    let short: String = hash.chars().take(24).collect();
    DocumentId::new(format!("doc-{short}")).map_err(RepositoryError::backend)
}
