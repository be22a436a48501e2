//! Where things on a page are.

/// Maps a point: `(x·a + y·c + e, x·b + y·d + f)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Matrix(pub(super) [f64; 6]);

impl Matrix {
    pub(super) const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    pub(super) const fn shift(x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    /// This one first, then `next`.
    pub(super) fn then(self, next: Self) -> Self {
        let (m, n) = (self.0, next.0);
        let ((e, f), linear) = (next.point(m[4], m[5]), |x: f64, y: f64| (x * n[0] + y * n[2], x * n[1] + y * n[3]));
        let (first, second) = (linear(m[0], m[1]), linear(m[2], m[3]));
        Self([first.0, first.1, second.0, second.1, e, f])
    }

    pub(super) fn point(self, x: f64, y: f64) -> (f64, f64) {
        let m = self.0;
        (x * m[0] + y * m[2] + m[4], x * m[1] + y * m[3] + m[5])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_first_comes_first() {
        let twice = Matrix([2.0, 0.0, 0.0, 2.0, 0.0, 0.0]);
        assert_eq!(Matrix::shift(1.0, 0.0).then(twice).point(0.0, 0.0), (2.0, 0.0));
        assert_eq!(twice.then(Matrix::shift(1.0, 0.0)).point(0.0, 0.0), (1.0, 0.0));
    }
}
