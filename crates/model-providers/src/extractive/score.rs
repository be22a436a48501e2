//! How well a unit answers the question.

use rag_pipeline::cues::AnswerKind;
use rag_pipeline::matching::Matchable;
use rag_pipeline::model::{ChatRequest, Concept};

use super::units::Unit;

/// What a match above the unit is worth against one in it.
const IN_HEADING: f32 = 0.9;
const IN_TITLE: f32 = 0.75;
const IN_NEIGHBOUR: f32 = 0.35;
/// Weights of the parts of a unit's score; chosen on the development questions.
const COVERAGE: f32 = 1.0;
/// Of the words of this question alone, whatever was spoken of before.
const ASKED: f32 = 0.3;
const OWN_WORDS: f32 = 0.35;
const KIND: f32 = 0.3;
const SECOND_KIND: f32 = 0.10;
const PASSAGE: f32 = 0.9;
const SUBJECT: f32 = 0.15;
const FIRST: f32 = 0.03;

/// A unit and its score.
#[derive(Debug, Clone)]
pub(super) struct Scored {
    pub(super) unit: Unit,
    pub(super) score: f32,
}

/// Scores all units of a request.
pub(super) fn score(request: &ChatRequest, units: Vec<Unit>) -> Vec<Scored> {
    let question = if request.standalone.is_empty() { &request.question } else { &request.standalone };
    let kinds = AnswerKind::asked_by(question);
    let concepts = &request.concepts;
    let texts: Vec<Matchable> = units.iter().map(|u| Matchable::new(&u.text)).collect();
    let around: Vec<(Matchable, Matchable)> = request
        .passages
        .iter()
        .map(|p| (Matchable::new(&p.heading_path.join("\n")), Matchable::new(&p.title)))
        .collect();
    let best_passage = request.passages.iter().map(|p| p.score).fold(f32::EPSILON, f32::max);
    let measured = units.iter().enumerate().map(|(at, unit)| {
        let (heading, title) = &around[unit.passage];
        let neighbour = at.checked_sub(1).filter(|b| units[*b].passage == unit.passage).map(|b| &texts[b]);
        let strength = |c: &Concept| {
            let above = (IN_HEADING * heading.strength(c)).max(IN_TITLE * title.strength(c));
            let before = neighbour.map_or(0.0, |n| IN_NEIGHBOUR * n.strength(c));
            texts[at].strength(c).max(above).max(before)
        };
        let covered = share(concepts.iter(), strength);
        let asked = share(concepts.iter().filter(|c| !c.inherited), strength);
        let own = texts[at].coverage(concepts);
        let answers = kinds.first().is_some_and(|k| k.found_in(&unit.text));
        let also = kinds.iter().skip(1).any(|k| k.found_in(&unit.text));
        let subject = unit.subject.as_deref().map(Matchable::new).map_or(0.0, |s| s.coverage(concepts));
        let passage = request.passages[unit.passage].score / best_passage;
        COVERAGE * covered
            + ASKED * asked
            + OWN_WORDS * own
            + KIND * flag(answers)
            + SECOND_KIND * flag(also)
            + SUBJECT * subject
            + PASSAGE * passage
            + FIRST * flag(unit.order == 0)
    });
    let measured: Vec<f32> = measured.collect();
    units.into_iter().zip(measured).map(|(unit, score)| Scored { unit, score }).collect()
}

/// The share of the concepts' weight that is there, by how strongly each is.
fn share<'a>(concepts: impl Iterator<Item = &'a Concept>, strength: impl Fn(&Concept) -> f32) -> f32 {
    let (found, total) = concepts.fold((0.0, 0.0), |(found, total), concept| {
        (found + concept.weight * strength(concept), total + concept.weight)
    });
    if total > 0.0 { found / total } else { 0.0 }
}

fn flag(holds: bool) -> f32 {
    f32::from(u8::from(holds))
}
