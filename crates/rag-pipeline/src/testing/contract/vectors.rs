//! What every vector store must do: run all of it with [`vector_store_contract!`](crate::vector_store_contract).
//!
//! Scores may be off by a thousandth, and of equal scores at a limit any may be cut: stores that look things up in an
//! approximate index pass. So do those that take a while to show what was written: the suite waits for the fixture to
//! settle between writing and reading.
#![allow(missing_docs)] // the cases' names are sentences

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::{BoxFuture, join_all};
use kernel::{ChunkId, DocumentId, StoreId};

use super::samples::{chunk_id, id, scope, store};
use crate::model::{Collection, EmbeddingSpec, Scope, ScoredChunk, VectorError, VectorPoint};
use crate::ports::VectorStore;

/// The length of all vectors in the suite: an index of one length must be made for it.
pub const DIMENSION: u32 = 8;
/// What an approximate store may be off by.
const TOLERANCE: f32 = 1e-3;
/// More than any store takes in one request.
const MANY: u128 = 3_000;

/// Waits until what was acknowledged can be read.
pub type Settle = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A vector store with nothing in it, and what the suite needs to know of it.
pub struct VectorSubject {
    /// The store.
    pub store: Arc<dyn VectorStore>,
    /// A kind under whose name there is room already for vectors of another length; that length.
    pub occupied: (EmbeddingSpec, u32),
    /// Waited for between writing and reading.
    pub settle: Settle,
}

/// A kind of embeddings of the suite's length.
pub fn kind(embedder: &str) -> EmbeddingSpec {
    EmbeddingSpec { embedder: embedder.into(), dimension: DIMENSION }
}

/// A vector that begins with these numbers, in the suite's length.
fn vector(begin: &[f32]) -> Vec<f32> {
    let mut vector = begin.to_vec();
    vector.resize(DIMENSION as usize, 0.0);
    vector
}

