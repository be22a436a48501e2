//! What all vector stores do with points before they send them, and with hits before they hand them on.

use std::collections::HashSet;

use kernel::ChunkId;
use rag_pipeline::model::{EmbeddingSpec, ScoredChunk, VectorError, VectorPoint};

/// The most characters a number of a vector takes in JSON, its comma included: `-1.2345678e-10,`.
const NUMBER: usize = 16;
/// The most bytes a character of a name takes in JSON: `\u0000`.
const CHARACTER: usize = 6;
/// The most bytes that the rest of a point takes in JSON: ids, the names of its fields, punctuation.
const FRAME: usize = 300;

/// How much goes into one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    /// Points.
    pub(crate) points: usize,
    /// Bytes of JSON.
    pub(crate) bytes: usize,
}

/// Checks the length of a vector, and that it consists of numbers.
pub(crate) fn check(store: &str, spec: &EmbeddingSpec, vector: &[f32]) -> Result<(), VectorError> {
    let given = u32::try_from(vector.len()).unwrap_or(u32::MAX);
    if given != spec.dimension {
        return Err(VectorError::Mismatch { store: store.into(), kept: spec.dimension, given });
    }
    if vector.iter().all(|x| x.is_finite()) {
        return Ok(());
    }
    // JSON has no word for it.
    Err(VectorError::Permanent(format!("a vector of {} is infinite or not a number", spec.embedder)))
}

/// Checks all vectors, so that none is sent where one is wrong.
pub(crate) fn check_all(store: &str, spec: &EmbeddingSpec, points: &[VectorPoint]) -> Result<(), VectorError> {
    points.iter().try_for_each(|point| check(store, spec, &point.vector))
}

/// Whether a vector points anywhere; one that does not has no cosine with any other.
pub(crate) fn has_direction(vector: &[f32]) -> bool {
    vector.iter().any(|x| *x != 0.0)
}

/// The last point of each chunk, in their order.
pub(crate) fn latest(points: &[VectorPoint]) -> Vec<&VectorPoint> {
    let mut seen = HashSet::new();
    let mut kept: Vec<_> = points.iter().rev().filter(|point| seen.insert(point.chunk)).collect();
    kept.reverse();
    kept
}

/// Cuts points into requests that stay within a bound. A point that is larger by itself goes alone.
pub(crate) fn batches<'a, 'p>(points: &'a [&'p VectorPoint], bound: Bound) -> Vec<&'a [&'p VectorPoint]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (end, point) in points.iter().enumerate() {
        let more = size(point);
        if end > start && (end - start == bound.points || bytes + more > bound.bytes) {
            batches.push(&points[start..end]);
            (start, bytes) = (end, 0);
        }
        bytes += more;
    }
    if start < points.len() {
        batches.push(&points[start..]);
    }
    batches
}

/// What a point takes in JSON at most. The store's name has 100 characters at most.
fn size(point: &VectorPoint) -> usize {
    let names = point.collection.as_str().len() + point.document.as_str().len() + 400;
    point.vector.len() * NUMBER + names * CHARACTER + FRAME
}

/// Best first, ties by chunk id, no more than `limit`.
pub(crate) fn best_first(mut hits: Vec<ScoredChunk>, limit: usize) -> Vec<ScoredChunk> {
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.chunk.cmp(&b.chunk)));
    hits.truncate(limit);
    hits
}

/// A hit whose id is a chunk's.
pub(crate) fn hit(store: &str, id: &str, score: f32) -> Result<ScoredChunk, VectorError> {
    let chunk: ChunkId =
        id.parse().map_err(|_| VectorError::Permanent(format!("{store} found what is no chunk: {id:.40}")))?;
    Ok(ScoredChunk { chunk, score })
}

#[cfg(test)]
mod tests {
    use kernel::DocumentId;
    use rag_pipeline::model::Collection;

    use super::*;

    fn point(number: u32, length: usize) -> VectorPoint {
        VectorPoint {
            chunk: format!("00000000-0000-7000-8000-{number:012x}").parse().unwrap(),
            document: DocumentId::new("d").unwrap(),
            collection: Collection::new("help").unwrap(),
            vector: vec![-1.234_567_8e-10; length],
        }
    }

    #[test]
    fn batches_are_bounded_in_count_and_bytes_and_lose_nothing() {
        let points: Vec<_> = (0..25).map(|n| point(n, 100)).collect();
        let points: Vec<_> = points.iter().collect();
        let by_count = batches(&points, Bound { points: 10, bytes: 1_000_000 });
        assert_eq!(by_count.iter().map(|batch| batch.len()).collect::<Vec<_>>(), [10, 10, 5]);
        let bytes = 3 * size(points[0]);
        let by_bytes = batches(&points, Bound { points: 10, bytes });
        assert!(by_bytes.iter().all(|batch| batch.len() <= 3));
        assert_eq!(by_bytes.concat().len(), 25);
        assert_eq!(batches(&points, Bound { points: 10, bytes: 1 }).len(), 25);
        assert!(batches(&[], Bound { points: 10, bytes: 1 }).is_empty());
    }

    #[test]
    fn a_point_is_never_larger_than_was_counted() {
        let mut large = point(1, 1_536);
        large.document = DocumentId::new("\"".repeat(100)).unwrap();
        large.collection = Collection::new("가".repeat(64)).unwrap();
        let payload = ["\u{1}".repeat(100), "가".repeat(64), large.document.as_str().to_owned()];
        let sent = serde_json::to_string(&(large.chunk, &large.vector, payload)).unwrap();
        assert!(sent.len() <= size(&large), "{} bytes", sent.len());
    }

    #[test]
    fn the_last_point_of_a_chunk_is_kept_in_its_place() {
        let points = [point(1, 1), point(2, 1), point(1, 2)];
        let kept = latest(&points);
        assert_eq!(kept.iter().map(|p| p.vector.len()).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_vector_that_json_cannot_carry_is_refused() {
        let spec = EmbeddingSpec { embedder: "e5".into(), dimension: 2 };
        assert!(check("qdrant", &spec, &[0.0, 1.0]).is_ok());
        for bad in [f32::NAN, f32::INFINITY] {
            assert!(matches!(check("qdrant", &spec, &[bad, 1.0]), Err(VectorError::Permanent(_))));
        }
    }
}
