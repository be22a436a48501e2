//! What happens to a document between being announced and being gone.

use kernel::{PageLimit, RepositoryError};
use serde_json::json;
use uuid::Uuid;

use super::samples::{at, chunk, chunk_id, document, id, put, scope, spec, store, terms};
use super::tasks::{claim_next, new_task};
use crate::model::{
    Collection, CollectionInfo, Document, DocumentStatus, DocumentVersion, TaskFailure, TaskState, VectorRemoval,
};
use crate::testing::Fixture;

fn info(name: &str, embedder: &str) -> CollectionInfo {
    CollectionInfo {
        store: store("a"),
        name: Collection::new(name).unwrap(),
        vector_store: "here".to_owned(),
        embedding: spec(embedder, 3),
        created_at: at(0),
    }
}

fn plan(number: u128, seconds: i64) -> VectorRemoval {
    VectorRemoval {
        id: Uuid::from_u128(number),
        store: store("a"),
        vector_store: "here".to_owned(),
        embedding: spec("three", 3),
        chunks: vec![chunk_id(number), chunk_id(number + 1)],
        due_at: at(seconds),
    }
}

fn pending(name: &str) -> Document {
    Document {
        status: DocumentStatus::Pending,
        embedding: None,
        content_hash: String::new(),
        chunk_count: 0,
        ..document("a", name)
    }
}

/// Announcing a document keeps it, once, and never touches one that is there.
pub async fn a_document_is_announced_once<G>(f: &Fixture<G>) {
    assert!(f.documents.reserve(&pending("d")).await.unwrap());
    assert_eq!(f.documents.find(&store("a"), &id("d")).await.unwrap(), Some(pending("d")));
    assert!(!f.documents.reserve(&pending("d")).await.unwrap());
    put(f.documents.as_ref(), &document("a", "d"), &[chunk(1, "d", 0, "가", "배송")]).await.unwrap();
    assert!(!f.documents.reserve(&pending("d")).await.unwrap());
    assert_eq!(f.documents.find(&store("a"), &id("d")).await.unwrap(), Some(document("a", "d")));
}

/// A failure is kept with the document; its chunks are found as before, and the next version clears it.
pub async fn a_failed_ingestion_keeps_the_old_chunks<G>(f: &Fixture<G>) {
    put(f.documents.as_ref(), &document("a", "d"), &[chunk(1, "d", 0, "가", "배송")]).await.unwrap();
    let failure = TaskFailure::new("encrypted", "\"d.pdf\" is encrypted");
    assert!(f.documents.fail(&store("a"), &id("d"), &failure, at(30)).await.unwrap());
    assert!(!f.documents.fail(&store("b"), &id("d"), &failure, at(30)).await.unwrap());
    let found = f.documents.find(&store("a"), &id("d")).await.unwrap().unwrap();
    assert_eq!((found.status, found.failure, found.updated_at), (DocumentStatus::Failed, Some(failure), at(30)));
    assert_eq!(f.keywords.search(&scope("a"), &terms("배송"), 9).await.unwrap().len(), 1);
    put(f.documents.as_ref(), &document("a", "d"), &[]).await.unwrap();
    assert_eq!(f.documents.find(&store("a"), &id("d")).await.unwrap().unwrap().failure, None);
}

/// The text is that of the last version, and goes with the document.
pub async fn the_text_lives_with_its_document<G>(f: &Fixture<G>) {
    assert_eq!(f.documents.text(&store("a"), &id("d")).await.unwrap(), None);
    f.documents.reserve(&pending("d")).await.unwrap();
    assert_eq!(f.documents.text(&store("a"), &id("d")).await.unwrap(), None);
    put(f.documents.as_ref(), &document("a", "d"), &[]).await.unwrap();
    let mut renamed = document("a", "d");
    "새 제목".clone_into(&mut renamed.title);
    put(f.documents.as_ref(), &renamed, &[]).await.unwrap();
    assert_eq!(f.documents.text(&store("a"), &id("d")).await.unwrap().as_deref(), Some("새 제목 글"));
    assert_eq!(f.documents.text(&store("b"), &id("d")).await.unwrap(), None);
    f.documents.delete(&store("a"), &id("d"), at(1)).await.unwrap();
    assert_eq!(f.documents.text(&store("a"), &id("d")).await.unwrap(), None);
}

