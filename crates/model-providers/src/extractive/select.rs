//! Choosing the few units that make the answer.

use korean_text::squash;
use rag_pipeline::model::ChatRequest;

use super::score::{Scored, score};
use super::units::{Unit, units};

/// The most units an answer is built from, not counting those another leans on.
const MOST: usize = 5;
/// The most with what completes them: rows of a short table, the sentence after the best.
const FULL: usize = 6;
/// Rows of a table that is given whole.
const SHORT_TABLE: usize = 5;
/// Units under this share of the best one's score are left out: of its own passage, and of others,
/// which more often speak of something else.
const NEAR: f32 = 0.5;
const NEAR_ELSEWHERE: f32 = 0.7;

/// A chosen unit and its marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picked {
    pub(super) text: String,
    pub(super) number: u32,
}

/// The units to answer with, in the order to say them; empty when nothing answers.
pub(super) fn select(request: &ChatRequest) -> Vec<Picked> {
    let scored = score(request, units(&request.passages));
    let mut order: Vec<usize> = (0..scored.len()).collect();
    order.sort_by(|a, b| scored[*b].score.total_cmp(&scored[*a].score).then(a.cmp(b)));
    let Some(first) = order.first().copied() else { return Vec::new() };
    let best = &scored[first];
    let mut chosen: Vec<usize> = Vec::new();
    for at in order {
        let unit = &scored[at].unit;
        let near = if unit.passage == best.unit.passage { NEAR } else { NEAR_ELSEWHERE };
        let repeated = chosen.iter().any(|other| repeats(&scored[*other].unit, unit));
        if chosen.len() < MOST && scored[at].score >= near * best.score && !repeated {
            chosen.push(at);
        }
    }
    for at in rows_left(&scored, &chosen).into_iter().chain(after(&scored, first)) {
        if !chosen.contains(&at) && chosen.len() < FULL {
            chosen.push(at);
        }
    }
    arrange(request, &scored, chosen)
}

/// The sentence after the best unit in its passage: it often goes on.
fn after(scored: &[Scored], best: usize) -> Option<usize> {
    let next = scored.get(best + 1)?;
    (next.unit.passage == scored[best].unit.passage && next.unit.subject.is_none()).then_some(best + 1)
}

/// The rows left out of a short table of which two or more rows were chosen: a reader compares them all.
fn rows_left(scored: &[Scored], chosen: &[usize]) -> Vec<usize> {
    let mut left: Vec<usize> = Vec::new();
    let runs = scored.chunk_by(|a, b| is_row(a) && is_row(b) && a.unit.passage == b.unit.passage);
    let mut from = 0;
    for run in runs {
        let (taken, missed): (Vec<usize>, Vec<usize>) = (from..from + run.len()).partition(|at| chosen.contains(at));
        if taken.len() > 1 && run.len() <= SHORT_TABLE && run.iter().all(is_row) {
            left.extend(missed);
        }
        from += run.len();
    }
    left
}

fn is_row(scored: &Scored) -> bool {
    scored.unit.subject.is_some()
}

/// Passages as retrieval ranked them, units of one passage in reading order, and before a unit that
/// leans on another, that other.
fn arrange(request: &ChatRequest, scored: &[Scored], chosen: Vec<usize>) -> Vec<Picked> {
    let mut passages: Vec<usize> = Vec::new();
    let mut kept: Vec<usize> = Vec::new();
    for at in chosen {
        let passage = scored[at].unit.passage;
        if !passages.contains(&passage) {
            passages.push(passage);
        }
        let mut from = at;
        while scored[from].unit.leans && from > 0 && scored[from - 1].unit.passage == passage {
            from -= 1;
        }
        kept.extend((from..=at).filter(|i| !kept.contains(i)).collect::<Vec<_>>());
    }
    passages.sort_unstable();
    kept.sort_unstable();
    let mut picked: Vec<Picked> = Vec::new();
    for passage in passages {
        let number = request.passages[passage].number;
        for at in kept.iter().filter(|at| scored[**at].unit.passage == passage) {
            picked.push(Picked { text: scored[*at].unit.text.clone(), number });
        }
    }
    picked
}

fn repeats(a: &Unit, b: &Unit) -> bool {
    let (a, b) = (squash(&a.text), squash(&b.text));
    a.contains(&b) || b.contains(&a)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(rows: &[bool]) -> Vec<Scored> {
        let unit = |(order, row): (usize, &bool)| Unit {
            passage: 0,
            order,
            text: order.to_string(),
            subject: row.then(String::new),
            leans: false,
        };
        rows.iter().enumerate().map(unit).map(|unit| Scored { unit, score: 1.0 }).collect()
    }

    #[test]
    fn a_short_table_of_which_two_rows_are_chosen_is_given_whole() {
        let units = scored(&[false, true, true, true, true, false]);
        assert_eq!(rows_left(&units, &[1, 4]), [2, 3]);
        assert!(rows_left(&units, &[0, 1, 5]).is_empty() && rows_left(&scored(&[true; 9]), &[1, 2]).is_empty());
    }

    #[test]
    fn the_sentence_after_the_best_is_said_too_but_no_row() {
        let units = scored(&[false, false, true]);
        assert_eq!((after(&units, 0), after(&units, 1), after(&units, 2)), (Some(1), None, None));
    }
}
