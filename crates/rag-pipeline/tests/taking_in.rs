//! Documents taken in by tasks: what is done once, what again, and what is left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use kernel::testing::{ManualClock, SequentialIds};
use kernel::{Clock, DocumentId, StoreId};
use rag_pipeline::ingest::{
    DocumentService, IngestError, IngestOutcome, IngestPorts, IngestWorker, Ingested, Ingestor, Submission, Work,
    WorkerSettings,
};
use rag_pipeline::model::{
    Block, BlockKind, Collection, DocumentStatus, EmbeddingSpec, FetchedDocument, ModelError, PageImage, RawDocument,
    ReadDocument, ReadError, SourceError, SourceUrl, Task, TaskState,
};
use rag_pipeline::ports::{
    CollectionRepository, DocumentRepository, Embedder, MockFileSource, Ocr, OcrError, PageRenderer, TaskParts,
    TaskQueue, TextReader, VectorRemovals, VectorStore,
};
use rag_pipeline::reindex::Reindexer;
use rag_pipeline::testing::{MemoryDocuments, MemoryTasks, MemoryVectors, ports_in_memory};
use serde_json::json;

/// Reads `scan` as three pages, of which the second and third are scans; everything else as lines.
struct Pages;

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
struct Recognising {
    seen: AtomicUsize,
    fails_once: u8,
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
struct Costly {
    texts: AtomicUsize,
    fails: AtomicUsize,
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

struct Shop {
    documents: Arc<MemoryDocuments>,
    vectors: Arc<MemoryVectors>,
    tasks: Arc<MemoryTasks>,
    clock: Arc<ManualClock>,
    embedder: Arc<Costly>,
    service: DocumentService,
    worker: IngestWorker,
}

fn store() -> StoreId {
    StoreId::new("shop").unwrap()
}

fn help() -> Collection {
    Collection::new("help").unwrap()
}

impl Shop {
    fn new() -> Self {
        Self::with(None, MockFileSource::new())
    }

