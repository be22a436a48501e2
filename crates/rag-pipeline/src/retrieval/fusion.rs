use std::collections::HashMap;

use kernel::ChunkId;

use crate::model::ScoredChunk;

/// The constant of reciprocal-rank fusion, from Cormack, Clarke and Büttcher (2009).
const K: f32 = 60.0;

/// Fuses ranked lists: each contributes its weight over `K` + rank. Best first, ties by id; the best
/// possible score (first in every list) is 1.
pub(super) fn fuse(lists: &[(&[ScoredChunk], f32)]) -> Vec<(ChunkId, f32)> {
    let best: f32 = lists.iter().filter(|(l, _)| !l.is_empty()).map(|(_, weight)| weight / (K + 1.0)).sum();
    let mut scores: HashMap<ChunkId, f32> = HashMap::new();
    for (list, weight) in lists {
        for (rank, hit) in list.iter().enumerate() {
            *scores.entry(hit.chunk).or_default() += weight / (K + 1.0 + rank as f32);
        }
    }
    let mut fused: Vec<(ChunkId, f32)> = scores.into_iter().map(|(id, score)| (id, score / best)).collect();
    fused.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    fused
}

#[cfg(test)]
mod tests {
    use kernel::testing::SequentialIds;

    use super::*;

    #[test]
    fn agreement_beats_one_first_place() {
        let ids = SequentialIds::default();
        let [a, b, c] = [(); 3].map(|()| ScoredChunk { chunk: ChunkId::generate(&ids), score: 0.0 });
        let fused = fuse(&[(&[a, b], 1.0), (&[b, c], 1.0)]);
        assert_eq!(fused.iter().map(|f| f.0).collect::<Vec<_>>(), [b.chunk, a.chunk, c.chunk]);
        assert!(fuse(&[]).is_empty());
    }
}
