//! The vectors themselves: rows in blocks, of which versions share what they have in common.

use std::sync::Arc;

use uuid::Uuid;

use crate::dot::Kernel;

/// Rows of a block. A change copies the blocks it touches: at 512 numbers half a megabyte, 50 µs.
pub(crate) const BLOCK: usize = 256;

/// One bit for each row of a block.
pub(crate) type Mask = [u64; BLOCK / 64];

/// Vectors by row number. A clone shares all blocks with its original until one of them changes.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    dimension: usize,
    blocks: Vec<Arc<Block>>,
    live: Vec<Mask>,
    alive: usize,
}

#[derive(Debug, Clone, Default)]
struct Block {
    ids: Vec<Uuid>,
    vectors: Vec<f32>,
}

impl Rows {
    pub(crate) fn new(dimension: usize) -> Self {
        Self { dimension, blocks: Vec::new(), live: Vec::new(), alive: 0 }
    }

    pub(crate) fn dimension(&self) -> usize {
        self.dimension
    }

    /// How many row numbers are taken, by live rows or dead ones.
    pub(crate) fn len(&self) -> usize {
        let full = self.blocks.len().saturating_sub(1) * BLOCK;
        self.blocks.last().map_or(0, |last| full + last.ids.len())
    }

    pub(crate) fn alive(&self) -> usize {
        self.alive
    }

    pub(crate) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The live rows of a block.
    pub(crate) fn live(&self, block: usize) -> Mask {
        self.live[block]
    }

    pub(crate) fn is_live(&self, row: u32) -> bool {
        let (block, at) = place(row);
        self.live.get(block).is_some_and(|mask| has(mask, at))
    }

    /// The vector of a row, dead or alive, if there is one under that number.
    pub(crate) fn vector(&self, row: u32) -> Option<&[f32]> {
        let (block, at) = place(row);
        self.blocks.get(block)?.vectors.get(at * self.dimension..(at + 1) * self.dimension)
    }

    /// The id of a row; nil under an unknown number.
    pub(crate) fn id(&self, row: u32) -> Uuid {
        let (block, at) = place(row);
        self.blocks.get(block).and_then(|block| block.ids.get(at)).copied().unwrap_or_default()
    }

    /// The ids and the numbers of a block's rows, for a file.
    pub(crate) fn content(&self, block: usize) -> (&[Uuid], &[f32]) {
        (&self.blocks[block].ids, &self.blocks[block].vectors)
    }

    /// Adds a block from a file. All but the last have [`BLOCK`] rows.
    pub(crate) fn push_block(&mut self, ids: Vec<Uuid>, vectors: Vec<f32>, live: Mask) {
        self.alive += ones(&live);
        self.blocks.push(Arc::new(Block { ids, vectors }));
        self.live.push(live);
    }

    /// Adds a row at the end and says its number.
    pub(crate) fn push(&mut self, id: Uuid, vector: &[f32]) -> u32 {
        let row = self.len();
        if row.is_multiple_of(BLOCK) {
            self.blocks.push(Arc::default());
            self.live.push(Mask::default());
        }
        if let Some(last) = self.blocks.last_mut().map(Arc::make_mut) {
            last.ids.push(id);
            last.vectors.extend_from_slice(vector);
        }
        self.revive(row as u32);
        row as u32
    }

    /// Replaces what is under a number that is taken.
    pub(crate) fn overwrite(&mut self, row: u32, id: Uuid, vector: &[f32]) {
        let (block, at) = place(row);
        let block = Arc::make_mut(&mut self.blocks[block]);
        block.ids[at] = id;
        block.vectors[at * self.dimension..(at + 1) * self.dimension].copy_from_slice(vector);
        self.revive(row);
    }

    /// Makes a row be found no more. Its vector stays: a graph may lead through it.
    pub(crate) fn kill(&mut self, row: u32) {
        let (block, at) = place(row);
        if has(&self.live[block], at) {
            self.live[block][at / 64] &= !(1 << (at % 64));
            self.alive -= 1;
        }
    }

