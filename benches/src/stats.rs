//! Medians and quantiles.

use std::time::Duration;

/// What several rounds of one figure amount to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Summary {
    /// `None` without values.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let sorted = sorted(values);
        Some(Self { median: quantile(&sorted, 0.5)?, min: *sorted.first()?, max: *sorted.last()? })
    }
}

/// The quantile of sorted values, between neighbours by distance; `None` without values.
fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let place = q * sorted.len().checked_sub(1)? as f64;
    let below = *sorted.get(place.floor() as usize)?;
    let above = *sorted.get(place.ceil() as usize)?;
    Some((above - below).mul_add(place.fract(), below))
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Median and 99th percentile of waiting times, in milliseconds; zeros without any.
pub(crate) fn p50_p99(times: &[Duration]) -> (f64, f64) {
    let sorted = sorted(&times.iter().copied().map(millis).collect::<Vec<_>>());
    (quantile(&sorted, 0.5).unwrap_or_default(), quantile(&sorted, 0.99).unwrap_or_default())
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let summary = Summary::of(&[4.0, 1.0, 2.0, 3.0]).unwrap();
        assert_eq!(summary, Summary { median: 2.5, min: 1.0, max: 4.0 });
    }

    #[test]
    fn nothing_has_no_median() {
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn the_99th_percentile_ignores_the_order_of_arrival() {
        let times: Vec<_> = (0..=100).rev().map(Duration::from_millis).collect();
        let (p50, p99) = p50_p99(&times);
        assert!((p50 - 50.0).abs() < 1e-9, "{p50}");
        assert!((p99 - 99.0).abs() < 1e-9, "{p99}");
    }
}
