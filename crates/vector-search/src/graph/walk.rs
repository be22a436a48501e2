//! Walking a graph: from row to nearer row, along the links of one level.

use std::collections::BinaryHeap;

use super::links::Links;
use crate::best::{Best, Scored};
use crate::dot::Kernel;
use crate::rows::Rows;

/// A row on the way, with its nearness to what is looked for.
pub(crate) type Near = Scored<u32>;

/// What a walk goes over.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) rows: &'a Rows,
    pub(crate) links: &'a Links,
    pub(crate) kernel: Kernel,
}

/// What one walk after another needs: which rows it saw, and room for scores.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    seen: Vec<u64>,
    touched: Vec<u32>,
    ahead: Vec<u32>,
}

impl Notes {
    fn begin(&mut self, rows: usize) {
        for word in self.touched.drain(..) {
            self.seen[word as usize] = 0;
        }
        self.seen.resize(rows.div_ceil(64), 0);
    }

    /// Whether a row is seen for the first time.
    fn is_new(&mut self, row: u32) -> bool {
        let Some(word) = self.seen.get_mut(row as usize / 64) else { return false };
        if *word == 0 {
            self.touched.push(row / 64);
        }
        let bit = 1 << (row % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

impl Ground<'_> {
    pub(crate) fn near(&self, query: &[f32], row: u32) -> Option<Near> {
        Some(Near { score: self.kernel.dot(query, self.rows.vector(row)?), tie: row, row })
    }

    /// From the entry down to just above a level, always to the nearest row that is linked.
    pub(crate) fn descend(&self, query: &[f32], above: usize) -> Option<Near> {
        let (row, top) = self.links.entry()?;
        let mut here = self.near(query, row)?;
        for level in (above + 1..=top).rev() {
            while let Some(nearer) = self.nearest_link(query, &here, level) {
                here = nearer;
            }
        }
        Some(here)
    }

    fn nearest_link(&self, query: &[f32], here: &Near, level: usize) -> Option<Near> {
        let linked = self.links.of(here.row, level).filter_map(|row| self.near(query, row));
        linked.max().filter(|nearest| nearest.score > here.score)
    }

    /// The nearest rows that are found on a level from where the walk begins, best first, at most `width`. Rows that
    /// are not wanted are walked through, but not found.
    pub(crate) fn walk(
        &self,
        query: &[f32],
        from: &[Near],
        width: usize,
        level: usize,
        wanted: impl Fn(u32) -> bool,
        notes: &mut Notes,
    ) -> Vec<Near> {
        let mut found = Best::new(width);
        let mut ahead = BinaryHeap::new();
        notes.begin(self.rows.len());
        for near in from {
            if notes.is_new(near.row) {
                ahead.push(*near);
                if wanted(near.row) {
                    found.offer(*near);
                }
            }
        }
        while let Some(here) = ahead.pop() {
            if !found.may_enter(here.score) {
                break;
            }
            self.look_around(query, here.row, level, notes, |near| {
                if found.may_enter(near.score) {
                    ahead.push(near);
                    if wanted(near.row) {
                        found.offer(near);
                    }
                }
            });
        }
        found.into_sorted()
    }

    /// Tells the scores of the rows linked to one that were not seen yet.
    fn look_around(&self, query: &[f32], row: u32, level: usize, notes: &mut Notes, mut hear: impl FnMut(Near)) {
        let mut new = std::mem::take(&mut notes.ahead);
        new.clear();
        new.extend(self.links.of(row, level).filter(|row| self.rows.vector(*row).is_some() && notes.is_new(*row)));
        let mut order = new.iter();
        self.kernel.each(query, new.iter().filter_map(|row| self.rows.vector(*row)), |score| {
            if let Some(row) = order.next() {
                hear(Near { score, tie: *row, row: *row });
            }
        });
        notes.ahead = new;
    }
}
