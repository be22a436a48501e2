use std::fmt::Write as _;

use serde::Serialize;

use super::metrics::{median, shown};
use super::{CaseKind, CaseResult, Split};

/// The figures of a set of cases; shares are 0 to 1, `None` where the set has nothing to measure them by.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Cases in the set.
    pub cases: usize,
    /// Answerable cases whose first hit is of a right document.
    pub recall_at_1: Option<f64>,
    /// Answerable cases with a right document among the first five hits.
    pub recall_at_5: Option<f64>,
    /// Mean reciprocal rank of the first right hit.
    pub mrr: Option<f64>,
    /// Required facts that the answers contain.
    pub fact_recall: Option<f64>,
    /// Unanswerable cases that were refused.
    pub refusal_accuracy: Option<f64>,
    /// Answerable cases that were refused.
    pub false_refusals: Option<f64>,
    /// Cases answered with every fact, or rightly refused.
    pub right: Option<f64>,
    /// Median time from question to the end of the answer, in microseconds.
    pub median_micros: u64,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What the line is about: `dev`, `heldout/typo`, `all`.
    pub name: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What an evaluation found, by split and by kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// `all`, then each split followed by its kinds.
    pub rows: Vec<Row>,
}

impl Figures {
    /// The figures of some results.
    pub fn of(results: &[&CaseResult]) -> Self {
        let answerable: Vec<&&CaseResult> = results.iter().filter(|r| r.answerable()).collect();
        let unanswerable: Vec<&&CaseResult> = results.iter().filter(|r| !r.answerable()).collect();
        let within = |depth: u32| share(&answerable, |r| r.rank.is_some_and(|rank| rank <= depth));
        let facts: u32 = answerable.iter().map(|r| r.facts).sum();
        let found: u32 = answerable.iter().map(|r| r.facts_found).sum();
        let reciprocal: f64 = answerable.iter().filter_map(|r| r.rank).map(|rank| 1.0 / f64::from(rank)).sum();
        Self {
            cases: results.len(),
            recall_at_1: within(1),
            recall_at_5: within(5),
            mrr: (!answerable.is_empty()).then(|| reciprocal / answerable.len() as f64),
            fact_recall: (facts > 0).then(|| f64::from(found) / f64::from(facts)),
            refusal_accuracy: share(&unanswerable, |r| r.refused),
            false_refusals: share(&answerable, |r| r.refused),
            right: share(&results.iter().collect::<Vec<_>>(), CaseResult::right),
            median_micros: median(results.iter().map(|r| r.micros).collect()),
        }
    }
}

fn share(results: &[&&CaseResult], holds: impl Fn(&CaseResult) -> bool) -> Option<f64> {
    (!results.is_empty()).then(|| results.iter().filter(|r| holds(r)).count() as f64 / results.len() as f64)
}

impl Report {
    /// Sums up results.
    pub fn of(results: &[CaseResult]) -> Self {
        let mut rows = vec![Row { name: "all".to_owned(), figures: Figures::of(&results.iter().collect::<Vec<_>>()) }];
        for split in [Split::Dev, Split::Heldout] {
            let of_split: Vec<&CaseResult> = results.iter().filter(|r| r.split == split).collect();
            if of_split.is_empty() {
                continue;
            }
            rows.push(Row { name: split.name().to_owned(), figures: Figures::of(&of_split) });
            for kind in [CaseKind::Plain, CaseKind::Followup, CaseKind::Typo, CaseKind::Spacing, CaseKind::Unanswerable]
            {
                let of_kind: Vec<&CaseResult> = of_split.iter().copied().filter(|r| r.kind == kind).collect();
                if !of_kind.is_empty() {
                    let name = format!("{}/{}", split.name(), kind.name());
                    rows.push(Row { name, figures: Figures::of(&of_kind) });
                }
            }
        }
        Self { rows }
    }

    /// The figures of one line.
    pub fn figures(&self, name: &str) -> Option<&Figures> {
        self.rows.iter().find(|row| row.name == name).map(|row| &row.figures)
    }

    /// The report as an aligned table of plain text.
    pub fn table(&self) -> String {
        let mut out = format!(
            "{:<22}{:>6}{:>8}{:>8}{:>8}{:>8}{:>9}{:>9}{:>8}{:>10}\n",
            "set", "cases", "R@1", "R@5", "MRR", "facts", "refused", "false r.", "right", "median ms"
        );
        for Row { name, figures: f } in &self.rows {
            let _ = writeln!(
                out,
                "{:<22}{:>6}{:>8}{:>8}{:>8}{:>8}{:>9}{:>9}{:>8}{:>10.1}",
                name,
                f.cases,
                shown(f.recall_at_1),
                shown(f.recall_at_5),
                shown(f.mrr),
                shown(f.fact_recall),
                shown(f.refusal_accuracy),
                shown(f.false_refusals),
                shown(f.right),
                f.median_micros as f64 / 1000.0
            );
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieval::Query;

    fn result(kind: CaseKind, rank: Option<u32>, found: u32, refused: bool) -> CaseResult {
        CaseResult {
            id: "x".to_owned(),
            kind,
            split: Split::Dev,
            standalone: String::new(),
            query: Query::from(""),
            rank,
            facts: 2,
            facts_found: found,
            refused,
            answer: String::new(),
            micros: 5,
        }
    }

    #[test]
    fn figures_count_each_case_for_what_it_measures() {
        let results = [
            result(CaseKind::Plain, Some(1), 2, false),
            result(CaseKind::Plain, Some(4), 1, false),
            result(CaseKind::Plain, None, 0, true),
            result(CaseKind::Unanswerable, None, 0, true),
        ];
        let report = Report::of(&results);
        let figures = report.figures("dev").unwrap();
        let near = |share: Option<f64>, expected: f64| (share.unwrap() - expected).abs() < 1e-9;
        assert!(near(figures.recall_at_1, 1.0 / 3.0) && near(figures.recall_at_5, 2.0 / 3.0));
        assert!(near(figures.mrr, 1.25 / 3.0) && near(figures.fact_recall, 0.5));
        assert!(near(figures.refusal_accuracy, 1.0) && near(figures.false_refusals, 1.0 / 3.0));
        assert_eq!(report.figures("dev/unanswerable").unwrap().recall_at_5, None);
        assert!(report.table().lines().all(|line| line.chars().count() == 96), "{}", report.table());
    }
}
