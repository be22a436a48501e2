//! Deciding whether what was found can answer the question at all.

use korean_text::{is_exact_topic, sentences};

use super::Hit;
use super::rerank::{IN_HEADING, IN_TITLE};
use crate::cues::AnswerKind;
use crate::matching::Matchable;
use crate::model::{Concept, Role};

/// Hits of which one must have something of the question.
const BEST: usize = 6;

/// Weights of a logistic regression over the 553 development questions of both sets and their 109
/// unanswerable ones asked after another question; each of the five authors' questions weighs alike, and so
/// do answerable and unanswerable ones. Half of the exactly named topics, chosen by chance six times, were
/// taken for unknown words: the list of them knows the development questions better than others'.
const SCORE: f32 = 10.8;
/// A thing named exactly that no text has.
const MISSING: f32 = -2.7;
/// What the best hit has, and lacks, of what is no noun: a story told in many words is forgiven more.
const VERBS_FOUND: f32 = 2.8;
const VERBS_LACKING: f32 = 1.75;
/// Circumstances told.
const CIRCUMSTANCES: f32 = 1.05;
/// The question's concepts, up to [`LONG`].
const LENGTH: f32 = -2.45;
/// Whether the best hit's best sentence has the kind of answer that is asked for.
const KIND: f32 = 0.55;
/// How far the best hit is before the second.
const MARGIN: f32 = 5.5;
/// What must be reached.
const ENOUGH: f32 = 4.25;
/// Concepts from which on a question counts as long.
const LONG: f32 = 6.0;
/// What a concept of an earlier turn adds to the length.
const INHERITED: f32 = 0.25;
/// The weight of a common word, which weights are measured in.
const UNIT: f32 = 6.0;

/// Whether the hits (best first) can answer, as far as the question's words and the kinds of answer it
/// asks for tell. A question without content words of its own is judged by those of the turns before.
pub(super) fn is_grounded(concepts: &[Concept], kinds: &[AnswerKind], hits: &[Hit]) -> bool {
    let Some(first) = hits.first() else { return false };
    let own: Vec<&Concept> = concepts.iter().filter(|c| !c.inherited).collect();
    if own.is_empty() {
        return !concepts.is_empty();
    }
    if hits.iter().take(BEST).all(|hit| hit.coverage <= 0.0) {
        return false;
    }
    let reading = Reading::of(first);
    let missing = own.iter().any(|c| !c.known && is_exact_topic(&c.word));
    let verbs = own.iter().filter(|c| c.role != Role::Topic);
    let (found, lacking) = verbs.fold((0.0, 0.0), |(found, lacking), verb| {
        let strength = reading.strength(verb);
        (found + verb.weight * strength, lacking + verb.weight * (1.0 - strength))
    });
    let circumstances = own.iter().filter(|c| c.role == Role::Circumstance).count() as f32 / 4.0;
    let length = (own.len() as f32 + INHERITED * (concepts.len() - own.len()) as f32).min(LONG) / LONG;
    let kind = kinds.first().is_some_and(|kind| kind.found_in(best_sentence(concepts, &first.chunk.chunk.text)));
    let margin = hits.get(1).map_or(0.0, |second| first.score - second.score);
    let evidence = SCORE * first.score
        + MISSING * flag(missing)
        + VERBS_FOUND * found / UNIT
        + VERBS_LACKING * lacking / UNIT
        + CIRCUMSTANCES * circumstances
        + LENGTH * length
        + KIND * flag(kind)
        + MARGIN * margin;
    evidence >= ENOUGH
}

/// The parts of a hit that concepts are looked for in.
struct Reading {
    text: Matchable,
    headings: Matchable,
    title: Matchable,
}

impl Reading {
    fn of(hit: &Hit) -> Self {
        Self {
            text: Matchable::new(&hit.chunk.chunk.text),
            headings: Matchable::new(&hit.chunk.chunk.heading_path.join("\n")),
            title: Matchable::new(&hit.chunk.title),
        }
    }

    fn strength(&self, concept: &Concept) -> f32 {
        let above = (IN_HEADING * self.headings.strength(concept)).max(IN_TITLE * self.title.strength(concept));
        self.text.strength(concept).max(above)
    }
}

/// The first of the sentences that have most of the concepts.
fn best_sentence<'a>(concepts: &[Concept], text: &'a str) -> &'a str {
    let mut best = ("", f32::MIN);
    for sentence in sentences(text) {
        let matchable = Matchable::new(sentence);
        let found = concepts.iter().map(|c| c.weight * matchable.strength(c)).sum();
        if found > best.1 {
            best = (sentence, found);
        }
    }
    best.0
}

fn flag(holds: bool) -> f32 {
    f32::from(u8::from(holds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_found_grounds_nothing() {
        assert!(!is_grounded(&[Concept { weight: 1.0, ..Concept::default() }], &[], &[]));
    }
}