/// A unit vector that has hardly anything to do with those of other numbers.
fn scattered(number: u128) -> Vec<f32> {
    let mut state = number as u64;
    let raw: Vec<f32> = (0..DIMENSION)
        .map(|_| {
            // SplitMix64.
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((mixed ^ (mixed >> 31)) >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
        })
        .collect();
    let length = raw.iter().map(|x| x * x).sum::<f32>().sqrt();
    raw.iter().map(|x| x / length).collect()
}

fn collection(name: &str) -> Collection {
    Collection::new(name).unwrap()
}

fn point(number: u128, vector: Vec<f32>) -> VectorPoint {
    VectorPoint { chunk: chunk_id(number), document: id("d"), collection: collection("help"), vector }
}

fn ids(numbers: impl IntoIterator<Item = u128>) -> Vec<ChunkId> {
    numbers.into_iter().map(chunk_id).collect()
}

impl VectorSubject {
    async fn prepare(&self, spec: &EmbeddingSpec) {
        self.store.prepare(spec).await.unwrap();
    }

    async fn put(&self, spec: &EmbeddingSpec, of: &StoreId, points: &[VectorPoint]) {
        self.store.upsert(spec, of, points).await.unwrap();
        (self.settle)().await;
    }

    async fn remove(&self, spec: &EmbeddingSpec, of: &StoreId, chunks: &[ChunkId]) {
        self.store.remove(spec, of, chunks).await.unwrap();
        (self.settle)().await;
    }

    async fn find(&self, spec: &EmbeddingSpec, scope: &Scope, begin: &[f32], limit: usize) -> Vec<ScoredChunk> {
        self.store.search(spec, scope, &vector(begin), limit).await.unwrap()
    }

    /// What is found in a store, whatever the scores.
    async fn chunks(&self, spec: &EmbeddingSpec, scope: &Scope) -> BTreeSet<ChunkId> {
        self.find(spec, scope, &[1.0], 50).await.iter().map(|hit| hit.chunk).collect()
    }

    async fn count(&self, spec: &EmbeddingSpec, of: &StoreId) -> u64 {
        self.store.count(spec, of).await.unwrap()
    }

    /// A kind that is prepared, with a point in store `a` for each of the numbers.
    async fn with_points(&self, numbers: impl IntoIterator<Item = u128>) -> EmbeddingSpec {
        let spec = kind("e5");
        self.prepare(&spec).await;
        let points: Vec<_> = numbers.into_iter().map(|n| point(n, scattered(n))).collect();
        self.put(&spec, &store("a"), &points).await;
        spec
    }
}

/// The length kept and the length given, if that is what went wrong.
fn mismatch<T>(outcome: Result<T, VectorError>) -> Option<(u32, u32)> {
    match outcome.err()? {
        VectorError::Mismatch { kept, given, .. } => Some((kept, given)),
        _ => None,
    }
}

/// Scores are cosines, from opposite to equal.
pub async fn the_nearest_come_first_with_cosine_scores(subject: &VectorSubject) {
    let spec = kind("e5");
    subject.prepare(&spec).await;
    let vectors: [&[f32]; 4] = [&[-1.0], &[0.6, 0.8], &[1.0], &[0.0, 1.0]];
    let points: Vec<_> = (1..).zip(vectors).map(|(n, begin)| point(n, vector(begin))).collect();
    subject.put(&spec, &store("a"), &points).await;
    let hits = subject.find(&spec, &scope("a"), &[1.0], 9).await;
    assert_eq!(hits.iter().map(|h| h.chunk).collect::<Vec<_>>(), ids([3, 2, 4, 1]));
    let expected = [1.0, 0.6, 0.0, -1.0];
    assert!(hits.iter().zip(expected).all(|(hit, score)| (hit.score - score).abs() < TOLERANCE), "{hits:?}");
}

pub async fn equal_scores_come_in_the_order_of_chunk_ids(subject: &VectorSubject) {
    let spec = kind("e5");
    subject.prepare(&spec).await;
    let points: Vec<_> = [7, 2, 9, 4, 1].map(|n| point(n, vector(&[0.6, 0.8]))).into();
    subject.put(&spec, &store("a"), &points).await;
    let hits = subject.find(&spec, &scope("a"), &[1.0], 9).await;
    assert_eq!(hits.iter().map(|h| h.chunk).collect::<Vec<_>>(), ids([1, 2, 4, 7, 9]));
}

pub async fn no_more_are_found_than_asked_for(subject: &VectorSubject) {
    let spec = subject.with_points(1..=20).await;
    for limit in [0, 1, 7, 20] {
        assert_eq!(subject.find(&spec, &scope("a"), &[1.0], limit).await.len(), limit);
    }
    assert_eq!(subject.find(&spec, &scope("a"), &[1.0], 500).await.len(), 20);
}

pub async fn an_empty_vector_finds_nothing(subject: &VectorSubject) {
    let spec = subject.with_points(1..=2).await;
    assert!(subject.store.search(&spec, &scope("a"), &[], 9).await.unwrap().is_empty());
}

pub async fn a_kind_that_nothing_was_prepared_for_has_nothing(subject: &VectorSubject) {
    let spec = kind("never prepared");
    assert!(subject.find(&spec, &scope("a"), &[1.0], 9).await.is_empty());
    assert_eq!(subject.count(&spec, &store("a")).await, 0);
    subject.remove(&spec, &store("a"), &ids([1])).await;
}

pub async fn nothing_to_put_or_to_remove_is_fine(subject: &VectorSubject) {
    let spec = subject.with_points([1]).await;
    subject.put(&spec, &store("a"), &[]).await;
    subject.remove(&spec, &store("a"), &[]).await;
    assert_eq!(subject.chunks(&spec, &scope("a")).await, [chunk_id(1)].into());
}

/// An embedder may find nothing in a text to go by.
pub async fn a_vector_without_direction_harms_no_other(subject: &VectorSubject) {
    let spec = kind("e5");
    subject.prepare(&spec).await;
    let points = [point(1, vector(&[])), point(2, vector(&[1.0]))];
    subject.put(&spec, &store("a"), &points).await;
    assert_eq!(subject.find(&spec, &scope("a"), &[1.0], 1).await[0].chunk, chunk_id(2));
    let nowhere = subject.find(&spec, &scope("a"), &[], 9).await;
    assert!(nowhere.iter().all(|hit| hit.score.abs() < TOLERANCE), "{nowhere:?}");
}

/// A newer embedder of the same length has its own points.
pub async fn kinds_of_one_length_never_meet(subject: &VectorSubject) {
    let (old, new) = (kind("e5 v1"), kind("e5 v2"));
    for (spec, numbers) in [(&old, 1..=3), (&new, 3..=4)] {
        subject.prepare(spec).await;
        let points: Vec<_> = numbers.map(|n| point(n, scattered(n))).collect();
        subject.put(spec, &store("a"), &points).await;
    }
    assert_eq!(subject.chunks(&old, &scope("a")).await, ids(1..=3).into_iter().collect());
    assert_eq!(subject.chunks(&new, &scope("a")).await, ids(3..=4).into_iter().collect());
    subject.remove(&new, &store("a"), &ids([3])).await;
    assert_eq!((subject.count(&old, &store("a")).await, subject.count(&new, &store("a")).await), (3, 1));
}

pub async fn stores_never_meet(subject: &VectorSubject) {
    let spec = subject.with_points(1..=3).await;
    subject.put(&spec, &store("b"), &[point(4, scattered(1))]).await;
    assert_eq!(subject.chunks(&spec, &scope("a")).await, ids(1..=3).into_iter().collect());
    assert_eq!(subject.chunks(&spec, &scope("b")).await, [chunk_id(4)].into());
    assert!(subject.chunks(&spec, &scope("c")).await.is_empty());
}

/// Several collections are looked into together, unknown ones have nothing, and none reaches into another store.
pub async fn collections_narrow_a_search(subject: &VectorSubject) {
    let spec = kind("e5");
    subject.prepare(&spec).await;
    let of = |number, name| VectorPoint { collection: collection(name), ..point(number, scattered(number)) };
    subject.put(&spec, &store("a"), &[of(1, "help"), of(2, "products"), of(3, "news"), of(4, "news")]).await;
    subject.put(&spec, &store("b"), &[of(5, "news")]).await;
    let cases: [(&[&str], &[u128]); 5] = [
        (&[], &[1, 2, 3, 4]),
        (&["news"], &[3, 4]),
        (&["help", "news"], &[1, 3, 4]),
        (&["products", "unknown"], &[2]),
        (&["unknown"], &[]),
    ];
    for (names, expected) in cases {
        let narrow = Scope { store: store("a"), collections: names.iter().copied().map(collection).collect() };
        assert_eq!(subject.chunks(&spec, &narrow).await, ids(expected.iter().copied()).into_iter().collect());
    }
}

pub async fn a_point_put_twice_is_one_and_the_newer_wins(subject: &VectorSubject) {
    let spec = subject.with_points([1]).await;
    let newer = VectorPoint { collection: collection("news"), ..point(1, vector(&[0.0, 1.0])) };
    subject.put(&spec, &store("a"), &[newer]).await;
    assert_eq!(subject.count(&spec, &store("a")).await, 1);
    let hits = subject.find(&spec, &scope("a"), &[0.0, 1.0], 9).await;
    assert!(hits.len() == 1 && (hits[0].score - 1.0).abs() < TOLERANCE, "{hits:?}");
    let before = Scope { store: store("a"), collections: vec![collection("help")] };
    assert!(subject.chunks(&spec, &before).await.is_empty());
}

pub async fn the_later_of_two_points_of_one_chunk_wins_within_a_call(subject: &VectorSubject) {
    let spec = kind("e5");
    subject.prepare(&spec).await;
    let points = [point(1, vector(&[1.0])), point(2, vector(&[1.0])), point(1, vector(&[0.0, 1.0]))];
    subject.put(&spec, &store("a"), &points).await;
    assert_eq!(subject.count(&spec, &store("a")).await, 2);
    let hits = subject.find(&spec, &scope("a"), &[0.0, 1.0], 1).await;
    assert_eq!(hits[0].chunk, chunk_id(1));
}

pub async fn exactly_those_asked_for_are_removed(subject: &VectorSubject) {
    let spec = subject.with_points(1..=5).await;
    subject.remove(&spec, &store("a"), &ids([2, 4])).await;
    assert_eq!(subject.chunks(&spec, &scope("a")).await, ids([1, 3, 5]).into_iter().collect());
    assert_eq!(subject.count(&spec, &store("a")).await, 3);
}

pub async fn removing_what_is_unknown_changes_nothing(subject: &VectorSubject) {
    let spec = subject.with_points(1..=2).await;
    subject.remove(&spec, &store("a"), &ids([77, 78])).await;
    subject.remove(&spec, &store("nobody"), &ids([77])).await;
    subject.remove(&spec, &store("a"), &ids([1, 77])).await;
    subject.remove(&spec, &store("a"), &ids([1])).await;
    assert_eq!(subject.chunks(&spec, &scope("a")).await, [chunk_id(2)].into());
}

pub async fn a_store_cannot_remove_what_another_has(subject: &VectorSubject) {
    let spec = subject.with_points(1..=2).await;
    subject.put(&spec, &store("b"), &[point(3, scattered(3))]).await;
    subject.remove(&spec, &store("b"), &ids([1, 3])).await;
    assert_eq!(subject.chunks(&spec, &scope("a")).await, ids([1, 2]).into_iter().collect());
    assert_eq!(subject.count(&spec, &store("b")).await, 0);
}

pub async fn vectors_of_another_length_are_a_mismatch(subject: &VectorSubject) {
    let spec = subject.with_points([1]).await;
    let short = point(2, vec![1.0; 2]);
    let upsert = subject.store.upsert(&spec, &store("a"), &[point(3, scattered(3)), short]).await;
    assert_eq!(mismatch(upsert), Some((DIMENSION, 2)));
    let search = subject.store.search(&spec, &scope("a"), &[1.0; 9], 3).await;
    assert_eq!(mismatch(search), Some((DIMENSION, 9)));
    (subject.settle)().await;
    assert!(!subject.chunks(&spec, &scope("a")).await.contains(&chunk_id(2)));
}

pub async fn room_for_another_length_is_a_mismatch(subject: &VectorSubject) {
    let (spec, kept) = &subject.occupied;
    assert_eq!(mismatch(subject.store.prepare(spec).await), Some((*kept, spec.dimension)));
}

pub async fn preparing_again_keeps_what_is_there(subject: &VectorSubject) {
    let spec = subject.with_points(1..=3).await;
    subject.prepare(&spec).await;
    assert_eq!(subject.count(&spec, &store("a")).await, 3);
}

/// Several instances start at once.
pub async fn room_prepared_by_several_at_once_is_one(subject: &VectorSubject) {
    let spec = kind("e5");
    for outcome in join_all((0..6).map(|_| subject.store.prepare(&spec))).await {
        outcome.unwrap();
    }
    subject.put(&spec, &store("a"), &[point(1, scattered(1))]).await;
    assert_eq!(subject.count(&spec, &store("a")).await, 1);
}

pub async fn points_are_counted_by_kind_and_store(subject: &VectorSubject) {
    let spec = subject.with_points(1..=3).await;
    subject.put(&spec, &store("b"), &[point(4, scattered(4))]).await;
    let counts = [subject.count(&spec, &store("a")).await, subject.count(&spec, &store("b")).await];
    assert_eq!(counts, [3, 1]);
    assert_eq!(subject.count(&spec, &store("c")).await, 0);
    assert_eq!(subject.count(&kind("another"), &store("a")).await, 0);
}

pub async fn thousands_of_points_go_and_come_in_one_call(subject: &VectorSubject) {
    let spec = subject.with_points(1..=MANY).await;
    assert_eq!(subject.count(&spec, &store("a")).await, MANY as u64);
    for number in [1, MANY / 2, MANY] {
        let hits = subject.store.search(&spec, &scope("a"), &scattered(number), 3).await.unwrap();
        assert_eq!(hits[0].chunk, chunk_id(number));
    }
    subject.remove(&spec, &store("a"), &ids(2..=MANY)).await;
    assert_eq!(subject.chunks(&spec, &scope("a")).await, [chunk_id(1)].into());
    assert_eq!(subject.count(&spec, &store("a")).await, 1);
}

/// Whatever a shop calls itself is a name, never a query.
pub async fn names_that_look_like_queries_are_only_names(subject: &VectorSubject) {
    let spec = kind("e5 \"large\" / 다국어 {\"$ne\": 1} 😀");
    subject.prepare(&spec).await;
    let long = "가".repeat(100);
    let names = [
        "a'b\"c\\d",
        "우리 가게",
        "우리  가게",
        "{\"$ne\": \"\"}",
        "$and",
        "*",
        "%",
        "a/b?c=d&e#f",
        "a",
        "A",
        "é",
        "e\u{301}",
        "😀",
        &long,
    ];
    for (number, name) in (1..).zip(names) {
        let named = VectorPoint {
            document: DocumentId::new("a\"b/c?").unwrap(),
            collection: collection("상품-_안내"),
            ..point(number, scattered(number))
        };
        subject.put(&spec, &store(name), &[named]).await;
    }
    for (number, name) in (1..).zip(names) {
        let narrow = Scope { store: store(name), collections: vec![collection("상품-_안내")] };
        assert_eq!(subject.chunks(&spec, &narrow).await, [chunk_id(number)].into(), "{name}");
        assert_eq!(subject.count(&spec, &store(name)).await, 1, "{name}");
    }
}

pub async fn writers_at_once_lose_nothing(subject: &VectorSubject) {
    let spec = kind("e5");
    subject.prepare(&spec).await;
    let shares: Vec<Vec<_>> = (0..8).map(|w| (1..=40).map(|n| point(w * 100 + n, scattered(n))).collect()).collect();
    let a = store("a");
    for outcome in join_all(shares.iter().map(|points| subject.store.upsert(&spec, &a, points))).await {
        outcome.unwrap();
    }
    (subject.settle)().await;
    assert_eq!(subject.count(&spec, &a).await, 320);
}

pub async fn writers_of_one_point_at_once_leave_one(subject: &VectorSubject) {
    let spec = kind("e5");
    subject.prepare(&spec).await;
    let versions: Vec<_> = (1..=6).map(|n| [point(1, scattered(n))]).collect();
    let a = store("a");
    for outcome in join_all(versions.iter().map(|points| subject.store.upsert(&spec, &a, points))).await {
        outcome.unwrap();
    }
    (subject.settle)().await;
    assert_eq!(subject.count(&spec, &a).await, 1);
    let everywhere = scope("a");
    let looks = versions.iter().map(|[point]| subject.store.search(&spec, &everywhere, &point.vector, 9));
    let scores: Vec<f32> = join_all(looks).await.into_iter().flat_map(Result::unwrap).map(|hit| hit.score).collect();
    assert!(scores.iter().any(|score| (score - 1.0).abs() < TOLERANCE), "{scores:?}");
}
