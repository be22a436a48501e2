//! Choosing the few units that make the answer.

use korean_text::squash;
use rag_pipeline::model::ChatRequest;

use super::score::{Scored, score};
use super::units::{Unit, units};

/// The most units an answer is built from, not counting those another leans on.
const MOST: usize = 5;
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
    let Some(best) = order.first().map(|at| &scored[*at]) else { return Vec::new() };
    let mut chosen: Vec<usize> = Vec::new();
    for at in order {
        let unit = &scored[at].unit;
        let near = if unit.passage == best.unit.passage { NEAR } else { NEAR_ELSEWHERE };
        let repeated = chosen.iter().any(|other| repeats(&scored[*other].unit, unit));
        if chosen.len() < MOST && scored[at].score >= near * best.score && !repeated {
            chosen.push(at);
        }
    }
    arrange(request, &scored, chosen)
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
