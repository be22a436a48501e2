//! How common terms are, as far as counting them again and again would cost too much; and which of them to look by.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// From how many chunks on a term's count is remembered: below, counting is quick, and a term that was new a moment ago
/// must not be taken for unknown.
const COMMON: u64 = 1_000;
/// From how many chunks on their number is.
const MANY: u64 = 10_000;
/// How long. A weight that is a few minutes old ranks as well.
const FRESH: Duration = Duration::from_mins(5);
/// The most terms that are remembered.
const MOST: usize = 50_000;

/// Counts that are remembered within a process.
#[derive(Debug, Default)]
pub struct TermCounts(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    common: HashMap<String, (u64, Instant)>,
    totals: Option<(Totals, Instant)>,
}

/// How many chunks there are, and how many terms they have on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Totals {
    /// Chunks, those of versions that are not seen among them.
    pub chunks: u64,
    /// Terms of one, on average.
    pub length: f64,
}

impl TermCounts {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The counts that are remembered, and the terms that are to be counted.
    pub fn known<'a>(&self, terms: &'a [String]) -> (HashMap<String, u64>, Vec<&'a str>) {
        let state = self.lock();
        let mut known = HashMap::new();
        let mut unknown: Vec<&str> = Vec::new();
        for term in terms {
            match state.common.get(term).filter(|(_, at)| at.elapsed() < FRESH) {
                Some((count, _)) => {
                    known.insert(term.clone(), *count);
                }
                None => unknown.push(term),
            }
        }
        unknown.sort_unstable();
        unknown.dedup();
        (known, unknown)
    }

    /// Remembers what was counted, as far as it is worth it.
    pub fn learn(&self, counts: &HashMap<String, u64>) {
        let mut state = self.lock();
        let now = Instant::now();
        for (term, count) in counts.iter().filter(|(_, count)| **count >= COMMON) {
            if state.common.len() >= MOST {
                state.common.clear();
            }
            state.common.insert(term.clone(), (*count, now));
        }
    }

    /// The totals, if they are remembered.
    pub fn totals(&self) -> Option<Totals> {
        self.lock().totals.filter(|(_, at)| at.elapsed() < FRESH).map(|(totals, _)| totals)
    }

    /// Remembers the totals, as far as it is worth it.
    pub fn learn_totals(&self, totals: Totals) {
        self.lock().totals = (totals.chunks >= MANY).then(|| (totals, Instant::now()));
    }
}

/// Which chunks are looked at: those that have all terms of any of these sets. `None` where all that have any term can be.
///
/// The rare terms of a question tell what it is about; chunks that share only common ones with it are many, and none of
/// them is among the best. So rare terms are taken until they have `budget` chunks together; of the common ones, only
/// where two of the rarest meet.
pub fn candidates<S: BuildHasher>(
    terms: &[String],
    counts: &HashMap<String, u64, S>,
    budget: u64,
) -> Option<Vec<Vec<String>>> {
    const MEETING: usize = 6;
    let mut by_rarity: Vec<(&String, u64)> = terms
        .iter()
        .map(|term| (term, counts.get(term).copied().unwrap_or(0)))
        .filter(|(_, count)| *count > 0)
        .collect();
    by_rarity.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.cmp(b.0)));
    by_rarity.dedup();
    if by_rarity.iter().map(|(_, count)| count).sum::<u64>() <= budget {
        return None;
    }
    let mut left = budget;
    let mut sets: Vec<Vec<String>> = Vec::new();
    let mut common = by_rarity.as_slice();
    while let [(term, count), rest @ ..] = common
        && *count <= left
    {
        left -= count;
        sets.push(vec![(*term).clone()]);
        common = rest;
    }
    let meeting: Vec<&String> = common.iter().take(MEETING).map(|(term, _)| *term).collect();
    for (at, one) in meeting.iter().enumerate() {
        sets.extend(meeting[at + 1..].iter().map(|other| vec![(*one).clone(), (*other).clone()]));
    }
    if let ([only], true) = (meeting.as_slice(), sets.is_empty()) {
        sets.push(vec![(*only).clone()]);
    }
    Some(sets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn counts(pairs: &[(&str, u64)]) -> HashMap<String, u64> {
        pairs.iter().map(|(term, count)| ((*term).to_owned(), *count)).collect()
    }

    #[test]
    fn only_what_is_common_is_remembered() {
        let remembered = TermCounts::default();
        remembered.learn(&counts(&[("배송", 5_000), ("각인", 3)]));
        let asked = terms(&["각인", "배송", "각인"]);
        assert_eq!(remembered.known(&asked), (counts(&[("배송", 5_000)]), vec!["각인"]));
        remembered.learn_totals(Totals { chunks: 9, length: 3.0 });
        assert_eq!(remembered.totals(), None);
        remembered.learn_totals(Totals { chunks: MANY, length: 3.0 });
        assert_eq!(remembered.totals().unwrap().chunks, MANY);
    }

    #[test]
    fn rare_terms_are_looked_by_and_common_ones_only_where_two_meet() {
        let known = counts(&[("a", 2), ("b", 90), ("c", 500), ("d", 600), ("없음", 0)]);
        assert_eq!(candidates(&terms(&["d", "c", "b", "a"]), &known, 2_000), None);
        let found = candidates(&terms(&["d", "c", "없음", "b", "a", "a"]), &known, 100).unwrap();
        assert_eq!(found, [terms(&["a"]), terms(&["b"]), terms(&["c", "d"])]);
        assert_eq!(candidates(&terms(&["d"]), &known, 100).unwrap(), [terms(&["d"])]);
    }
}
