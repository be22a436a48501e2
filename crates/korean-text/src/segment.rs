//! Cutting text whose spaces cannot be trusted: the cheapest reading as nouns with particles, verbs
//! with endings and filler words (a shortest path, as in Viterbi's algorithm).

use crate::lexicon::{is_circumstance, is_everyday_word, is_exact_topic, is_filler, is_known_word, is_short_noun};
use crate::particles::PARTICLES;
use crate::verbs::{FORM_TAIL, is_form};

/// What each kind of piece costs. Chosen by hand: a known word must beat two unknown syllables.
const NOUN: f32 = 2.0;
const SHORT_NOUN: f32 = 4.6;
const VERB: f32 = 2.2;
const SHORT_VERB: f32 = 4.4;
const FILLER: f32 = 2.0;
const SHORT_FILLER: f32 = 3.8;
const PARTICLE: f32 = 0.8;
const TAIL: f32 = 0.35;
const LIGHT: f32 = 0.6;
const NUMBER: f32 = 1.0;
const UNKNOWN: f32 = 3.0;
const UNKNOWN_START: f32 = 2.0;
/// A piece that runs over a space the customer typed.
const OVER_SPACE: f32 = 2.0;
/// No piece has more syllables.
const LONGEST: usize = 10;

/// What a piece is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A known noun; particles and light verbs after it belong to it.
    Noun,
    /// A known verb with its endings.
    Verb,
    /// A digit with what follows it.
    Number,
    /// A word without content.
    Filler,
    /// Syllables nothing known accounts for.
    Unknown,
}

/// A piece of the text: its content and, after it, its particle or ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) reading: Reading,
    /// Content and particle.
    pub(crate) surface: String,
    /// The content.
    pub(crate) base: String,
}

#[derive(Clone, Copy)]
struct Step {
    cost: f32,
    from: usize,
    state: usize,
    head: bool,
    reading: Reading,
}

/// States a position can be reached in, by what ends there.
const STATES: usize = 6;
const START: usize = 0;
const AFTER_NOUN: usize = 1;
const AFTER_VERB: usize = 2;
const AFTER_NUMBER: usize = 3;
const AFTER_UNKNOWN: usize = 4;
const AFTER_PARTICLE: usize = 5;

/// The cheapest reading of the words (typed with spaces between them) and its cost. `joined` tells
/// whether pieces may run over those spaces.
pub(crate) fn segment(words: &[&str], joined: bool) -> (Vec<Piece>, f32) {
    let chars: Vec<char> = words.iter().flat_map(|w| w.chars()).collect();
    let mut space = vec![false; chars.len() + 1];
    let mut at = 0;
    for word in words {
        space[at] = at > 0;
        at += word.chars().count();
    }
    let mut best: Vec<[Option<Step>; STATES]> = vec![[None; STATES]; chars.len() + 1];
    best[0][START] = Some(Step { cost: 0.0, from: 0, state: START, head: true, reading: Reading::Filler });
    for at in 0..chars.len() {
        for state in 0..STATES {
            let Some(here) = best[at][state] else { continue };
            let mut relax = |end: usize, to: usize, cost: f32, head: bool, reading: Reading| {
                let within = at + usize::from(head);
                let over = (within..end).filter(|i| space[*i]).count();
                let free = reading == Reading::Filler;
                if over > 0 && !joined && !free {
                    return;
                }
                let cost = here.cost + cost + if free { 0.0 } else { OVER_SPACE * over as f32 };
                if best[end][to].is_none_or(|b| cost < b.cost) {
                    best[end][to] = Some(Step { cost, from: at, state, head, reading });
                }
            };
            step(&chars, at, state, &mut relax);
        }
    }
    trace(&chars, &best)
}

