use serde::Serialize;

use super::{CaseKind, Split};
use crate::retrieval::Query;

/// How one case went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseResult {
    /// The case.
    pub id: String,
    /// Its kind.
    pub kind: CaseKind,
    /// Its split.
    pub split: Split,
    /// The question made to stand alone.
    pub standalone: String,
    /// What was searched for, with what the conversation added.
    #[serde(skip)]
    pub query: Query,
    /// The place, from 1, of the first hit of a right document; `None` when there is none, or none is right.
    pub rank: Option<u32>,
    /// Facts a right answer contains.
    pub facts: u32,
    /// Those the answer contains.
    pub facts_found: u32,
    /// Whether the answer said that it does not know.
    pub refused: bool,
    /// The answer.
    pub answer: String,
    /// How long rewriting, retrieving and answering took, in microseconds.
    pub micros: u64,
}

impl CaseResult {
    /// Whether the documents hold an answer.
    pub fn answerable(&self) -> bool {
        self.kind != CaseKind::Unanswerable
    }

    /// Whether everything asked for was answered, or rightly refused.
    pub fn right(&self) -> bool {
        if self.answerable() { !self.refused && self.facts_found == self.facts } else { self.refused }
    }
}

/// Whether the answer contains one of the fact's spellings; white space and commas do not count.
pub fn contains_fact(answer: &str, spellings: &[String]) -> bool {
    let answer = bare(answer);
    spellings.iter().any(|spelling| answer.contains(&bare(spelling)))
}

/// The middle of some times, the later of two; 0 when there are none.
pub(super) fn median(mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or(0)
}

/// A share as tables show it.
pub(super) fn shown(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{share:.3}"))
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != ',').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_commas_do_not_part_a_fact_from_its_answer() {
        let spellings = ["4,000원".to_owned(), "7,000원".to_owned()];
        assert!(contains_fact("합쳐 7000 원입니다", &spellings));
        assert!(!contains_fact("5000원", &spellings));
    }
}
