//! Documents in memory, taken in by a worker that does a task whenever it is told of one.

use std::sync::Arc;

use api_actix::DocumentDesk;
use async_trait::async_trait;
use kernel::testing::{ManualClock, SequentialIds};
use rag_pipeline::ingest::{DocumentService, IngestWorker, Ingestor, WorkerSettings};
use rag_pipeline::model::{Block, BlockKind, RawDocument, ReadDocument, ReadError};
use rag_pipeline::ports::{MockFileSource, TaskQueue, TextReader};
use rag_pipeline::retrieval::Retriever;
use rag_pipeline::testing::{MemoryDocuments, MemoryVectors, OneVector, ports_in_memory};

/// The largest document, in bytes.
pub(crate) const MAX_DOCUMENT: usize = 128 * 1024;
const QUEUE: &str = "documents";

/// What a test changes of the desk.
#[derive(Clone, Copy)]
pub(crate) struct DeskSetup {
    /// Whether tasks are done.
    pub(crate) works: bool,
    /// Documents that may wait.
    pub(crate) max_waiting: u64,
}

impl Default for DeskSetup {
    fn default() -> Self {
        Self { works: true, max_waiting: 100 }
    }
}

/// One paragraph a line; a file that begins with `%PDF` is encrypted.
struct Lines;

#[async_trait]
impl TextReader for Lines {
    fn reads(&self, _: &RawDocument) -> bool {
        true
    }

    async fn read(&self, raw: &RawDocument) -> Result<ReadDocument, ReadError> {
        if raw.bytes.starts_with(b"%PDF") {
            return Err(ReadError::Encrypted { name: raw.name.clone() });
        }
        let text = String::from_utf8_lossy(&raw.bytes);
        let block = |text: &str| Block {
            heading_path: Vec::new(),
            kind: BlockKind::Paragraph,
            text: text.to_owned(),
            page: None,
        };
        Ok(ReadDocument {
            title: raw.name.clone(),
            blocks: text.lines().map(block).collect(),
            ..ReadDocument::default()
        })
    }
}

pub(crate) fn desk(setup: DeskSetup, clock: Arc<ManualClock>, ids: Arc<SequentialIds>) -> DocumentDesk {
    let (documents, vectors) = (Arc::new(MemoryDocuments::default()), Arc::new(MemoryVectors::default()));
    let tasks = Arc::new(documents.tasks());
    let ports = ports_in_memory(&documents, &vectors, Arc::new(Lines), Arc::new(OneVector), clock.clone(), ids.clone());
    let settings = WorkerSettings { queues: vec![QUEUE.to_owned()], ..WorkerSettings::default() };
    let source = Arc::new(MockFileSource::new());
    let worker = IngestWorker::new(tasks.clone(), tasks.clone(), source, Ingestor::new(ports), settings);
    let queue: Arc<dyn TaskQueue> = tasks;
    let told = move || {
        if setup.works {
            let worker = worker.clone();
            tokio::spawn(async move {
                let (task, claim) = worker.take("test").await.unwrap().unwrap();
                drop(worker.run(&task, &claim).await.unwrap());
            });
        }
    };
    DocumentDesk {
        service: DocumentService::new(documents.clone(), queue, clock, ids, QUEUE, MAX_DOCUMENT, setup.max_waiting),
        retriever: Retriever::new(documents.clone(), documents, vectors, Arc::new(OneVector)),
        told: Arc::new(told),
    }
}
