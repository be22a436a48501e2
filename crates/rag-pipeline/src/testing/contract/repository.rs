use kernel::{ChunkId, PageLimit, RepositoryError};
use serde_json::json;

use super::samples::{at, chunk, chunk_id, document, id, put, scope, store, terms};
use crate::model::{Collection, DocumentStatus};
use crate::ports::{DocumentRepository, KeywordIndex};

type Documents<'a> = &'a dyn DocumentRepository;
type Keywords<'a> = &'a dyn KeywordIndex;

/// A stored document is found just as it was given, with and without the optional fields.
pub async fn every_field_of_a_document_comes_back(documents: Documents<'_>, _: Keywords<'_>) {
    let full = document("a", "full");
    let mut bare = document("a", "bare");
    bare.url = None;
    bare.metadata = json!({});
    bare.status = DocumentStatus::Failed;
    bare.chunk_count = 0;
    put(documents, &full, &[chunk(1, "full", 0, "가", "나")]).await.unwrap();
    put(documents, &bare, &[]).await.unwrap();
    assert_eq!(documents.find(&store("a"), &full.id).await.unwrap(), Some(full));
    assert_eq!(documents.find(&store("a"), &bare.id).await.unwrap(), Some(bare));
}

/// A chunk is read just as it was given, with its document's title, collection and address.
pub async fn every_field_of_a_chunk_comes_back(documents: Documents<'_>, _: Keywords<'_>) {
    let document = document("a", "d");
    let mut deep = chunk(1, "d", 3, "가", "본문\n\n| 표 | 값 |");
    deep.chunk.heading_path = vec!["가".to_owned(), "나 / 다".to_owned()];
    let mut flat = chunk(2, "d", 4, "", "글");
    flat.chunk.heading_path = Vec::new();
    put(documents, &document, &[deep.clone(), flat.clone()]).await.unwrap();
    let stored = documents.chunks(&store("a"), &[chunk_id(1), chunk_id(2)]).await.unwrap();
    assert_eq!(stored.iter().map(|s| &s.chunk).collect::<Vec<_>>(), [&deep.chunk, &flat.chunk]);
    assert_eq!((&stored[0].title, &stored[0].collection), (&document.title, &document.collection));
    assert_eq!(stored[0].url, document.url);
}

/// Hangul, emoji, quotes and backslashes survive, in text and in ids.
pub async fn unicode_comes_back_as_it_was_stored(documents: Documents<'_>, _: Keywords<'_>) {
    let text = "한글 🧵 '작은' \"큰\" \\역 %_ \u{200d} e\u{301}";
    let mut written = document("가게-1", "문서 🧵");
    written.title = text.to_owned();
    written.metadata = json!({ "글": text });
    written.collection = Collection::new("도움말").unwrap();
    put(documents, &written, &[chunk(1, "문서 🧵", 0, text, text)]).await.unwrap();
    assert_eq!(documents.find(&store("가게-1"), &id("문서 🧵")).await.unwrap(), Some(written));
    let stored = documents.chunks(&store("가게-1"), &[chunk_id(1)]).await.unwrap();
    assert_eq!((stored[0].chunk.text.as_str(), stored[0].title.as_str()), (text, text));
}

/// NUL either is refused, leaving nothing behind, or survives: it never cuts a text short.
pub async fn text_with_nul_is_refused_or_comes_back_whole(documents: Documents<'_>, _: Keywords<'_>) {
    let result = put(documents, &document("a", "d"), &[chunk(1, "d", 0, "가", "앞\0뒤")]).await;
    let stored = documents.chunks(&store("a"), &[chunk_id(1)]).await.unwrap();
    match result {
        Ok(()) => assert_eq!(stored[0].chunk.text, "앞\0뒤"),
        Err(_) => assert!(stored.is_empty() && documents.find(&store("a"), &id("d")).await.unwrap().is_none()),
    }
}

/// Nothing is found where nothing is.
pub async fn an_unknown_document_is_none(documents: Documents<'_>, _: Keywords<'_>) {
    assert_eq!(documents.find(&store("a"), &id("d")).await.unwrap(), None);
    assert!(!documents.delete(&store("a"), &id("d"), at(90)).await.unwrap());
}

