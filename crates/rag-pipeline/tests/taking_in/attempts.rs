//! What is done once, what again, and what is left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kernel::Clock;
use kernel::testing::SequentialIds;
use rag_pipeline::ingest::{IngestError, IngestOutcome, Work};
use rag_pipeline::model::{DocumentStatus, FetchedDocument, RawDocument, ReadError, SourceError, SourceUrl, TaskState};
use rag_pipeline::ports::{DocumentRepository, MockFileSource, TaskParts, VectorRemovals, VectorStore};

use crate::shop::{Recognising, Shop, help, id, store, submission};

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