/// The chunks of a document are read in their order, a part at a time.
pub async fn chunks_of_a_document_are_read_in_order<G>(f: &Fixture<G>) {
    let chunks = [chunk(3, "d", 2, "가", "셋"), chunk(1, "d", 0, "가", "하나"), chunk(2, "d", 1, "가", "둘")];
    put(f.documents.as_ref(), &document("a", "d"), &chunks).await.unwrap();
    put(f.documents.as_ref(), &document("a", "e"), &[chunk(4, "e", 0, "가", "넷")]).await.unwrap();
    let read = f.documents.chunks_of(&store("a"), &id("d"), 1, 1).await.unwrap();
    assert_eq!(read, [chunks[2].chunk.clone()]);
    assert_eq!(f.documents.chunks_of(&store("a"), &id("d"), 0, 9).await.unwrap().len(), 3);
    assert!(f.documents.chunks_of(&store("b"), &id("d"), 0, 9).await.unwrap().is_empty());
}

/// A list may be of one collection.
pub async fn a_page_may_be_of_one_collection<G>(f: &Fixture<G>) {
    for (name, collection) in [("x", "help"), ("y", "products"), ("z", "help")] {
        let mut document = document("a", name);
        document.collection = Collection::new(collection).unwrap();
        put(f.documents.as_ref(), &document, &[]).await.unwrap();
    }
    let help = Collection::new("help").unwrap();
    let page = f.documents.page(&store("a"), Some(&help), None, PageLimit::new(1).unwrap()).await.unwrap();
    assert_eq!((page.items[0].id.as_str(), page.next.as_ref().map(kernel::DocumentId::as_str)), ("x", Some("x")));
    let rest = f.documents.page(&store("a"), Some(&help), page.next.as_ref(), PageLimit::DEFAULT).await.unwrap();
    assert_eq!(rest.items.iter().map(|d| d.id.as_str()).collect::<Vec<_>>(), ["z"]);
}

/// What is known of a collection is what was said first.
pub async fn a_collection_remembers_how_it_began<G>(f: &Fixture<G>) {
    let help = Collection::new("help").unwrap();
    assert_eq!(f.collections.find(&store("a"), &help).await.unwrap(), None);
    assert_eq!(f.collections.begin(&info("help", "three")).await.unwrap(), info("help", "three"));
    assert_eq!(f.collections.begin(&info("help", "other")).await.unwrap(), info("help", "three"));
    assert_eq!(f.collections.find(&store("a"), &help).await.unwrap(), Some(info("help", "three")));
    f.collections.begin(&info("docs", "three")).await.unwrap();
    assert_eq!(f.collections.list(&store("a")).await.unwrap(), [info("docs", "three"), info("help", "three")]);
    assert!(f.collections.list(&store("b")).await.unwrap().is_empty());
    assert_eq!(f.collections.stores().await.unwrap(), [store("a")]);
}

/// Chunks that are replaced or deleted leave a plan to remove their vectors, in the vector store of their collection.
pub async fn chunks_that_go_leave_a_plan_behind<G>(f: &Fixture<G>) {
    f.collections.begin(&info("help", "three")).await.unwrap();
    put(f.documents.as_ref(), &document("a", "d"), &[chunk(1, "d", 0, "가", "배송")]).await.unwrap();
    assert!(f.removals.due("here", at(999), 9).await.unwrap().is_empty());
    let mut second = document("a", "d");
    second.updated_at = at(50);
    put(f.documents.as_ref(), &second, &[chunk(2, "d", 0, "가", "환불")]).await.unwrap();
    assert!(f.removals.due("elsewhere", at(999), 9).await.unwrap().is_empty());
    assert!(f.removals.due("here", at(49), 9).await.unwrap().is_empty());
    let due = f.removals.due("here", at(50), 9).await.unwrap();
    assert_eq!((due.len(), &due[0].chunks, &due[0].embedding), (1, &vec![chunk_id(1)], &spec("three", 3)));
    assert_eq!((&due[0].store, due[0].vector_store.as_str()), (&store("a"), "here"));
    f.documents.delete(&store("a"), &id("d"), at(60)).await.unwrap();
    let due = f.removals.due("here", at(60), 9).await.unwrap();
    assert_eq!(due.iter().map(|r| r.chunks.clone()).collect::<Vec<_>>(), [vec![chunk_id(1)], vec![chunk_id(2)]]);
    assert!(f.removals.done(due[0].id).await.unwrap());
    assert!(!f.removals.done(due[0].id).await.unwrap());
    assert_eq!(f.removals.due("here", at(60), 9).await.unwrap().len(), 1);
}

