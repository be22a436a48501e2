use kernel::testing::ManualClock;
use uuid::Uuid;

use super::*;
use crate::advisor::recent::MOST;

fn session(number: u128) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(number))
}

fn traffic() -> (Traffic, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new());
    (Traffic::new(clock.clone()), clock)
}

fn p95_of(millis: &[u64]) -> f64 {
    let (traffic, _clock) = traffic();
    for millis in millis {
        traffic.operation(Duration::from_millis(*millis));
    }
    traffic.figures().p95.value().unwrap()
}

#[test]
fn nothing_is_known_before_anything_was_done() {
    let figures = traffic().0.figures();
    assert_eq!(figures.p95, Reading::Unreadable(Unreadable::NoOperations));
    assert_eq!(figures.expected_hit_ratio, Reading::Unreadable(Unreadable::TooFewLookUps));
    assert_eq!((figures.operations, figures.window), (0, Duration::from_secs(10)));
}

#[test]
fn fifty_milliseconds_are_told_from_a_microsecond_more() {
    let (traffic, _clock) = traffic();
    traffic.operation(Duration::from_millis(50));
    assert_eq!(traffic.figures().p95, Reading::Value(50.0));
    for _ in 0..2 {
        traffic.operation(Duration::from_micros(50_001));
    }
    assert!(traffic.figures().p95.value().unwrap() > 50.0);
}

#[test]
fn the_p95_leaves_out_the_slowest_twentieth_and_no_more() {
    let quick = [1; 95];
    assert!(p95_of(&[&quick[..], &[900; 5]].concat()) < 1.2);
    assert!(p95_of(&[&quick[..94], &[900; 6]].concat()) > 890.0);
}

#[test]
fn durations_beyond_the_buckets_are_told_as_the_longest() {
    assert!((p95_of(&[120_000]) - 120_000.0).abs() < 1e-6);
    assert!(p95_of(&[0]).abs() < 1e-6);
}

#[test]
fn every_duration_is_within_the_bounds_of_its_bucket() {
    for micros in [1, 12, 13, 999, 1_000, 20_000, 49_999, 50_000, 50_001, 100_000, 1_000_000, 60_000_000] {
        let at = bucket(Duration::from_micros(micros));
        assert!(micros as f64 <= upper_bound(at) * (1.0 + 1e-9), "{micros}");
        assert!(at == 0 || micros as f64 > upper_bound(at - 1) * (1.0 - 1e-9), "{micros}");
    }
}

#[test]
fn the_window_slides_and_forgets_what_is_older() {
    let (traffic, clock) = traffic();
    for _ in 0..600 {
        traffic.operation(Duration::from_millis(1));
    }
    assert!((traffic.figures().operations_per_second - 60.0).abs() < 1e-9);
    clock.advance(Duration::from_mins(1));
    assert!((traffic.figures().operations_per_second - 10.0).abs() < 1e-9);
    clock.advance(Duration::from_secs(230));
    traffic.operation(Duration::from_millis(1));
    assert_eq!(traffic.figures().operations, 601);
    clock.advance(Duration::from_secs(10));
    assert_eq!(traffic.figures().operations, 1);
    assert_eq!(traffic.figures().window, Duration::from_secs(290));
    clock.advance(Duration::from_hours(2));
    assert_eq!(traffic.figures().operations, 0);
}

#[test]
fn a_session_that_was_used_within_the_hour_would_have_been_hit() {
    let (traffic, clock) = traffic();
    for number in 0..10 {
        traffic.passed(session(number));
    }
    clock.advance(Duration::from_hours(1));
    for number in 0..10 {
        traffic.looked_up(session(number));
    }
    for number in 10..19 {
        traffic.found_within(session(number), Duration::from_millis(1));
    }
    assert_eq!(traffic.figures().operations, 9);
    assert_eq!(traffic.figures().expected_hit_ratio, Reading::Unreadable(Unreadable::TooFewLookUps));
    traffic.missed();
    assert_eq!(traffic.figures().expected_hit_ratio, Reading::Value(50.0));
}

#[test]
fn after_an_hour_a_session_is_forgotten() {
    let (traffic, clock) = traffic();
    traffic.passed(session(1));
    clock.advance(Duration::from_hours(1) + Duration::from_micros(1));
    for _ in 0..20 {
        traffic.looked_up(session(1));
    }
    assert_eq!(traffic.figures().expected_hit_ratio, Reading::Value(95.0));
}

#[test]
fn what_is_remembered_is_bounded_and_the_latest_sessions_are_among_it() {
    let mut recent = Recent::new(0);
    let many = 5 * MOST as u128;
    for number in 0..many {
        recent.used(session(number), number as i64);
        assert!(recent.len() <= 2 * MOST);
    }
    let latest = many - MOST as u128;
    assert!(recent.used(session(latest), many as i64));
    assert!(!recent.used(session(0), many as i64));
}

#[test]
fn a_clock_that_is_set_back_begins_anew() {
    let mut window = Window::new(1_000 * SLOT);
    window.slot().operation(Duration::from_millis(1));
    let at = |slots: i64| Timestamp::from_unix_micros(slots * SLOT).unwrap();
    window.move_to(at(999));
    assert_eq!(window.figures(999 * SLOT).operations, 1, "a small step is none");
    window.move_to(at(500));
    let figures = window.figures(500 * SLOT);
    assert_eq!((figures.operations, figures.window), (0, Duration::from_secs(10)));
}
