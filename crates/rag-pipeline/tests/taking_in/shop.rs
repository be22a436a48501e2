//! A shop in memory, with a reader, an OCR engine and an embedder that count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use kernel::testing::{ManualClock, SequentialIds};
use kernel::{DocumentId, StoreId};
use rag_pipeline::ingest::{
    DocumentService, IngestError, IngestPorts, IngestWorker, Ingested, Ingestor, Submission, Work, WorkerSettings,
};
use rag_pipeline::model::{
    Block, BlockKind, Collection, EmbeddingSpec, ModelError, PageImage, RawDocument, ReadDocument, ReadError, Task,
};
use rag_pipeline::ports::{
    DocumentRepository, Embedder, MockFileSource, Ocr, OcrError, PageRenderer, TaskQueue, TextReader,
};
use rag_pipeline::testing::{MemoryDocuments, MemoryTasks, MemoryVectors, ports_in_memory};
use serde_json::json;

/// Reads `scan` as three pages, of which the second and third are scans; everything else as lines.
pub(crate) struct Pages;

#[async_trait]
impl TextReader for Pages {
    fn reads(&self, _: &RawDocument) -> bool {
        true
    }

    async fn read(&self, raw: &RawDocument) -> Result<ReadDocument, ReadError> {
        let text = String::from_utf8(raw.bytes.clone()).unwrap();
        let block = |text: &str| Block {
            heading_path: Vec::new(),
            kind: BlockKind::Paragraph,
            text: text.to_owned(),
            page: (text == "scan").then_some(1),
        };
        let scans = if text.starts_with("scan") { vec![2, 3] } else { Vec::new() };
        let blocks = text.lines().map(block).collect();
        Ok(ReadDocument { title: raw.name.clone(), blocks, pages: 3, scans, ..ReadDocument::default() })
    }
}

#[async_trait]
impl PageRenderer for Pages {
    async fn render(&self, _: &RawDocument, page: u32) -> Result<PageImage, ReadError> {
        Ok(PageImage { media_type: "image/png".into(), bytes: vec![page as u8] })
    }
}

/// Recognises every page, counting; the page of this number only from the second time on.
pub(crate) struct Recognising {
    pub(crate) seen: AtomicUsize,
    pub(crate) fails_once: u8,
}

#[async_trait]
impl Ocr for Recognising {
    fn name(&self) -> String {
        "counting".into()
    }

    async fn recognize(&self, image: &PageImage) -> Result<String, OcrError> {
        let before = self.seen.fetch_add(1, Ordering::SeqCst);
        if image.bytes == [self.fails_once] && before < 2 {
            return Err(OcrError::Transient("busy".into()));
        }
        Ok(format!("{}쪽의 글", image.bytes[0]))
    }
}

/// Costs something, counts what it was asked for, and fails for a text until it was asked often enough.
#[derive(Default)]
pub(crate) struct Costly {
    pub(crate) texts: AtomicUsize,
    pub(crate) fails: AtomicUsize,
}

#[async_trait]
impl Embedder for Costly {
    fn name(&self) -> String {
        "costly-1".into()
    }

    fn dimension(&self) -> usize {
        2
    }

    fn is_costly(&self) -> bool {
        true
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let last = texts.iter().any(|text| text.contains("끝"));
        if last && self.fails.load(Ordering::SeqCst) > 0 {
            self.fails.fetch_sub(1, Ordering::SeqCst);
            let retry_after = Some(Duration::from_secs(90));
            return Err(ModelError::Transient { message: "busy".into(), retry_after });
        }
        self.texts.fetch_add(texts.len(), Ordering::SeqCst);
        Ok(vec![vec![0.6, 0.8]; texts.len()])
    }
}

pub(crate) struct Shop {
    pub(crate) documents: Arc<MemoryDocuments>,
    pub(crate) vectors: Arc<MemoryVectors>,
    pub(crate) tasks: Arc<MemoryTasks>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) embedder: Arc<Costly>,
    pub(crate) service: DocumentService,
    pub(crate) worker: IngestWorker,
}

pub(crate) fn store() -> StoreId {
    StoreId::new("shop").unwrap()
}

pub(crate) fn help() -> Collection {
    Collection::new("help").unwrap()
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self::with(None, MockFileSource::new())
    }

    pub(crate) fn with(ocr: Option<Arc<dyn Ocr>>, source: MockFileSource) -> Self {
        let (documents, vectors) = (Arc::new(MemoryDocuments::default()), Arc::new(MemoryVectors::default()));
        let (clock, ids) = (Arc::new(ManualClock::new()), Arc::new(SequentialIds::default()));
        let tasks = Arc::new(documents.tasks());
        let embedder = Arc::new(Costly::default());
        let ports =
            ports_in_memory(&documents, &vectors, Arc::new(Pages), embedder.clone(), clock.clone(), ids.clone());
        let ports = IngestPorts { renderer: Arc::new(Pages), ocr, ..ports };
        let worker = IngestWorker::new(
            tasks.clone(),
            tasks.clone(),
            Arc::new(source),
            Ingestor::new(ports),
            WorkerSettings::default(),
        );
        let service =
            DocumentService::new(documents.clone(), tasks.clone(), clock.clone(), ids, "documents", 1 << 20, 100);
        Self { documents, vectors, tasks, clock, embedder, service, worker }
    }

    pub(crate) async fn submit(&self, id: &str, content: &str) {
        let bytes = content.as_bytes().to_vec();
        let work = Work::Bytes { name: format!("{id}.txt"), media_type: None, bytes };
        self.service.submit(submission(Some(id), work)).await.unwrap();
    }

    /// Does the next task.
    pub(crate) async fn work(&self) -> (Task, Result<Ingested, IngestError>) {
        let (task, claim) = self.worker.take("w").await.unwrap().expect("a task that waits");
        let outcome = self.worker.run(&task, &claim).await.unwrap();
        (self.tasks.find(&store(), task.new.id).await.unwrap().unwrap(), outcome)
    }

    pub(crate) async fn document(&self, name: &str) -> Option<rag_pipeline::model::Document> {
        DocumentRepository::find(self.documents.as_ref(), &store(), &id(name)).await.unwrap()
    }

    pub(crate) fn spec(&self) -> EmbeddingSpec {
        EmbeddingSpec { embedder: self.embedder.name(), dimension: 2 }
    }
}

pub(crate) fn id(name: &str) -> DocumentId {
    DocumentId::new(name).unwrap()
}

pub(crate) fn submission(name: Option<&str>, work: Work) -> Submission {
    Submission {
        store: store(),
        id: name.map(id),
        collection: help(),
        title: None,
        url: None,
        metadata: json!({}),
        work,
    }
}
