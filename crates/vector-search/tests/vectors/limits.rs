//! Many spaces within one limit of memory.

use vector_search::{SearchError, Settings, Space, Spaces};

use crate::data::{Clusters, Random};
use crate::{put, questions};

const DIMENSION: usize = 16;

fn source() -> Clusters {
    Clusters::new(DIMENSION, 10, 1.0)
}

fn spaces(memory_limit: u64) -> Spaces {
    Spaces::new(Settings { memory_limit, ..Settings::default() })
}

fn fill(space: &Space, count: usize) -> Result<bool, SearchError> {
    space.apply(put(&source(), &mut Random(1), 0..count), 1)
}

/// What a space of 500 vectors takes.
fn size() -> u64 {
    let space = Space::new(1, DIMENSION, Settings::default());
    fill(&space, 500).unwrap();
    space.bytes()
}

#[test]
fn memory_is_at_least_that_of_the_numbers_and_not_much_more() {
    let numbers = 500 * DIMENSION as u64 * 4;
    assert!((numbers..4 * numbers).contains(&size()), "{}", size());
}

#[test]
fn the_space_that_was_searched_longest_ago_is_dropped() {
    let spaces = spaces(size() * 5 / 2);
    let question = &questions(&source(), 1)[0];
    for id in 1..=2 {
        fill(&spaces.open(id, DIMENSION, 9).unwrap(), 500).unwrap();
    }
    spaces.get(1).unwrap().search(question, 3).unwrap();
    fill(&spaces.open(3, DIMENSION, 9).unwrap(), 500).unwrap();
    assert_eq!(spaces.tidy(), [2]);
    assert!(spaces.get(1).is_some() && spaces.get(2).is_none() && spaces.get(3).is_some());
    assert!(spaces.bytes() <= size() * 5 / 2);
}

#[test]
fn a_dropped_space_begins_anew_and_whoever_has_it_goes_on() {
    let spaces = spaces(size() * 3 / 2);
    let first = spaces.open(1, DIMENSION, 9).unwrap();
    fill(&first, 500).unwrap();
    fill(&spaces.open(2, DIMENSION, 9).unwrap(), 500).unwrap();
    assert_eq!(spaces.tidy(), [1]);
    assert_eq!(first.search(&questions(&source(), 1)[0], 3).unwrap().len(), 3);
    let again = spaces.open(1, DIMENSION, 9).unwrap();
    assert_eq!((again.revision(), again.len()), (0, 0));
}

#[test]
fn within_the_limit_nothing_is_dropped() {
    let spaces = spaces(size() * 3);
    for id in 1..=3 {
        fill(&spaces.open(id, DIMENSION, 9).unwrap(), 500).unwrap();
    }
    assert_eq!(spaces.tidy(), Vec::<i64>::new());
}

#[test]
fn a_space_that_alone_is_too_large_says_what_to_do_and_keeps_what_it_has() {
    let limit = size() * 3 / 2;
    let space = spaces(limit).open(1, DIMENSION, 9).unwrap();
    fill(&space, 500).unwrap();
    let refused = space.apply(put(&source(), &mut Random(2), 500..2000), 2).unwrap_err();
    assert!(matches!(refused, SearchError::TooLarge { needed, limit: told } if needed > limit && told == limit));
    assert!(refused.to_string().contains("allow more"), "{refused}");
    assert_eq!((space.len(), space.revision()), (500, 1));
}

#[test]
fn the_same_space_is_given_to_all_who_open_it() {
    let spaces = spaces(1 << 20);
    fill(&spaces.open(1, DIMENSION, 9).unwrap(), 10).unwrap();
    assert_eq!(spaces.open(1, DIMENSION, 9).unwrap().len(), 10);
    let other = spaces.open(1, DIMENSION + 1, 9).unwrap_err();
    assert!(matches!(other, SearchError::Length { kept: DIMENSION, .. }));
}