    fn revive(&mut self, row: u32) {
        let (block, at) = place(row);
        if !has(&self.live[block], at) {
            self.live[block][at / 64] |= 1 << (at % 64);
            self.alive += 1;
        }
    }

    /// Tells the scores of the rows of a block that a mask names, in their order.
    pub(crate) fn scan(
        &self,
        kernel: Kernel,
        query: &[f32],
        block: usize,
        mask: &Mask,
        mut hear: impl FnMut(u32, f32),
    ) {
        let rows = bits(mask);
        let vectors = &self.blocks[block].vectors;
        let wanted = rows.clone().filter_map(|at| vectors.get(at * self.dimension..(at + 1) * self.dimension));
        let mut rows = rows.map(|at| (block * BLOCK + at) as u32);
        kernel.each(query, wanted, |score| {
            if let Some(row) = rows.next() {
                hear(row, score);
            }
        });
    }

    /// Memory in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let rows: usize = self.blocks.iter().map(|b| b.vectors.capacity() * 4 + b.ids.capacity() * 16).sum();
        rows + self.blocks.len() * (size_of::<Block>() + size_of::<Mask>() + 24)
    }
}

/// The block of a row, and its place there.
pub(crate) fn place(row: u32) -> (usize, usize) {
    (row as usize / BLOCK, row as usize % BLOCK)
}

/// Whether a bit is set.
pub(crate) fn has(mask: &Mask, at: usize) -> bool {
    mask[at / 64] >> (at % 64) & 1 == 1
}

/// The places of the bits that are set, ascending.
pub(crate) fn bits(mask: &Mask) -> impl Iterator<Item = usize> + Clone {
    mask.iter().copied().enumerate().flat_map(|(index, word)| {
        std::iter::successors(Some(word), |word| Some(word & word.wrapping_sub(1)))
            .take_while(|word| *word != 0)
            .map(move |word| index * 64 + word.trailing_zeros() as usize)
    })
}

/// How many bits are set.
pub(crate) fn ones(mask: &Mask) -> usize {
    mask.iter().map(|word| word.count_ones() as usize).sum()
}

/// The bits of the first that are not in the second.
pub(crate) fn without(mask: &Mask, other: &Mask) -> Mask {
    std::array::from_fn(|i| mask[i] & !other[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> Rows {
        let mut rows = Rows::new(2);
        for i in 0..count {
            rows.push(Uuid::from_u128(i as u128), &[i as f32, 1.0]);
        }
        rows
    }

    #[test]
    fn rows_are_numbered_over_the_bounds_of_blocks() {
        let rows = rows(BLOCK + 3);
        assert_eq!((rows.len(), rows.blocks(), rows.alive()), (BLOCK + 3, 2, BLOCK + 3));
        assert_eq!(rows.id(BLOCK as u32 + 1), Uuid::from_u128(BLOCK as u128 + 1));
        assert_eq!(rows.vector(BLOCK as u32), Some(&[BLOCK as f32, 1.0][..]));
        assert_eq!(rows.vector(BLOCK as u32 + 3), None);
    }

    #[test]
    fn a_clone_keeps_what_it_was() {
        let before = rows(3);
        let mut after = before.clone();
        after.overwrite(1, Uuid::from_u128(9), &[7.0, 7.0]);
        after.kill(2);
        assert_eq!(before.vector(1), Some(&[1.0, 1.0][..]));
        assert!(before.is_live(2) && !after.is_live(2));
        assert_eq!((before.alive(), after.alive()), (3, 2));
    }

    #[test]
    fn a_row_dies_once() {
        let mut rows = rows(2);
        rows.kill(0);
        rows.kill(0);
        assert_eq!(rows.alive(), 1);
    }

    #[test]
    fn bits_are_told_in_order() {
        let mut mask = Mask::default();
        for at in [0, 63, 64, 200, 255] {
            mask[at / 64] |= 1 << (at % 64);
        }
        assert_eq!(bits(&mask).collect::<Vec<_>>(), [0, 63, 64, 200, 255]);
        assert_eq!(bits(&without(&mask, &mask)).count(), 0);
    }
}