/// `created_at` is that of the first version, everything else that of the last.
pub async fn a_replaced_document_keeps_when_it_was_created(documents: Documents<'_>, _: Keywords<'_>) {
    let first = document("a", "d");
    put(documents, &first, &[]).await.unwrap();
    let mut second = document("a", "d");
    second.created_at = at(60);
    second.updated_at = at(60);
    "새 제목".clone_into(&mut second.title);
    second.collection = Collection::new("products").unwrap();
    put(documents, &second, &[]).await.unwrap();
    second.created_at = first.created_at;
    assert_eq!(documents.find(&store("a"), &id("d")).await.unwrap(), Some(second));
}

/// After a replacement nothing of the old version is found in any way.
pub async fn replacing_drops_old_chunks_and_terms(documents: Documents<'_>, keywords: Keywords<'_>) {
    let document = document("a", "d");
    put(documents, &document, &[chunk(1, "d", 0, "옛날", "배송"), chunk(2, "d", 1, "옛날", "교환")]).await.unwrap();
    put(documents, &document, &[chunk(3, "d", 0, "요즘", "환불")]).await.unwrap();
    assert!(keywords.search(&scope("a"), &terms("배송 옛날 교환"), 9).await.unwrap().is_empty());
    assert_eq!(keywords.search(&scope("a"), &terms("환불"), 9).await.unwrap()[0].chunk, chunk_id(3));
    assert_eq!(documents.chunks(&store("a"), &[chunk_id(1), chunk_id(2), chunk_id(3)]).await.unwrap().len(), 1);
    let statistics = keywords.statistics(&scope("a"), &terms("배송")).await.unwrap();
    assert_eq!((statistics.total, statistics.frequencies), (1, vec![0]));
}

/// A replacement that fails changes nothing.
pub async fn a_chunk_id_of_another_document_conflicts_and_changes_nothing(
    documents: Documents<'_>,
    keywords: Keywords<'_>,
) {
    put(documents, &document("a", "one"), &[chunk(1, "one", 0, "가", "배송")]).await.unwrap();
    put(documents, &document("a", "two"), &[chunk(2, "two", 0, "가", "환불")]).await.unwrap();
    let stolen = [chunk(3, "two", 0, "가", "새것"), chunk(1, "two", 1, "가", "훔침")];
    let result = put(documents, &document("a", "two"), &stolen).await;
    assert!(matches!(result, Err(RepositoryError::Conflict)), "{result:?}");
    assert_eq!(keywords.search(&scope("a"), &terms("환불"), 9).await.unwrap().len(), 1);
    assert_eq!(keywords.search(&scope("a"), &terms("배송"), 9).await.unwrap().len(), 1);
    assert!(keywords.search(&scope("a"), &terms("새것"), 9).await.unwrap().is_empty());
}

/// A document may have no chunks, at first or after a replacement.
pub async fn a_document_without_chunks_can_be_stored(documents: Documents<'_>, keywords: Keywords<'_>) {
    let document = document("a", "d");
    put(documents, &document, &[chunk(1, "d", 0, "가", "배송")]).await.unwrap();
    put(documents, &document, &[]).await.unwrap();
    assert!(documents.find(&store("a"), &id("d")).await.unwrap().is_some());
    assert!(keywords.search(&scope("a"), &terms("배송"), 9).await.unwrap().is_empty());
}

/// Deleting tells whether there was something, and leaves nothing to find.
pub async fn deleting_removes_everything_once(documents: Documents<'_>, keywords: Keywords<'_>) {
    put(documents, &document("a", "d"), &[chunk(1, "d", 0, "가", "배송")]).await.unwrap();
    assert!(documents.delete(&store("a"), &id("d"), at(90)).await.unwrap());
    assert!(!documents.delete(&store("a"), &id("d"), at(90)).await.unwrap());
    assert!(keywords.search(&scope("a"), &terms("배송"), 9).await.unwrap().is_empty());
    assert!(documents.chunks(&store("a"), &[chunk_id(1)]).await.unwrap().is_empty());
}

/// No method crosses from one store to another.
pub async fn stores_do_not_see_each_other(documents: Documents<'_>, keywords: Keywords<'_>) {
    put(documents, &document("a", "d"), &[chunk(1, "d", 0, "가", "배송")]).await.unwrap();
    assert!(documents.find(&store("b"), &id("d")).await.unwrap().is_none());
    assert!(!documents.delete(&store("b"), &id("d"), at(90)).await.unwrap());
    assert!(documents.chunks(&store("b"), &[chunk_id(1)]).await.unwrap().is_empty());
    assert!(keywords.search(&scope("b"), &terms("배송"), 9).await.unwrap().is_empty());
    assert!(documents.find(&store("a"), &id("d")).await.unwrap().is_some());
}

