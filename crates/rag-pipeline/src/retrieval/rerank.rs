//! Reading the fused candidates closely: what the indexes cannot see.

use korean_text::sentences;

use crate::cues::AnswerKind;
use crate::matching::Matchable;
use crate::model::{Concept, StoredChunk};

/// A match in a heading or the title counts for the text below it, a little less.
pub(super) const IN_HEADING: f32 = 0.95;
pub(super) const IN_TITLE: f32 = 0.9;

/// How well a chunk fits a question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fit {
    /// 0 to 1: what hits are ordered by.
    pub(super) score: f32,
    /// Share of the question's own concepts the chunk has, by weight.
    pub(super) coverage: f32,
    /// The same within one sentence or row and the headings above it.
    pub(super) focus: f32,
}

/// Weights of the parts of the score; chosen on the development questions.
const COVERAGE: f32 = 0.40;
const FOCUS: f32 = 0.22;
const HEADINGS: f32 = 0.12;
const TITLE: f32 = 0.08;
const KIND: f32 = 0.06;
const FUSED: f32 = 0.12;

/// Reads one candidate. `fused` is its rank-fusion score, 0 to 1.
pub(super) fn fit(concepts: &[Concept], kinds: &[AnswerKind], stored: &StoredChunk, fused: f32) -> Fit {
    let text = Matchable::new(&stored.chunk.text);
    let headings = Matchable::new(&stored.chunk.heading_path.join("\n"));
    let title = Matchable::new(&stored.title);
    let around: Vec<f32> =
        concepts.iter().map(|c| (IN_HEADING * headings.strength(c)).max(IN_TITLE * title.strength(c))).collect();
    let lines: Vec<Matchable> = sentences(&stored.chunk.text).into_iter().map(Matchable::new).collect();
    let covered = share(concepts, |at, c| text.strength(c).max(around[at]), true);
    let focus = lines
        .iter()
        .map(|line| share(concepts, |at, c| line.strength(c).max(around[at]), true))
        .fold(share(concepts, |at, _| around[at], true), f32::max);
    let own = share(concepts, |at, c| text.strength(c).max(around[at]), false);
    let own_focus =
        lines.iter().map(|line| share(concepts, |at, c| line.strength(c).max(around[at]), false)).fold(0.0, f32::max);
    let answers = match kinds.first() {
        None => 0.5,
        Some(kind) => f32::from(u8::from(kind.found_in(&stored.chunk.text))),
    };
    let score = COVERAGE * covered
        + FOCUS * focus
        + HEADINGS * headings.coverage(concepts)
        + TITLE * title.coverage(concepts)
        + KIND * answers
        + FUSED * fused;
    Fit { score, coverage: own, focus: own_focus }
}

/// The share of the concepts' weight, inherited ones counted or not.
fn share(concepts: &[Concept], strength: impl Fn(usize, &Concept) -> f32, inherited: bool) -> f32 {
    let counted = concepts.iter().enumerate().filter(|(_, c)| inherited || !c.inherited);
    let (mut found, mut total) = (0.0, 0.0);
    for (at, concept) in counted {
        found += concept.weight * strength(at, concept);
        total += concept.weight;
    }
    if total > 0.0 { found / total } else { 0.0 }
}
