//! Money is an integer, so that sums are exact.

use serde::{Deserialize, Serialize};

/// An amount in micro-units of a currency: 1 US dollar is 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Wraps an amount of micro-units.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The amount in micro-units.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The amount in whole units, for display only.
    pub fn as_units(self) -> f64 {
        self.0 as f64 / 1_000_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn micro_units_show_as_whole_units() {
        assert!((Money::from_micros(310).as_units() - 0.000_31).abs() < 1e-12);
    }
}