/// Offers every piece that can begin at `at`.
fn step(chars: &[char], at: usize, state: usize, relax: &mut impl FnMut(usize, usize, f32, bool, Reading)) {
    let first = chars[at];
    if first.is_ascii_digit() {
        let end = (at..chars.len()).find(|i| !chars[*i].is_ascii_digit()).unwrap_or(chars.len());
        relax(end, AFTER_NUMBER, NUMBER, true, Reading::Number);
        return;
    }
    relax(at + 1, AFTER_UNKNOWN, UNKNOWN + UNKNOWN_START, true, Reading::Unknown);
    if state == AFTER_UNKNOWN {
        relax(at + 1, AFTER_UNKNOWN, UNKNOWN, false, Reading::Unknown);
    }
    if state == AFTER_VERB && FORM_TAIL.contains(first) {
        relax(at + 1, AFTER_VERB, TAIL, false, Reading::Verb);
    }
    if state == AFTER_NUMBER {
        relax(at + 1, AFTER_NOUN, NUMBER, false, Reading::Number);
    }
    if matches!(state, AFTER_NOUN | AFTER_PARTICLE) && "하해했할한함합되돼됐될된".contains(first) {
        relax(at + 1, AFTER_VERB, LIGHT, false, Reading::Noun);
    }
    let mut word = String::new();
    for (length, c) in chars[at..].iter().take(LONGEST).enumerate() {
        word.push(*c);
        let end = at + length + 1;
        let short = length == 0;
        if matches!(state, AFTER_NOUN | AFTER_UNKNOWN | AFTER_NUMBER) && PARTICLES.iter().any(|p| p.0 == word) {
            relax(end, AFTER_PARTICLE, PARTICLE, false, Reading::Noun);
        }
        if is_filler(&word) {
            relax(end, START, if short { SHORT_FILLER } else { FILLER }, true, Reading::Filler);
        }
        if short {
            if is_short_noun(&word) {
                relax(end, AFTER_NOUN, SHORT_NOUN, true, Reading::Noun);
            }
        } else if is_known_word(&word) || is_circumstance(&word) || is_exact_topic(&word) || is_everyday_word(&word) {
            relax(end, AFTER_NOUN, NOUN, true, Reading::Noun);
        }
        if is_form(&word) {
            relax(end, AFTER_VERB, if short { SHORT_VERB } else { VERB }, true, Reading::Verb);
        }
    }
}

fn trace(chars: &[char], best: &[[Option<Step>; STATES]]) -> (Vec<Piece>, f32) {
    let last = best.last().into_iter().flatten().enumerate().filter_map(|(s, b)| b.map(|b| (s, b)));
    let Some((mut state, end)) = last.min_by(|a, b| a.1.cost.total_cmp(&b.1.cost)) else { return (Vec::new(), 0.0) };
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut at, mut more, mut tail) = (chars.len(), String::new(), String::new());
    while at > 0 {
        let Some(step) = best[at][state] else { break };
        let text: String = chars[step.from..at].iter().collect();
        if step.head {
            let base = text + &more;
            pieces.push(Piece { reading: step.reading, surface: format!("{base}{tail}"), base });
            more.clear();
            tail.clear();
        } else if matches!(step.reading, Reading::Unknown | Reading::Number) {
            more.insert_str(0, &text);
        } else {
            tail.insert_str(0, &text);
        }
        (at, state) = (step.from, step.state);
    }
    pieces.reverse();
    (pieces, end.cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases(words: &[&str], joined: bool) -> Vec<String> {
        let pieces = segment(words, joined).0.into_iter();
        pieces.filter(|p| p.reading != Reading::Filler).map(|p| p.base).collect()
    }

    #[test]
    fn a_run_is_cut_into_nouns_and_verbs() {
        assert_eq!(bases(&["텐트는언제다시들어오나요"], false), ["텐트", "들어오"]);
        assert_eq!(bases(&["송장번호언제문자로와요"], false), ["송장번호", "문자"]);
        assert_eq!(bases(&["환불텀블러는"], false), ["환불", "텀블러"]);
    }

    #[test]
    fn spaces_in_the_wrong_places_are_run_over_when_asked_to() {
        let words = ["무쇠", "솥길들이", "는수업", "은", "얼마", "인가요"];
        let (apart, together) = (segment(&words, false), segment(&words, true));
        assert!(together.1 < apart.1);
        assert!(together.0.iter().any(|p| p.base == "수업" && p.surface == "수업은"), "{:?}", together.0);
    }
}
