//! Deciding whether what was found can answer the question at all.

use super::Hit;
use crate::model::Concept;

/// Weights of a logistic regression over the 313 development questions and 83 more written for it:
/// the share of the question's concepts that one hit has, and how well the best hit fits.
const COVERAGE: f32 = 5.0;
const SCORE: f32 = 5.0;
/// Nouns that no text has speak against an answer.
const UNKNOWN: f32 = -1.3;
/// A long question tells its circumstances too, which no text has: it is forgiven more.
const LENGTH: f32 = 5.5;
/// Concepts from which on a question counts as long.
const LONG: f32 = 6.0;
/// What a concept of an earlier turn adds to the length. Less than one of the question's own, or every
/// question in a conversation would be forgiven as a long one: with 1.0 half of the unanswerable
/// development questions were answered when asked after another question, with 0.25 one in six is.
const INHERITED: f32 = 0.25;
/// How much is enough: at this, 4 % of the answerable development questions are refused, and 92 % of
/// the others.
const ENOUGH: f32 = 7.42;
/// Hits that are looked at.
const BEST: usize = 6;

/// Whether the hits (best first) can answer, as far as the question's words tell. A question without
/// content words of its own is judged by those of the turns before.
pub(super) fn is_grounded(concepts: &[Concept], hits: &[Hit]) -> bool {
    let Some(first) = hits.first() else { return false };
    let own: Vec<&Concept> = concepts.iter().filter(|c| !c.inherited).collect();
    if own.is_empty() {
        return !concepts.is_empty();
    }
    let coverage = hits.iter().take(BEST).map(|h| h.coverage).fold(0.0, f32::max);
    let total: f32 = own.iter().map(|c| c.weight).sum();
    let unknown: f32 = own.iter().filter(|c| c.topic && !c.known).map(|c| c.weight).sum();
    let inherited = (concepts.len() - own.len()) as f32;
    let length = (own.len() as f32 + INHERITED * inherited).min(LONG) / LONG;
    let evidence =
        COVERAGE * coverage + SCORE * first.score + UNKNOWN * unknown / total.max(f32::EPSILON) + LENGTH * length;
    coverage > 0.0 && evidence >= ENOUGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_found_grounds_nothing() {
        assert!(!is_grounded(&[Concept { weight: 1.0, ..Concept::default() }], &[]));
    }
}