/// A plan that was made before the vectors is given up with the version that needs them, and only with it.
pub async fn a_plan_is_given_up_with_the_version_it_was_made_for<G>(f: &Fixture<G>) {
    for (number, seconds) in [(7, 5), (9, 3)] {
        f.removals.plan(&plan(number, seconds)).await.unwrap();
    }
    assert_eq!(f.removals.due("here", at(99), 9).await.unwrap(), [plan(9, 3), plan(7, 5)]);
    assert_eq!(f.removals.due("here", at(99), 1).await.unwrap(), [plan(9, 3)]);
    let (document, chunks) = (document("a", "d"), [chunk(7, "d", 0, "가", "배송")]);
    let planned = Some(plan(7, 5).id);
    let version = DocumentVersion { document: &document, text: "글", chunks: &chunks, planned, task: None };
    f.documents.replace(&version).await.unwrap();
    assert_eq!(f.removals.due("here", at(99), 9).await.unwrap(), [plan(9, 3)]);
}

/// A document is stored and its task completed together, or neither.
pub async fn a_version_is_stored_only_while_its_task_is_held<G>(f: &Fixture<G>) {
    f.tasks.enqueue(&new_task(1, "d"), &[]).await.unwrap();
    let lost = claim_next(f, "one", 0).await;
    let held = claim_next(f, "two", 60).await;
    let (document, chunks, result) = (document("a", "d"), [chunk(1, "d", 0, "가", "배송")], json!({"chunks": 1}));
    f.removals.plan(&plan(5, 3)).await.unwrap();
    let version = |claim| DocumentVersion {
        document: &document,
        text: "글",
        chunks: &chunks,
        planned: Some(plan(5, 3).id),
        task: Some((claim, &result)),
    };
    let refused = f.documents.replace(&version(&lost)).await;
    assert!(matches!(refused, Err(RepositoryError::Stale)), "{refused:?}");
    assert!(f.documents.find(&store("a"), &id("d")).await.unwrap().is_none());
    assert!(f.keywords.search(&scope("a"), &terms("배송"), 9).await.unwrap().is_empty());
    assert_eq!(f.removals.due("here", at(99), 9).await.unwrap().len(), 1);
    f.documents.replace(&version(&held)).await.unwrap();
    let task = f.tasks.find(&store("a"), held.task).await.unwrap().unwrap();
    assert_eq!((task.state, task.progress.percent, task.result), (TaskState::Completed, 100, Some(result.clone())));
    assert!(f.removals.due("here", at(99), 9).await.unwrap().is_empty());
    assert!(matches!(f.documents.replace(&version(&held)).await, Err(RepositoryError::Stale)));
}

/// A collection goes over to other embeddings when nothing changed meanwhile; the old vectors are planned to go.
pub async fn a_collection_switches_when_nothing_changed_meanwhile<G>(f: &Fixture<G>) {
    f.collections.begin(&info("help", "three")).await.unwrap();
    put(f.documents.as_ref(), &document("a", "d"), &[chunk(1, "d", 0, "가", "배송")]).await.unwrap();
    f.documents.reserve(&pending("waits")).await.unwrap();
    let new = CollectionInfo { vector_store: "there".to_owned(), ..info("help", "other") };
    assert!(!f.collections.switch(&new, at(4), at(70)).await.unwrap());
    assert_eq!(f.collections.list(&store("a")).await.unwrap(), [info("help", "three")]);
    assert!(f.collections.switch(&new, at(5), at(70)).await.unwrap());
    assert_eq!(f.collections.list(&store("a")).await.unwrap(), [new]);
    let found = f.documents.find(&store("a"), &id("d")).await.unwrap().unwrap();
    assert_eq!(found.embedding, Some(spec("other", 3)));
    assert_eq!(f.documents.find(&store("a"), &id("waits")).await.unwrap().unwrap().embedding, None);
    let due = f.removals.due("here", at(70), 9).await.unwrap();
    assert_eq!((due.len(), &due[0].chunks, &due[0].embedding), (1, &vec![chunk_id(1)], &spec("three", 3)));
    // What was embedded before the switch is not stored after it.
    let late = put(f.documents.as_ref(), &document("a", "late"), &[chunk(9, "late", 0, "가", "환불")]).await;
    assert!(matches!(late, Err(RepositoryError::Unavailable(_))), "{late:?}");
    assert!(f.documents.find(&store("a"), &id("late")).await.unwrap().is_none());
}
