//! What a space finds, whatever happens to it and its file meanwhile.
#![allow(clippy::unwrap_used, clippy::panic)] // tests

mod data;
mod exact;
mod files;
mod graph;
mod limits;

use std::time::Duration;

use data::{Random, Source};
use uuid::Uuid;
use vector_search::{Change, Settings, Space};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_mins(1);

fn id(number: usize) -> Uuid {
    Uuid::from_u128(number as u128)
}

/// Settings with which a few hundred vectors get a graph.
fn with_graph() -> Settings {
    Settings { graph_from: 300, ..Settings::default() }
}

fn put(source: &dyn Source, random: &mut Random, ids: std::ops::Range<usize>) -> Vec<Change> {
    ids.map(|number| Change::Put(id(number), source.kept(random))).collect()
}

fn questions(source: &dyn Source, count: usize) -> Vec<Vec<f32>> {
    (0..count).scan(Random(5), |random, _| Some(source.asked(random))).collect()
}

/// A space with the same vectors that compares all of them.
fn compared(dimension: usize, changes: &[Change]) -> Space {
    let space = Space::new(1, dimension, Settings { graph_from: usize::MAX, ..Settings::default() });
    space.apply(changes.to_vec(), 1).unwrap();
    space
}

/// The share of the ten nearest in one space that another finds, or others as near.
fn recall(truth: &Space, space: &Space, questions: &[Vec<f32>]) -> f64 {
    let found = questions.iter().map(|question| {
        let truth = truth.search(question, 10).unwrap();
        let found = space.search(question, 10).unwrap();
        assert!(is_ordered(&found), "{found:?}");
        let farthest = truth.last().map_or(0.0, |hit| hit.1);
        let as_near = found.iter().filter(|hit| hit.1 >= farthest - f32::EPSILON);
        as_near.count() as f64 / truth.len() as f64
    });
    found.sum::<f64>() / questions.len() as f64
}

/// Whether the best come first, and of equal ones the smaller id.
fn is_ordered(hits: &[(Uuid, f32)]) -> bool {
    hits.is_sorted_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)).is_lt())
}
