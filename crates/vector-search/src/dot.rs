//! Dot products with the widest instructions of the processor, chosen at run time.

// What is generic over instruction sets has to be part of the function that enables them.
#![allow(clippy::inline_always)]

use fearless_simd::{Level, Simd, dispatch, prelude::*};

/// Sums kept side by side, so that an addition need not wait for the one before.
const SUMS: usize = 4;

/// The instruction set of this processor: AVX-512, AVX2, SSE, NEON, or none.
///
/// Sums are taken in another order by another instruction set: the last bits of a score are those of the machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kernel(Level);

impl Kernel {
    /// What this processor can do; the first call looks, later ones remember.
    pub(crate) fn new() -> Self {
        Self(Level::new())
    }

    /// The dot product of two vectors of one length.
    pub(crate) fn dot(self, a: &[f32], b: &[f32]) -> f32 {
        dispatch!(self.0, simd => dot(simd, a, b))
    }

    /// Tells the dot products of a vector with others, in their order.
    pub(crate) fn each<'a>(self, query: &[f32], rows: impl Iterator<Item = &'a [f32]>, hear: impl FnMut(f32)) {
        dispatch!(self.0, simd => each(simd, query, rows, hear));
    }
}

#[inline(always)]
fn each<'a, S: Simd>(simd: S, query: &[f32], rows: impl Iterator<Item = &'a [f32]>, mut hear: impl FnMut(f32)) {
    for row in rows {
        hear(dot(simd, query, row));
    }
}

#[inline(always)]
fn dot<S: Simd>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    let wide = S::f32s::LEN;
    let mut sums = [S::f32s::splat(simd, 0.0); SUMS];
    let (mut blocks_a, mut blocks_b) = (a.chunks_exact(wide * SUMS), b.chunks_exact(wide * SUMS));
    for (a, b) in (&mut blocks_a).zip(&mut blocks_b) {
        for (i, sum) in sums.iter_mut().enumerate() {
            *sum = add_product(simd, &a[i * wide..(i + 1) * wide], &b[i * wide..(i + 1) * wide], *sum);
        }
    }
    let (mut lanes_a, mut lanes_b) = (blocks_a.remainder().chunks_exact(wide), blocks_b.remainder().chunks_exact(wide));
    for (a, b) in (&mut lanes_a).zip(&mut lanes_b) {
        sums[0] = add_product(simd, a, b, sums[0]);
    }
    let rest: f32 = lanes_a.remainder().iter().zip(lanes_b.remainder()).map(|(a, b)| a * b).sum();
    ((sums[0] + sums[1]) + (sums[2] + sums[3])).reduce_sum() + rest
}

#[inline(always)]
fn add_product<S: Simd>(simd: S, a: &[f32], b: &[f32], sum: S::f32s) -> S::f32s {
    S::f32s::from_slice(simd, a).mul_add(S::f32s::from_slice(simd, b), sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_dot_product_is_the_sum_of_products_at_every_length(
            pairs in prop::collection::vec((-1.0_f32..1.0, -1.0_f32..1.0), 0..300)
        ) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.iter().copied().unzip();
            let exact: f64 = pairs.iter().map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            prop_assert!((f64::from(Kernel::new().dot(&a, &b)) - exact).abs() < 1e-4);
        }
    }

    #[test]
    fn many_products_are_the_same_as_one_by_one() {
        let rows: Vec<f32> = (0..7 * 40).map(|i| (i as f32 * 0.37).sin()).collect();
        let query: Vec<f32> = (0..40).map(|i| (i as f32 * 0.11).cos()).collect();
        let kernel = Kernel::new();
        let mut many = Vec::new();
        kernel.each(&query, rows.chunks(40), |score| many.push(score));
        let single: Vec<f32> = rows.chunks(40).map(|row| kernel.dot(&query, row)).collect();
        assert_eq!(many, single);
    }
}
