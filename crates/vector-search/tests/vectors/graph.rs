//! Searching along a graph.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use vector_search::{Change, Settings, Space};

use crate::data::{Clusters, Random, Source, Texts};
use crate::{PATIENCE, compared, id, put, questions, recall, with_graph};

fn built(changes: &[Change], dimension: usize) -> Space {
    let space = Space::new(1, dimension, with_graph());
    space.apply(changes.to_vec(), 1).unwrap();
    assert!(space.settle(PATIENCE));
    assert_eq!(space.figures().compared, 0);
    space
}

fn recall_of(source: &dyn Source, dimension: usize, count: usize) -> f64 {
    let changes = put(source, &mut Random(1), 0..count);
    recall(&compared(dimension, &changes), &built(&changes, dimension), &questions(source, 100))
}

#[test]
fn a_graph_of_clustered_vectors_finds_nearly_all_that_comparing_finds() {
    let recall = recall_of(&Clusters::new(64, 40, 1.0), 64, 4000);
    assert!(recall >= 0.98, "{recall}");
}

#[test]
fn a_graph_of_tight_clusters_one_after_another_leads_to_all_of_them() {
    let source = Clusters::new(64, 40, 0.05);
    let mut changes = put(&source, &mut Random(1), 0..4000);
    let first = |change: &Change| match change {
        Change::Put(_, vector) => vector[0],
        Change::Remove(_) => 0.0,
    };
    changes.sort_by(|a, b| first(a).total_cmp(&first(b)));
    let questions = questions(&source, 100);
    let recall = recall(&compared(64, &changes), &built(&changes, 64), &questions);
    assert!(recall >= 0.98, "{recall}");
}

#[test]
fn a_graph_of_texts_finds_nearly_all_that_comparing_finds() {
    let recall = recall_of(&Texts::new(512, 20), 512, 3000);
    assert!(recall >= 0.98, "{recall}");
}

#[test]
fn vectors_that_are_there_many_times_do_not_hide_the_others() {
    let source = Clusters::new(32, 30, 1.0);
    let mut changes = put(&source, &mut Random(1), 0..1000);
    let Change::Put(_, same) = changes[0].clone() else { panic!() };
    changes.extend((1000..2000).map(|number| Change::Put(id(number), same.clone())));
    let recall = recall(&compared(32, &changes), &built(&changes, 32), &questions(&source, 100));
    assert!(recall >= 0.98, "{recall}");
    let space = built(&changes, 32);
    let best = space.search(&same, 10).unwrap();
    assert!(best.iter().all(|(_, score)| (score - 1.0).abs() < 1e-5), "{best:?}");
}

#[test]
fn what_the_graph_does_not_lead_to_yet_is_found() {
    let source = Clusters::new(16, 10, 1.0);
    let space = Space::new(1, 16, with_graph());
    let mut random = Random(1);
    for part in 0..10 {
        let changes = put(&source, &mut random, part * 100..(part + 1) * 100);
        let Change::Put(newest, vector) = changes[99].clone() else { panic!() };
        space.apply(changes, part as i64).unwrap();
        assert_eq!(space.search(&vector, 1).unwrap()[0].0, newest);
    }
}

#[test]
fn a_graph_built_again_of_the_same_vectors_finds_the_same() {
    let source = Texts::new(128, 10);
    let changes = put(&source, &mut Random(1), 0..1000);
    let (one, other) = (built(&changes, 128), built(&changes, 128));
    for question in questions(&source, 50) {
        assert_eq!(one.search(&question, 20).unwrap(), other.search(&question, 20).unwrap());
    }
}

#[test]
fn what_was_removed_or_replaced_is_not_found_in_a_graph() {
    let source = Clusters::new(32, 20, 1.0);
    let mut changes = put(&source, &mut Random(1), 0..1000);
    let space = built(&changes, 32);
    changes.extend((0..100).map(|number| Change::Remove(id(number))));
    changes.extend(put(&source, &mut Random(9), 100..200));
    space.apply(changes[1000..].to_vec(), 2).unwrap();
    assert_eq!(space.len(), 900);
    let recall = recall(&compared(32, &changes), &space, &questions(&source, 100));
    assert!(recall >= 0.98, "{recall}");
}

#[test]
fn when_many_were_removed_the_graph_is_built_again_and_their_places_are_used_again() {
    let source = Clusters::new(32, 20, 1.0);
    let mut changes = put(&source, &mut Random(1), 0..2000);
    let space = built(&changes, 32);
    changes.extend((0..1000).map(|number| Change::Remove(id(number))));
    space.apply(changes[2000..].to_vec(), 2).unwrap();
    assert!(space.settle(PATIENCE));
    let (before, added) = (space.bytes(), put(&source, &mut Random(9), 3000..3900));
    space.apply(added.clone(), 3).unwrap();
    assert!(space.settle(PATIENCE));
    changes.extend(added);
    let figures = space.figures();
    assert_eq!((figures.vectors, figures.compared, figures.dead), (1900, 0, 100));
    assert!(figures.bytes < before + 900 * 64, "no rows were added: {} after {before}", figures.bytes);
    let recall = recall(&compared(32, &changes), &space, &questions(&source, 100));
    assert!(recall >= 0.98, "{recall}");
}

#[test]
fn when_too_few_are_left_for_a_graph_they_are_compared() {
    let source = Clusters::new(32, 20, 1.0);
    let mut changes = put(&source, &mut Random(1), 0..1000);
    let space = built(&changes, 32);
    changes.extend((50..1000).map(|number| Change::Remove(id(number))));
    space.apply(changes[1000..].to_vec(), 2).unwrap();
    assert!(space.settle(PATIENCE));
    assert_eq!(space.figures().compared, 50);
    assert!((recall(&compared(32, &changes), &space, &questions(&source, 20)) - 1.0).abs() < 1e-9);
}

#[test]
fn searches_see_all_of_a_change_or_nothing_while_others_change_and_build() {
    let source = Clusters::new(16, 10, 0.3);
    let space = Space::new(1, 16, Settings { graph_from: 500, ..Settings::default() });
    let pair = |round: usize| {
        let vector = source.kept(&mut Random(round as u64));
        [Change::Put(id(1), vector.clone()), Change::Put(id(2), vector)]
    };
    space.apply(pair(0), 0).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let searches = (0..2).map(|seed| {
            let (space, source, done) = (&space, &source, &done);
            scope.spawn(move || {
                let mut random = Random(100 + seed);
                let mut count = 0;
                while !done.load(Ordering::Relaxed) {
                    let hits = space.search(&source.asked(&mut random), usize::MAX).unwrap();
                    let score = |number| hits.iter().find(|hit| hit.0 == id(number)).map(|hit| hit.1);
                    // Once there is a graph it may miss one of them, but what it finds is of one version.
                    if let (Some(one), Some(other)) = (score(1), score(2)) {
                        assert!((one - other).abs() < f32::EPSILON, "{one} and {other}");
                        count += 1;
                    }
                }
                count
            })
        });
        let searches: Vec<_> = searches.collect();
        let mut random = Random(7);
        let until = Instant::now() + PATIENCE;
        for round in 1..100 {
            let mut changes = put(&source, &mut random, round * 20..(round + 1) * 20);
            changes.extend(pair(round));
            space.apply(changes, round as i64).unwrap();
            assert!(Instant::now() < until);
        }
        assert!(space.settle(PATIENCE));
        done.store(true, Ordering::Relaxed);
        for search in searches {
            assert!(search.join().unwrap() > 0);
        }
    });
    assert_eq!((space.len(), space.figures().compared), (1982, 0));
}
