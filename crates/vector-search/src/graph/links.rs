//! Who is linked to whom. Searches read while one thread writes: every link is an atomic of its own.
//!
//! A search may see a list of links half old and half new. That costs it a detour at worst: a link is a hint where to
//! look, never an answer.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::rows::{BLOCK, Mask, place};

/// No row.
const NONE: u32 = u32::MAX;
/// The highest level of a graph; of four billion rows with 16 links each, one reaches level 8.
pub(crate) const TOP: usize = 15;

/// The links of rows, by row number, in blocks like those of the rows. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Links {
    connectivity: usize,
    blocks: Vec<Arc<LinkBlock>>,
    entry: Arc<AtomicU64>,
}

#[derive(Debug)]
struct LinkBlock {
    /// On the ground level twice as many links as above (Malkov and Yashunin 2016, section 4.1).
    ground: Box<[AtomicU32]>,
    /// Of the few rows that have higher levels, one list after another.
    upper: Box<[OnceLock<Box<[AtomicU32]>>]>,
    linked: [AtomicU64; BLOCK / 64],
}

impl Links {
    pub(crate) fn new(connectivity: usize, blocks: usize) -> Self {
        let mut links = Self { connectivity, blocks: Vec::new(), entry: Arc::new(AtomicU64::new(u64::MAX)) };
        links.cover(blocks);
        links
    }

    /// Makes room for the rows of so many blocks.
    pub(crate) fn cover(&mut self, blocks: usize) {
        while self.blocks.len() < blocks {
            self.blocks.push(Arc::new(LinkBlock::new(self.connectivity)));
        }
    }

    pub(crate) fn connectivity(&self) -> usize {
        self.connectivity
    }

    /// How many links a row has on a level at most.
    pub(crate) fn most(&self, level: usize) -> usize {
        if level == 0 { self.connectivity * 2 } else { self.connectivity }
    }

    /// Where searches begin: a row and its level.
    pub(crate) fn entry(&self) -> Option<(u32, usize)> {
        let entry = self.entry.load(Ordering::Acquire);
        (entry != u64::MAX).then_some((entry as u32, (entry >> 32) as usize))
    }

    pub(crate) fn enter_at(&self, row: u32, level: usize) {
        self.entry.store(u64::from(row) | (level as u64) << 32, Ordering::Release);
    }

    /// The highest level of a row: one of `connectivity` rows goes up each step, by a hash of its number, so that a
    /// graph that is built again of the same rows is the same.
    pub(crate) fn level(&self, row: u32) -> usize {
        let mut hash = (u64::from(row) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let uniform = ((hash ^ (hash >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        let level = -uniform.max(f64::MIN_POSITIVE).ln() / (self.connectivity as f64).ln();
        (level as usize).min(TOP)
    }

    /// Makes room for the higher levels of a row.
    pub(crate) fn raise(&self, row: u32) {
        let (block, at) = place(row);
        let room = self.level(row) * self.connectivity;
        if room > 0 {
            self.blocks[block].upper[at].get_or_init(|| nowhere(room));
        }
    }

    /// The links of a row on a level, in no order.
    pub(crate) fn of(&self, row: u32, level: usize) -> impl Iterator<Item = u32> {
        self.list(row, level).iter().map(|link| link.load(Ordering::Relaxed)).take_while(|link| *link != NONE)
    }

    /// Replaces the links of a row on a level by the first that fit.
    pub(crate) fn set(&self, row: u32, level: usize, links: impl Iterator<Item = u32>) {
        let links = links.chain(std::iter::repeat(NONE));
        for (place, link) in self.list(row, level).iter().zip(links) {
            place.store(link, Ordering::Relaxed);
        }
    }

    /// Adds a link, if there is room.
    pub(crate) fn add(&self, row: u32, level: usize, link: u32) -> bool {
        let free = self.list(row, level).iter().find(|place| place.load(Ordering::Relaxed) == NONE);
        free.inspect(|place| place.store(link, Ordering::Relaxed)).is_some()
    }

    fn list(&self, row: u32, level: usize) -> &[AtomicU32] {
        let (block, at) = place(row);
        let Some(block) = self.blocks.get(block) else { return &[] };
        if level == 0 {
            let most = self.connectivity * 2;
            return &block.ground[at * most..(at + 1) * most];
        }
        let upper = block.upper[at].get().map_or(&[][..], |upper| &upper[..]);
        upper.get((level - 1) * self.connectivity..level * self.connectivity).unwrap_or(&[])
    }

    /// Says that a row is part of the graph: it can be reached, as far as rows can.
    pub(crate) fn mark(&self, row: u32) {
        let (block, at) = place(row);
        self.blocks[block].linked[at / 64].fetch_or(1 << (at % 64), Ordering::Release);
    }

    /// The rows of a block that are part of the graph.
    pub(crate) fn linked(&self, block: usize) -> Mask {
        self.blocks
            .get(block)
            .map_or(Mask::default(), |block| std::array::from_fn(|word| block.linked[word].load(Ordering::Acquire)))
    }

    /// Memory in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let row = self.most(0) * 4 + size_of::<OnceLock<Box<[AtomicU32]>>>();
        // Higher levels: 1/c + 1/c² + … of the rows have a list.
        let upper = self.connectivity * 4 * BLOCK / (self.connectivity - 1);
        self.blocks.len() * (row * BLOCK + upper)
    }
}

impl LinkBlock {
    fn new(connectivity: usize) -> Self {
        Self {
            ground: nowhere(connectivity * 2 * BLOCK),
            upper: std::iter::repeat_with(OnceLock::new).take(BLOCK).collect(),
            linked: Default::default(),
        }
    }
}

fn nowhere(count: usize) -> Box<[AtomicU32]> {
    std::iter::repeat_with(|| AtomicU32::new(NONE)).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_takes_links_until_it_is_full() {
        let links = Links::new(2, 1);
        assert!((0..4).all(|link| links.add(7, 0, link)));
        assert!(!links.add(7, 0, 4));
        links.set(7, 0, [9, 8].into_iter());
        assert_eq!(links.of(7, 0).collect::<Vec<_>>(), [9, 8]);
        assert_eq!(links.of(8, 0).count(), 0);
    }

    #[test]
    fn higher_levels_have_room_where_a_row_reaches_them() {
        let links = Links::new(4, 4);
        let high = (0..1024).find(|row| links.level(*row) == 2).unwrap();
        assert!(!links.add(high, 1, 5), "before it was raised");
        links.raise(high);
        assert!(links.add(high, 1, 5) && links.add(high, 2, 6) && !links.add(high, 3, 7));
        assert_eq!((links.of(high, 1).next(), links.of(high, 2).next()), (Some(5), Some(6)));
    }

    #[test]
    fn every_level_has_a_fraction_of_the_rows_of_the_one_below() {
        let links = Links::new(16, 0);
        let reach = |level: usize| (0..160_000).filter(|row| links.level(*row) >= level).count();
        assert!((9_000..11_000).contains(&reach(1)), "{}", reach(1));
        assert!((500..750).contains(&reach(2)), "{}", reach(2));
    }

    #[test]
    fn what_a_graph_does_not_cover_has_no_links() {
        let links = Links::new(4, 0);
        assert_eq!(links.of(3, 0).count(), 0);
        assert_eq!(links.linked(0), Mask::default());
        assert_eq!(links.entry(), None);
    }
}
