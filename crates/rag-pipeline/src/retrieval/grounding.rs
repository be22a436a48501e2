//! Deciding whether what was found can answer the question at all.

use super::Hit;
use crate::model::Concept;

/// Hits that are looked at.
const BEST: usize = 6;
/// Least share of the question's own concepts, by weight, that one hit must have. Chosen on the
/// development questions and eighty more written for it. The longer a question, the more it tells
/// of its circumstances, which no text has.
const SHORT: (f32, f32) = (0.50, 0.40);
const MIDDLING: (f32, f32) = (0.45, 0.38);
const LONG: (f32, f32) = (0.36, 0.34);

/// Whether the hits (best first) can answer, as far as the question's words tell. A noun of the
/// question that no text has raises the share that is needed: the first of each pair. A question
/// without content words of its own is judged by those of the turns before.
pub(super) fn is_grounded(concepts: &[Concept], hits: &[Hit]) -> bool {
    if hits.is_empty() {
        return false;
    }
    let own: Vec<&Concept> = concepts.iter().filter(|c| !c.inherited).collect();
    if own.is_empty() {
        return !concepts.is_empty();
    }
    let coverage = hits.iter().take(BEST).map(|h| h.coverage).fold(0.0, f32::max);
    let (with_unknown, all_known) = match concepts.len() {
        0..=3 => SHORT,
        4..=5 => MIDDLING,
        _ => LONG,
    };
    let unknown = own.iter().any(|c| c.topic && !c.known);
    coverage >= if unknown { with_unknown } else { all_known }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_found_grounds_nothing() {
        assert!(!is_grounded(&[Concept { weight: 1.0, ..Concept::default() }], &[]));
    }
}
