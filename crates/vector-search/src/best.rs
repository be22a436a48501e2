//! The best rows so far: a heap that never holds more than is wanted.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A row with its score. The greater is the better score; of equal ones the smaller `tie`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scored<T> {
    pub(crate) score: f32,
    pub(crate) tie: T,
    pub(crate) row: u32,
}

impl<T: Ord> Ord for Scored<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then_with(|| other.tie.cmp(&self.tie))
    }
}

impl<T: Ord> PartialOrd for Scored<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> PartialEq for Scored<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Ord> Eq for Scored<T> {}

/// The best of all that were offered, at most `limit`, which is at least one.
#[derive(Debug)]
pub(crate) struct Best<T> {
    limit: usize,
    heap: BinaryHeap<Reverse<Scored<T>>>,
}

impl<T: Ord> Best<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, heap: BinaryHeap::new() }
    }

    /// Whether a score can be among the best; with an equal one the tie decides.
    pub(crate) fn may_enter(&self, score: f32) -> bool {
        self.heap.len() < self.limit || self.heap.peek().is_some_and(|Reverse(worst)| score >= worst.score)
    }

    pub(crate) fn offer(&mut self, scored: Scored<T>) {
        if self.heap.len() < self.limit {
            self.heap.push(Reverse(scored));
        } else if let Some(mut worst) = self.heap.peek_mut()
            && scored > worst.0
        {
            *worst = Reverse(scored);
        }
    }

    /// Best first.
    pub(crate) fn into_sorted(self) -> Vec<Scored<T>> {
        self.heap.into_sorted_vec().into_iter().map(|Reverse(scored)| scored).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_best_are_the_head_of_all_sorted(scores in prop::collection::vec(0_u8..9, 0..60), limit in 1_usize..12) {
            let mut best = Best::new(limit);
            let mut all: Vec<Scored<u32>> = Vec::new();
            for (row, score) in scores.iter().enumerate() {
                let scored = Scored { score: f32::from(*score), tie: row as u32, row: row as u32 };
                all.push(scored);
                if best.may_enter(scored.score) {
                    best.offer(scored);
                }
            }
            all.sort_by(|a, b| b.cmp(a));
            all.truncate(limit);
            let rows = |list: &[Scored<u32>]| list.iter().map(|scored| scored.row).collect::<Vec<_>>();
            prop_assert_eq!(rows(&best.into_sorted()), rows(&all));
        }
    }
}