    fn with(ocr: Option<Arc<dyn Ocr>>, source: MockFileSource) -> Self {
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

    async fn submit(&self, id: &str, content: &str) {
        let bytes = content.as_bytes().to_vec();
        let work = Work::Bytes { name: format!("{id}.txt"), media_type: None, bytes };
        self.service.submit(submission(Some(id), work)).await.unwrap();
    }

    /// Does the next task.
    async fn work(&self) -> (Task, Result<Ingested, IngestError>) {
        let (task, claim) = self.worker.take("w").await.unwrap().expect("a task that waits");
        let outcome = self.worker.run(&task, &claim).await.unwrap();
        (self.tasks.find(&store(), task.new.id).await.unwrap().unwrap(), outcome)
    }

    async fn document(&self, name: &str) -> Option<rag_pipeline::model::Document> {
        DocumentRepository::find(self.documents.as_ref(), &store(), &id(name)).await.unwrap()
    }

    fn spec(&self) -> EmbeddingSpec {
        EmbeddingSpec { embedder: self.embedder.name(), dimension: 2 }
    }
}

fn id(name: &str) -> DocumentId {
    DocumentId::new(name).unwrap()
}

fn submission(name: Option<&str>, work: Work) -> Submission {
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

#[tokio::test]
async fn a_document_goes_from_pending_to_ready_with_text_chunks_and_vectors() {
    let shop = Shop::new();
    shop.submit("d", "배송은 이틀 걸립니다.").await;
    assert_eq!(shop.document("d").await.unwrap().status, DocumentStatus::Pending);
    let (task, outcome) = shop.work().await;
    assert_eq!(outcome.unwrap().outcome, IngestOutcome::Added);
    assert_eq!((task.state, task.progress.percent), (TaskState::Completed, 100));
    let document = shop.document("d").await.unwrap();
    assert_eq!(
        (document.status, document.chunk_count, document.embedding),
        (DocumentStatus::Ready, 1, Some(shop.spec()))
    );
    assert_eq!(shop.documents.text(&store(), &id("d")).await.unwrap().as_deref(), Some("배송은 이틀 걸립니다."));
    assert_eq!(shop.vectors.points(&shop.spec(), &store()).len(), 1);
    assert!(shop.tasks.numbers(task.new.id, "source").await.unwrap().is_empty());
}

#[tokio::test]
async fn the_same_document_again_is_not_embedded_again_and_a_changed_one_leaves_no_old_vector() {
    let shop = Shop::new();
    shop.submit("d", "배송은 이틀 걸립니다.").await;
    shop.work().await.1.unwrap();
    shop.submit("d", "배송은 이틀 걸립니다.").await;
    assert_eq!(shop.work().await.1.unwrap().outcome, IngestOutcome::Unchanged);
    assert_eq!(shop.embedder.texts.load(Ordering::SeqCst), 1);
    shop.submit("d", "배송은 사흘 걸립니다.").await;
    assert_eq!(shop.work().await.1.unwrap().outcome, IngestOutcome::Updated);
    assert_eq!(shop.vectors.points(&shop.spec(), &store()).len(), 2);
    assert_eq!(shop.worker.sweep().await.unwrap().removals, 1);
    let left = shop.vectors.points(&shop.spec(), &store());
    let stored = shop.documents.chunks_of(&store(), &id("d"), 0, 9).await.unwrap();
    assert_eq!(left.iter().map(|point| point.chunk).collect::<Vec<_>>(), [stored[0].id]);
}

#[tokio::test]
async fn an_attempt_goes_on_from_the_last_finished_page() {
    let ocr = Arc::new(Recognising { seen: AtomicUsize::new(0), fails_once: 3 });
    let shop = Shop::with(Some(ocr.clone()), MockFileSource::new());
    shop.submit("d", "scan").await;
    let (task, outcome) = shop.work().await;
    assert!(outcome.unwrap_err().is_transient());
    assert_eq!((task.state, task.failure.unwrap().code.as_str()), (TaskState::Queued, "ocr_failed"));
    assert!(shop.worker.take("w").await.unwrap().is_none(), "not before its time");
    shop.clock.advance(Duration::from_secs(5));
    shop.work().await.1.unwrap();
    // Page 2 once, page 3 twice.
    assert_eq!(ocr.seen.load(Ordering::SeqCst), 3);
    let text = shop.documents.text(&store(), &id("d")).await.unwrap().unwrap();
    assert_eq!(text, "scan\n\n2쪽의 글\n\n3쪽의 글");
    let chunks = shop.documents.chunks_of(&store(), &id("d"), 0, 9).await.unwrap();
    assert_eq!(chunks[0].place.page, Some(1));
}

#[tokio::test]
async fn an_attempt_goes_on_from_the_last_finished_batch_and_waits_as_long_as_asked() {
    let shop = Shop::new();
    // Long enough for two batches of 32.
    let mut content: String = (0..40).map(|n| format!("{n}번째 {}\n", "상품을 안내합니다. ".repeat(60))).collect();
    content.push('끝');
    shop.embedder.fails.store(1, Ordering::SeqCst);
    shop.submit("d", &content).await;
    shop.work().await.1.unwrap_err();
    let first = shop.embedder.texts.load(Ordering::SeqCst);
    assert_eq!(first, 32);
    shop.clock.advance(Duration::from_secs(89));
    assert!(shop.worker.take("w").await.unwrap().is_none(), "sooner than the embedder asked");
    shop.clock.advance(Duration::from_secs(1));
    let ingested = shop.work().await.1.unwrap();
    assert_eq!(shop.embedder.texts.load(Ordering::SeqCst), ingested.chunks as usize, "nothing was embedded twice");
}

#[tokio::test]
async fn scans_without_ocr_fail_for_good_and_name_the_page() {
    let shop = Shop::new();
    shop.submit("d", "scan").await;
    let (task, outcome) = shop.work().await;
    assert!(matches!(outcome, Err(IngestError::Read(ReadError::NeedsOcr { page: 2, .. }))), "{outcome:?}");
    let failure = task.failure.unwrap();
    assert_eq!((task.state, failure.code.as_str()), (TaskState::Failed, "needs_ocr"));
    assert!(failure.message.contains("page 2: no text and OCR is off"), "{}", failure.message);
    let document = shop.document("d").await.unwrap();
    assert_eq!((document.status, document.failure.unwrap().code.as_str()), (DocumentStatus::Failed, "needs_ocr"));
}

#[tokio::test]
async fn an_address_is_fetched_and_one_that_is_busy_is_tried_again_a_few_times() {
    let mut source = MockFileSource::new();
    source.expect_fetch().times(1).returning(|url| {
        let raw = RawDocument { name: "a.txt".into(), media_type: None, bytes: url.as_str().as_bytes().to_vec() };
        Ok(FetchedDocument { raw, title: Some("제목".into()), url: None })
    });
    let busy =
        |url: &SourceUrl| SourceError::Transient { url: url.to_string(), reason: "503".into(), retry_after: None };
    source.expect_fetch().times(5).returning(move |url| Err(busy(url)));
    let shop = Shop::with(None, source);
    let of = |url: &str| Work::Url { url: SourceUrl::new(url).unwrap(), media_type: None };
    shop.service.submit(submission(Some("a"), of("https://shop.example/a"))).await.unwrap();
    assert_eq!(shop.work().await.1.unwrap().title, "제목");
    shop.service.submit(submission(Some("b"), of("https://shop.example/b"))).await.unwrap();
    let mut attempts = 0;
    let task = loop {
        shop.clock.advance(Duration::from_hours(1));
        let (task, outcome) = shop.work().await;
        outcome.unwrap_err();
        attempts += 1;
        if task.state != TaskState::Queued {
            break task;
        }
    };
    assert_eq!(
        (attempts, task.state, task.failure.unwrap().code.as_str()),
        (5, TaskState::Failed, "source_unavailable")
    );
}

#[tokio::test]
async fn a_worker_that_lost_its_task_stores_nothing() {
    let shop = Shop::new();
    shop.submit("d", "배송은 이틀 걸립니다.").await;
    let (task, lost) = shop.worker.take("slow").await.unwrap().unwrap();
    shop.clock.advance(Duration::from_secs(31));
    shop.work().await.1.unwrap();
    let before = shop.document("d").await.unwrap();
    shop.submit("d", "배송은 사흘 걸립니다.").await;
    let outcome = shop.worker.run(&task, &lost).await.unwrap();
    assert!(outcome.is_err() || outcome.unwrap().outcome == IngestOutcome::Unchanged);
    assert_eq!(shop.document("d").await.unwrap(), before);
    assert_eq!(shop.vectors.points(&shop.spec(), &store()).len(), 1);
}

#[tokio::test]
async fn a_document_that_is_deleted_while_it_is_taken_in_stays_gone() {
    let shop = Shop::new();
    shop.submit("d", "배송은 이틀 걸립니다.").await;
    let (task, claim) = shop.worker.take("w").await.unwrap().unwrap();
    assert!(shop.service.delete(&store(), &id("d")).await.unwrap());
    assert_eq!(shop.worker.beat(&claim).await.unwrap(), rag_pipeline::model::Heartbeat::Cancel);
    shop.worker.stopped(&task, &claim).await.unwrap();
    assert!(shop.document("d").await.is_none());
    assert!(shop.worker.take("w").await.unwrap().is_none());
}

#[tokio::test]
async fn vectors_of_an_attempt_that_never_ended_are_removed_hours_later() {
    let shop = Shop::new();
    let points = shop.vectors.clone();
    points.prepare(&shop.spec()).await.unwrap();
    let plan = rag_pipeline::model::VectorRemoval {
        id: kernel::IdSource::uuid(&SequentialIds::default()),
        store: store(),
        vector_store: points.name().to_owned(),
        embedding: shop.spec(),
        chunks: vec!["00000000-0000-7000-8000-00000000000f".parse().unwrap()],
        due_at: shop.clock.now().plus(Duration::from_hours(6)),
    };
    shop.documents.plan(&plan).await.unwrap();
    let orphan = rag_pipeline::model::VectorPoint {
        chunk: plan.chunks[0],
        document: id("d"),
        collection: help(),
        vector: vec![0.6, 0.8],
    };
    points.upsert(&shop.spec(), &store(), &[orphan]).await.unwrap();
    assert_eq!(shop.worker.sweep().await.unwrap().removals, 0);
    shop.clock.advance(Duration::from_hours(6));
    assert_eq!(shop.worker.sweep().await.unwrap().removals, 1);
    assert!(points.points(&shop.spec(), &store()).is_empty());
}

#[tokio::test]
async fn a_document_that_kills_its_workers_is_given_up_and_marked() {
    let shop = Shop::new();
    shop.submit("d", "배송은 이틀 걸립니다.").await;
    for _ in 0..shop.worker.settings().deaths {
        shop.worker.take("dies").await.unwrap().unwrap();
        shop.clock.advance(Duration::from_secs(31));
    }
    assert_eq!(shop.worker.sweep().await.unwrap().stuck, 1);
    let document = shop.document("d").await.unwrap();
    assert_eq!((document.status, document.failure.unwrap().code.as_str()), (DocumentStatus::Failed, "stuck"));
}

/// Another embedder, of another length.
struct Longer;

#[async_trait]
impl Embedder for Longer {
    fn name(&self) -> String {
        "longer-1".into()
    }

    fn dimension(&self) -> usize {
        3
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        Ok(vec![vec![0.0, 0.6, 0.8]; texts.len()])
    }
}

#[tokio::test]
async fn another_embedder_is_refused_until_the_collection_is_embedded_anew() {
    let shop = Shop::new();
    shop.submit("d", "배송은 이틀 걸립니다.").await;
    shop.work().await.1.unwrap();
    let ids = Arc::new(SequentialIds::default());
    let ports =
        ports_in_memory(&shop.documents, &shop.vectors, Arc::new(Pages), Arc::new(Longer), shop.clock.clone(), ids);
    let other = Ingestor::new(ports);
    let raw = RawDocument { name: "e.txt".into(), media_type: None, bytes: "교환은 7일".into() };
    let new = || rag_pipeline::ingest::NewDocument::from(raw.clone());
    let refused = other.ingest(&store(), &help(), new(), &rag_pipeline::ingest::NoDesk).await.unwrap_err();
    assert!(refused.to_string().contains("iyagi reindex"), "{refused}");
    let reindexer = Reindexer::new(
        shop.documents.clone(),
        shop.documents.clone(),
        Arc::new(Longer),
        shop.vectors.clone(),
        shop.clock.clone(),
    );
    let outdated = reindexer.outdated(None, None, false).await.unwrap();
    assert_eq!(outdated.len(), 1);
    let done = reindexer.reindex(&outdated[0], |_| {}).await.unwrap();
    assert_eq!((done.documents, done.chunks), (1, 1));
    assert!(reindexer.outdated(None, None, false).await.unwrap().is_empty());
    let spec = EmbeddingSpec { embedder: "longer-1".into(), dimension: 3 };
    assert_eq!(shop.vectors.points(&spec, &store()).len(), 1);
    // The old vectors go with the next round of upkeep, although their chunks are still there.
    shop.worker.sweep().await.unwrap();
    assert!(shop.vectors.points(&shop.spec(), &store()).is_empty());
    let known = CollectionRepository::find(shop.documents.as_ref(), &store(), &help()).await.unwrap().unwrap();
    assert_eq!(known.embedding, spec);
}
