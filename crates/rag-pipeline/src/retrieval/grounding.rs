//! Deciding whether what was found can answer the question at all.

use korean_text::{is_exact_topic, sentences};

use super::Hit;
use super::rerank::{IN_HEADING, IN_TITLE};
use crate::cues::AnswerKind;
use crate::matching::Matchable;
use crate::model::{Concept, Role};

/// Hits of which one must have something of the question, and whose headings tell what else it may be about.
const BEST: usize = 6;
/// Hits in which a thing named exactly must stand together with what else is asked about.
const CLOSEST: usize = 3;

/// Weights of a logistic regression over the development questions of all sets and their unanswerable ones asked
/// after another question; each of the six authors' questions weighs alike, and so do answerable and unanswerable
/// ones, but an answer that would be wrong anyway counts 0.4. Half of the exactly named topics, chosen by chance
/// four times, were taken for common words: the list of them knows the development questions better than others'.
/// Which parts there are was chosen by leaving out one author at a time.
const SCORE: f32 = 9.2;
/// A thing named exactly that no text has.
const MISSING: f32 = -2.7;
/// A thing named exactly that other texts have, but not the best hit.
const ELSEWHERE: f32 = -1.45;
/// A thing named exactly that no sentence of the closest hits has together with the rest of the question's nouns.
const APART: f32 = -2.25;
/// The last noun of the question, when other texts have it, but not the best hit: Korean puts what is asked
/// for last.
const ASKED_ELSEWHERE: f32 = -1.05;
/// A noun that the best hit lacks and another hit has in its headings: that is about it.
const HEADED_ELSEWHERE: f32 = -0.65;
/// What a hit must have of a thing to speak of it.
const SPOKEN_OF: f32 = 0.5;
/// What a hit must have of a word to have it whole, be it by a synonym.
const WHOLE: f32 = 0.8;
/// The share of the question's weight that the best hit has in parts of words: the score takes a compound's
/// part for less than it tells.
const IN_PART: f32 = 3.95;
/// What the best hit has, and lacks, of what is no noun: a story told in many words is forgiven more.
const VERBS_FOUND: f32 = 2.1;
const VERBS_LACKING: f32 = 1.55;
/// The question's concepts, up to [`LONG`].
const LENGTH: f32 = -0.9;
/// Whether the best hit's best sentence has the kind of answer that is asked for.
const KIND: f32 = 0.55;
/// What it tells besides when that kind has a form of its own: every other sentence permits or forbids something.
const FORM: f32 = 0.8;
/// What must be reached.
const ENOUGH: f32 = 3.6;
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
    let length = (own.len() as f32 + INHERITED * (concepts.len() - own.len()) as f32).min(LONG) / LONG;
    let sentence = best_sentence(concepts, &first.chunk.chunk.text);
    let kind = kinds.first().filter(|kind| kind.found_in(sentence));
    let evidence = SCORE * first.score
        + verbs(&own, &reading)
        + nouns(&own, &reading, hits)
        + IN_PART * in_part(&own, &reading)
        + LENGTH * length
        + KIND * flag(kind.is_some())
        + FORM * flag(kind.is_some_and(|kind| kind.has_form()));
    evidence >= ENOUGH
}

/// What the verbs and other words that are no nouns tell.
fn verbs(own: &[&Concept], reading: &Reading) -> f32 {
    let verbs = own.iter().filter(|c| c.role != Role::Topic);
    let (found, lacking) = verbs.fold((0.0, 0.0), |(found, lacking), verb| {
        let strength = reading.strength(verb);
        (found + verb.weight * strength, lacking + verb.weight * (1.0 - strength))
    });
    (VERBS_FOUND * found + VERBS_LACKING * lacking) / UNIT
}

/// What the nouns tell that the best hit lacks, or has without the others.
fn nouns(own: &[&Concept], reading: &Reading, hits: &[Hit]) -> f32 {
    let lacks = |c: &Concept| reading.strength(c) < SPOKEN_OF;
    let topics: Vec<&Concept> = own.iter().copied().filter(|c| c.role == Role::Topic).collect();
    let mut exact = own.iter().filter(|c| c.role != Role::Circumstance && is_exact_topic(&c.word));
    let missing = exact.clone().any(|c| !c.known);
    let elsewhere = exact.any(|c| c.known && lacks(c));
    let asked = topics.iter().rev().find(|c| c.word.chars().count() > 1);
    let asked_elsewhere = asked.is_some_and(|c| c.known && lacks(c));
    let others: Vec<Matchable> = hits.iter().take(BEST).map(headings).collect();
    let headed_elsewhere = topics.iter().any(|c| lacks(c) && others.iter().any(|h| h.strength(c) > WHOLE));
    MISSING * flag(missing)
        + ELSEWHERE * flag(elsewhere)
        + APART * flag(is_apart(&topics, hits))
        + ASKED_ELSEWHERE * flag(asked_elsewhere)
        + HEADED_ELSEWHERE * flag(headed_elsewhere)
}

