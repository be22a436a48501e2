//! One version of a space: what a search sees from its beginning to its end.

use uuid::Uuid;

use crate::best::{Best, Scored};
use crate::dot::Kernel;
use crate::graph::{Ground, Links, Notes};
use crate::rows::{BLOCK, Mask, Rows, bits, ones, without};

/// Rows and the graph over them, as of a revision. Versions share what they have in common.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) revision: i64,
    pub(crate) rows: Rows,
    pub(crate) graph: Option<Links>,
}

impl Version {
    /// The nearest rows, best first, ties by id.
    pub(crate) fn search(&self, kernel: Kernel, query: &[f32], limit: usize, width: usize) -> Vec<(Uuid, f32)> {
        let mut best = Best::new(limit);
        // First what is not in the graph: a row that is linked in the meantime is found twice rather than never.
        self.scan(kernel, query, &mut best);
        let mut found = best.into_sorted();
        if self.graph.is_some() {
            found.extend(self.walk(kernel, query, width.max(limit)));
            found.sort_by(|a, b| b.cmp(a));
            found.dedup_by_key(|scored| scored.row);
            found.truncate(limit);
        }
        found.into_iter().map(|scored| (scored.tie, scored.score)).collect()
    }

    /// Compares every live row that no graph leads to.
    fn scan(&self, kernel: Kernel, query: &[f32], best: &mut Best<Uuid>) {
        for block in 0..self.rows.blocks() {
            let mask = self.to_compare(block);
            if mask == Mask::default() {
                continue;
            }
            self.rows.scan(kernel, query, block, &mask, |row, score| {
                if best.may_enter(score) {
                    best.offer(self.scored(row, score));
                }
            });
        }
    }

    fn walk(&self, kernel: Kernel, query: &[f32], width: usize) -> Vec<Scored<Uuid>> {
        let Some(links) = &self.graph else { return Vec::new() };
        let ground = Ground { rows: &self.rows, links, kernel };
        let Some(from) = ground.descend(query, 0) else { return Vec::new() };
        let found = ground.walk(query, &[from], width, 0, |row| self.rows.is_live(row), &mut Notes::default());
        found.into_iter().map(|near| self.scored(near.row, near.score)).collect()
    }

    fn scored(&self, row: u32, score: f32) -> Scored<Uuid> {
        // Plus nothing: -0 and 0 are one score.
        Scored { score: score + 0.0, tie: self.rows.id(row), row }
    }

    /// The live rows of a block that the graph does not lead to yet.
    fn to_compare(&self, block: usize) -> Mask {
        let live = self.rows.live(block);
        self.graph.as_ref().map_or(live, |links| without(&live, &links.linked(block)))
    }

    /// How many rows every search compares.
    pub(crate) fn compared(&self) -> usize {
        (0..self.rows.blocks()).map(|block| ones(&self.to_compare(block))).sum()
    }

    /// The live rows that a graph does not lead to, in their order.
    pub(crate) fn unlinked<'a>(&'a self, links: &'a Links) -> impl Iterator<Item = u32> {
        self.rows_in(|block| without(&self.rows.live(block), &links.linked(block)))
    }

    /// The dead rows that the graph does not lead through: they can be used again.
    pub(crate) fn free(&self) -> Vec<u32> {
        let taken = |block| {
            let linked = self.graph.as_ref().map_or(Mask::default(), |links| links.linked(block));
            let live = self.rows.live(block);
            std::array::from_fn(|word| !(linked[word] | live[word]))
        };
        self.rows_in(taken).filter(|row| (*row as usize) < self.rows.len()).collect()
    }

    /// How many rows are part of a graph, and how many of them are dead.
    pub(crate) fn linked_and_dead(&self, links: &Links) -> (usize, usize) {
        (0..self.rows.blocks()).fold((0, 0), |(all, dead), block| {
            let linked = links.linked(block);
            (all + ones(&linked), dead + ones(&without(&linked, &self.rows.live(block))))
        })
    }

    /// The numbers of the rows that a mask of each block names.
    pub(crate) fn rows_in(&self, mask: impl Fn(usize) -> Mask) -> impl Iterator<Item = u32> {
        (0..self.rows.blocks())
            .flat_map(move |block| bits(&mask(block)).map(|at| (block * BLOCK + at) as u32).collect::<Vec<_>>())
    }

    /// Memory in bytes, without the table of ids.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.bytes() + self.graph.as_ref().map_or(0, Links::bytes)
    }
}