/// Document ids are unique within a store only.
pub async fn the_same_document_id_may_live_in_two_stores(documents: Documents<'_>, keywords: Keywords<'_>) {
    put(documents, &document("a", "d"), &[chunk(1, "d", 0, "가", "배송")]).await.unwrap();
    put(documents, &document("b", "d"), &[chunk(2, "d", 0, "가", "배송")]).await.unwrap();
    documents.delete(&store("a"), &id("d"), at(90)).await.unwrap();
    let hits = keywords.search(&scope("b"), &terms("배송"), 9).await.unwrap();
    assert_eq!(hits.iter().map(|h| h.chunk).collect::<Vec<_>>(), [chunk_id(2)]);
}

/// Pages cover every document once, in the order of ids.
pub async fn pages_follow_the_order_of_ids_and_end(documents: Documents<'_>, _: Keywords<'_>) {
    for name in ["c", "a", "e", "b", "d"] {
        put(documents, &document("s", name), &[]).await.unwrap();
    }
    put(documents, &document("other", "a2"), &[]).await.unwrap();
    let limit = PageLimit::new(2).unwrap();
    let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = documents.page(&store("s"), None, after.as_ref(), limit).await.unwrap();
        seen.extend(page.items.iter().map(|d| d.id.to_string()));
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((seen.join(""), pages), ("abcde".to_owned(), 3));
}

/// An empty list is a page without a cursor.
pub async fn an_empty_store_has_an_empty_page(documents: Documents<'_>, _: Keywords<'_>) {
    let page = documents.page(&store("a"), None, None, PageLimit::DEFAULT).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
}

/// `chunks` answers in the order of the ids, leaving out what it does not know.
pub async fn chunks_come_in_the_order_asked_for_without_unknown_ones(documents: Documents<'_>, _: Keywords<'_>) {
    let of_d = [chunk(1, "d", 0, "가", "하나"), chunk(2, "d", 1, "가", "둘"), chunk(3, "d", 2, "가", "셋")];
    put(documents, &document("a", "d"), &of_d).await.unwrap();
    let asked = [3, 9, 1].map(chunk_id);
    let found = documents.chunks(&store("a"), &asked).await.unwrap();
    assert_eq!(found.iter().map(|s| s.chunk.id).collect::<Vec<_>>(), [chunk_id(3), chunk_id(1)]);
    assert!(documents.chunks(&store("a"), &[]).await.unwrap().is_empty());
}

/// Two versions written at once: one of them is there, whole.
pub async fn concurrent_replacements_leave_one_whole_document(documents: Documents<'_>, keywords: Keywords<'_>) {
    let document = document("a", "d");
    let left = [chunk(1, "d", 0, "가", "왼쪽"), chunk(2, "d", 1, "가", "왼쪽")];
    let right = [chunk(3, "d", 0, "가", "오른"), chunk(4, "d", 1, "가", "오른")];
    let (one, two) = futures::join!(put(documents, &document, &left), put(documents, &document, &right));
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    let lefts = keywords.search(&scope("a"), &terms("왼쪽"), 9).await.unwrap().len();
    let rights = keywords.search(&scope("a"), &terms("오른"), 9).await.unwrap().len();
    assert!(matches!((lefts, rights), (2, 0) | (0, 2)), "{lefts} {rights}");
}

/// Lists longer than a database's limit of parameters or of query depth are answered.
pub async fn many_ids_and_terms_at_once_are_no_problem(documents: Documents<'_>, keywords: Keywords<'_>) {
    put(documents, &document("a", "d"), &[chunk(1, "d", 0, "가", "배송")]).await.unwrap();
    let ids: Vec<ChunkId> = (1..=1_000).map(chunk_id).collect();
    assert_eq!(documents.chunks(&store("a"), &ids).await.unwrap().len(), 1);
    let mut many: Vec<String> = (0..2_000).map(|n| format!("t{n}")).collect();
    many.push("배송".to_owned());
    let statistics = keywords.statistics(&scope("a"), &many).await.unwrap();
    assert_eq!((statistics.frequencies.len(), statistics.frequencies[2_000]), (2_001, 1));
    assert_eq!(keywords.search(&scope("a"), &many[1_700..], 5).await.unwrap().len(), 1);
}