/// Whether a thing named exactly, which some text has, never stands in one sentence (with the headings above
/// it) with half of what else is asked about: a tent and lending do not make the lending of tents.
fn is_apart(topics: &[&Concept], hits: &[Hit]) -> bool {
    const HALF: f32 = 0.5;
    let exact = topics.iter().enumerate().filter(|(_, c)| c.known && is_exact_topic(&c.word));
    let mut exact = exact.map(|(at, _)| at).peekable();
    if topics.len() < 2 || exact.peek().is_none() {
        return false;
    }
    let lines: Vec<Vec<f32>> = hits.iter().take(CLOSEST).flat_map(|hit| Reading::of(hit).lines(topics, hit)).collect();
    exact.any(|at| {
        let rest: f32 = topics.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, c)| c.weight).sum();
        let beside = |line: &Vec<f32>| -> f32 {
            let found = topics.iter().zip(line).enumerate().filter(|(other, _)| *other != at);
            found.map(|(_, (c, strength))| c.weight * strength).sum()
        };
        !lines.iter().any(|line| line[at] >= SPOKEN_OF && beside(line) >= HALF * rest)
    })
}

/// The share of the question's weight that the best hit has in part only.
fn in_part(own: &[&Concept], reading: &Reading) -> f32 {
    let total: f32 = own.iter().map(|c| c.weight).sum();
    let partly = own.iter().filter(|c| {
        let strength = reading.strength(c);
        strength > 0.0 && strength < WHOLE
    });
    let found: f32 = partly.map(|c| c.weight).sum();
    if total > 0.0 { found / total } else { 0.0 }
}

fn headings(hit: &Hit) -> Matchable {
    Matchable::new(&hit.chunk.chunk.heading_path.join("\n"))
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
            headings: headings(hit),
            title: Matchable::new(&hit.chunk.title),
        }
    }

    fn strength(&self, concept: &Concept) -> f32 {
        self.text.strength(concept).max(self.above(concept))
    }

    /// The same of the headings and the title alone.
    fn above(&self, concept: &Concept) -> f32 {
        (IN_HEADING * self.headings.strength(concept)).max(IN_TITLE * self.title.strength(concept))
    }

    /// How well each line has each of the concepts with what stands above it; the first has no text of its own.
    fn lines(&self, concepts: &[&Concept], hit: &Hit) -> Vec<Vec<f32>> {
        let above: Vec<f32> = concepts.iter().map(|c| self.above(c)).collect();
        let texts = sentences(&hit.chunk.chunk.text).into_iter().map(Matchable::new);
        let below = texts.map(|text| concepts.iter().zip(&above).map(|(c, a)| text.strength(c).max(*a)).collect());
        std::iter::once(above.clone()).chain(below).collect()
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
    use kernel::testing::SequentialIds;
    use kernel::{ChunkId, DocumentId};

    use super::*;
    use crate::model::{Chunk, Collection, Place, StoredChunk};

    fn noun(word: &str) -> Concept {
        Concept { word: word.to_owned(), weight: 3.0, known: true, role: Role::Topic, ..Concept::default() }
    }

    fn hit(heading: &str, text: &str) -> Hit {
        let chunk = Chunk {
            id: ChunkId::generate(&SequentialIds::default()),
            document: DocumentId::new("d").unwrap(),
            ordinal: 0,
            heading_path: vec![heading.to_owned()],
            text: text.to_owned(),
            token_count: 1,
            place: Place::default(),
        };
        let collection = Collection::new("help").unwrap();
        Hit {
            chunk: StoredChunk { chunk, collection, title: String::new(), url: None },
            score: 0.5,
            keyword_rank: None,
            vector_rank: None,
            matched_terms: Vec::new(),
            coverage: 0.5,
            focus: 0.5,
        }
    }

    #[test]
    fn nothing_found_grounds_nothing() {
        assert!(!is_grounded(&[Concept { weight: 1.0, ..Concept::default() }], &[], &[]));
    }

    #[test]
    fn what_is_named_exactly_must_stand_with_the_rest_in_one_sentence() {
        let (tent, lending) = (noun("텐트"), noun("대여"));
        let apart = hit("수리", "텐트를 고쳐 드립니다. 우산은 대여합니다.");
        let together = hit("수리", "텐트는 대여하지 않습니다.");
        let headed = hit("텐트", "고쳐 드립니다. 하루 동안 대여합니다.");
        assert!(is_apart(&[&tent, &lending], std::slice::from_ref(&apart)));
        assert!(!is_apart(&[&tent, &lending], &[apart.clone(), together]));
        assert!(!is_apart(&[&tent, &lending], &[headed]));
        assert!(!is_apart(&[&lending], &[apart]));
    }

    #[test]
    fn what_is_asked_for_last_and_has_a_section_elsewhere_speaks_against_the_best_hit() {
        let (pillow, wash) = (noun("베개"), noun("세탁"));
        let hits = [hit("베개", "높이는 11cm입니다."), hit("세탁", "찬물에 담급니다.")];
        let reading = Reading::of(&hits[0]);
        assert!((nouns(&[&pillow, &wash], &reading, &hits) - ASKED_ELSEWHERE - HEADED_ELSEWHERE).abs() < 1e-6);
        assert!((nouns(&[&wash, &pillow], &reading, &hits) - HEADED_ELSEWHERE).abs() < 1e-6);
        assert!(nouns(&[&pillow], &reading, &hits).abs() < 1e-6);
    }
}
