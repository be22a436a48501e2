//! Comparing every vector.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;
use vector_search::{Change, SearchError, Settings, Space};

use crate::data::unit;
use crate::{id, is_ordered};

fn space() -> Space {
    Space::new(1, 3, Settings::default())
}

fn put(number: usize, vector: [f32; 3]) -> Change {
    Change::Put(id(number), unit(vector.to_vec()))
}

fn found(space: &Space, query: [f32; 3], limit: usize) -> Vec<usize> {
    let hits = space.search(&unit(query.to_vec()), limit).unwrap();
    hits.iter().map(|(id, _)| id.as_u128() as usize).collect()
}

fn some_vector() -> impl Strategy<Value = Vec<f32>> {
    // Few different numbers, so that there are ties, and zero vectors.
    prop::collection::vec(-2_i8..=2, 5).prop_map(|numbers| unit(numbers.into_iter().map(f32::from).collect()))
}

fn some_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (0_usize..40, some_vector()).prop_map(|(number, vector)| Change::Put(id(number), vector)),
        1 => (0_usize..40).prop_map(|number| Change::Remove(id(number))),
    ]
}

proptest! {
    #[test]
    fn a_search_finds_what_comparing_by_hand_finds(
        parts in prop::collection::vec(prop::collection::vec(some_change(), 0..40), 0..6),
        query in some_vector(),
        limit in 0_usize..50,
    ) {
        let space = Space::new(1, 5, Settings::default());
        let mut truth: BTreeMap<Uuid, Vec<f32>> = BTreeMap::new();
        for (revision, part) in parts.into_iter().enumerate() {
            for change in &part {
                match change.clone() {
                    Change::Put(id, vector) => truth.insert(id, vector),
                    Change::Remove(id) => truth.remove(&id),
                };
            }
            space.apply(part, revision as i64).unwrap();
        }
        let score = |vector: &[f32]| vector.iter().zip(&query).map(|(a, b)| a * b).sum::<f32>();
        let mut scores: Vec<f32> = truth.values().map(|vector| score(vector)).collect();
        scores.sort_by(|a, b| b.total_cmp(a));

        let hits = space.search(&query, limit).unwrap();
        prop_assert_eq!(space.len(), truth.len());
        prop_assert_eq!(hits.len(), limit.min(truth.len()));
        prop_assert!(is_ordered(&hits));
        for ((id, told), expected) in hits.iter().zip(scores) {
            prop_assert!((told - expected).abs() < 1e-5 && (told - score(&truth[id])).abs() < 1e-5);
        }
    }
}

#[test]
fn the_nearest_come_first_with_their_cosines() {
    let space = space();
    space.apply([put(1, [1.0, 0.0, 0.0]), put(2, [0.0, 1.0, 0.0]), put(3, [1.0, 1.0, 0.0])], 1).unwrap();
    let hits = space.search(&[1.0, 0.0, 0.0], 3).unwrap();
    assert_eq!(hits.iter().map(|hit| hit.0).collect::<Vec<_>>(), [id(1), id(3), id(2)]);
    assert!((hits[1].1 - 0.5_f32.sqrt()).abs() < 1e-6 && hits[2].1 == 0.0);
}

#[test]
fn equal_ones_come_in_the_order_of_their_ids() {
    let space = space();
    space.apply([9, 4, 7, 1, 8].map(|number| put(number, [0.0, 0.0, 1.0])), 1).unwrap();
    assert_eq!(found(&space, [0.0, 1.0, 1.0], 3), [1, 4, 7]);
}

#[test]
fn a_vector_put_again_replaces_the_one_before() {
    let space = space();
    space.apply([put(1, [1.0, 0.0, 0.0]), put(2, [0.0, 1.0, 0.0])], 1).unwrap();
    space.apply([put(1, [0.0, 0.0, 1.0])], 2).unwrap();
    assert_eq!((space.len(), found(&space, [1.0, 0.1, 0.0], 1)), (2, vec![2]));
    assert_eq!(found(&space, [0.0, 0.0, 1.0], 1), [1]);
}

#[test]
fn what_was_removed_is_not_found_and_its_place_is_used_again() {
    let space = space();
    space.apply((0..1024).map(|number| put(number, [1.0, number as f32, 0.0])), 1).unwrap();
    space.apply((0..1024).map(|number| Change::Remove(id(number))), 2).unwrap();
    assert!(space.is_empty() && found(&space, [1.0, 0.0, 0.0], 5).is_empty());
    space.apply((2000..3000).map(|number| put(number, [1.0, number as f32, 0.0])), 3).unwrap();
    assert_eq!((space.len(), space.figures().dead), (1000, 24));
}

#[test]
fn removing_what_is_not_there_changes_nothing() {
    let space = space();
    space.apply([put(1, [1.0, 0.0, 0.0])], 1).unwrap();
    space.apply([Change::Remove(id(2)), Change::Remove(id(2))], 2).unwrap();
    assert_eq!((space.len(), space.revision()), (1, 2));
}

#[test]
fn changes_of_an_old_revision_are_passed_over() {
    let space = space();
    assert_eq!(space.revision(), 0);
    assert!(space.apply([put(1, [1.0, 0.0, 0.0])], 7).unwrap());
    assert!(!space.apply([Change::Remove(id(1))], 6).unwrap());
    assert_eq!((space.revision(), space.len()), (7, 1));
    assert!(space.apply([Change::Remove(id(1))], 7).unwrap(), "of the present one it may be a part");
    assert_eq!((space.revision(), space.len()), (7, 0));
}

#[test]
fn a_vector_of_another_length_is_refused_and_nothing_is_changed() {
    let space = space();
    let wrong = space.apply([put(1, [1.0, 0.0, 0.0]), Change::Put(id(2), vec![1.0])], 1).unwrap_err();
    assert!(matches!(wrong, SearchError::Length { kept: 3, given: 1 }));
    assert_eq!((space.len(), space.revision()), (0, 0));
    assert!(matches!(space.search(&[1.0], 1).unwrap_err(), SearchError::Length { kept: 3, given: 1 }));
}

#[test]
fn a_vector_that_is_not_of_unit_length_is_refused() {
    let space = space();
    for wrong in [[3.0, 0.0, 0.0], [0.1, 0.1, 0.1], [f32::NAN, 0.0, 1.0], [f32::INFINITY, 0.0, 0.0]] {
        let refused = space.apply([Change::Put(id(1), wrong.to_vec())], 1).unwrap_err();
        assert!(matches!(refused, SearchError::NotUnit { .. }), "{wrong:?}: {refused}");
        assert!(matches!(space.search(&wrong, 1).unwrap_err(), SearchError::NotUnit { .. }));
    }
}

#[test]
fn a_vector_without_features_is_kept_and_as_far_as_can_be_from_all() {
    let space = space();
    space.apply([put(1, [0.0; 3]), put(2, [1.0, 0.0, 0.0])], 1).unwrap();
    assert_eq!(space.search(&[0.0, 1.0, 0.0], 5).unwrap(), [(id(1), 0.0), (id(2), 0.0)]);
}
