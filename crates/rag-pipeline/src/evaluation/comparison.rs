//! Methods of retrieval side by side.

use std::fmt::Write as _;
use std::sync::Arc;

use kernel::Clock;
use serde::Serialize;

use super::metrics::{median, shown};
use super::{Case, CaseResult, EvalError};
use crate::model::{Scope, StoredChunk};
use crate::retrieval::{Method, Query, Retriever};

/// Documents that are counted: the tenth is the last that tells.
const DEPTH: u32 = 10;
/// Chunks that are ranked: several of them may be of one document.
const CHUNKS: usize = 50;

/// A question whose right documents are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What it is called in errors.
    pub id: String,
    /// What customers' retrieval searches for.
    pub query: Query,
    /// The question made to stand alone, for methods that know no context.
    pub standalone: String,
    /// Ids of the documents that hold the answer; any one is right.
    pub right: Vec<String>,
}

impl Asked {
    /// A question without a conversation around it.
    pub fn alone(id: String, question: &str, right: Vec<String>) -> Self {
        Self { id, query: Query::from(question), standalone: question.to_owned(), right }
    }

    /// A case as it was searched for in its conversation; `None` when no document answers it.
    pub fn of(case: &Case, result: &CaseResult) -> Option<Self> {
        (!case.document.is_empty()).then(|| Self {
            id: case.id.clone(),
            query: result.query.clone(),
            standalone: result.standalone.clone(),
            right: case.document.clone(),
        })
    }
}

/// How well one method found the right documents; shares are 0 to 1, 0 when nothing was asked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodFigures {
    /// The method.
    pub method: Method,
    /// Questions for which a right document comes first.
    pub recall_at_1: f64,
    /// Questions with a right document among the first five.
    pub recall_at_5: f64,
    /// Mean reciprocal rank of the first right document among the first ten.
    #[serde(rename = "mrrAt10")]
    pub mrr_at_10: f64,
    /// Median time of a search, in microseconds.
    pub median_micros: u64,
}

/// Where one method ranked a right document, and how long that took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    /// From 1, up to [`DEPTH`].
    rank: Option<u32>,
    micros: u64,
}

impl MethodFigures {
    fn of(method: Method, found: &[Found]) -> Self {
        let mean = |sum: f64| if found.is_empty() { 0.0 } else { sum / found.len() as f64 };
        let ranks = || found.iter().filter_map(|f| f.rank);
        let within = |depth: u32| mean(ranks().filter(|rank| *rank <= depth).count() as f64);
        Self {
            method,
            recall_at_1: within(1),
            recall_at_5: within(5),
            mrr_at_10: mean(ranks().map(|rank| 1.0 / f64::from(rank)).sum()),
            median_micros: median(found.iter().map(|f| f.micros).collect()),
        }
    }
}

/// What a comparison found: the figures of every method over the same questions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Questions asked.
    pub questions: usize,
    /// One line for each method.
    pub methods: Vec<MethodFigures>,
}

impl Comparison {
    /// The comparison as an aligned table of plain text.
    pub fn table(&self) -> String {
        let mut out =
            format!("{:<12}{:>10}{:>8}{:>8}{:>8}{:>11}\n", "method", "questions", "R@1", "R@5", "MRR@10", "median ms");
        for figures in &self.methods {
            let _ = writeln!(
                out,
                "{:<12}{:>10}{:>8}{:>8}{:>8}{:>11.1}",
                figures.method.name(),
                self.questions,
                shown(Some(figures.recall_at_1)),
                shown(Some(figures.recall_at_5)),
                shown(Some(figures.mrr_at_10)),
                figures.median_micros as f64 / 1000.0
            );
        }
        out
    }
}

/// Asks every method the same questions.
pub struct Comparing {
    retriever: Retriever,
    clock: Arc<dyn Clock>,
    scope: Scope,
}

impl Comparing {
    /// A comparison over one scope.
    pub fn new(retriever: Retriever, clock: Arc<dyn Clock>, scope: Scope) -> Self {
        Self { retriever, clock, scope }
    }

    /// Asks the questions in order, one at a time, calling `progress` after each.
    ///
    /// # Errors
    /// [`EvalError::Ranking`] names the question at which a method failed.
    pub async fn run(&self, questions: &[Asked], mut progress: impl FnMut() + Send) -> Result<Comparison, EvalError> {
        let mut found = Method::ALL.map(|_| Vec::with_capacity(questions.len()));
        for (at, asked) in questions.iter().enumerate() {
            // Each goes first in its turn: what the first one reads is at hand for the next.
            for turn in 0..Method::ALL.len() {
                let which = (at + turn) % Method::ALL.len();
                found[which].push(self.ask(asked, Method::ALL[which]).await?);
            }
            progress();
        }
        let methods = Method::ALL.iter().zip(&found).map(|(method, found)| MethodFigures::of(*method, found)).collect();
        Ok(Comparison { questions: questions.len(), methods })
    }

    async fn ask(&self, asked: &Asked, method: Method) -> Result<Found, EvalError> {
        let alone = Query::from(asked.standalone.as_str());
        let query = if method == Method::Hybrid { &asked.query } else { &alone };
        let began = self.clock.now();
        let chunks = self.retriever.rank(&self.scope, query, method, CHUNKS).await;
        let micros = self.clock.now().since(began).as_micros() as u64;
        let failed = |source| EvalError::Ranking { case: asked.id.clone(), method: method.name(), source };
        Ok(Found { rank: rank(&chunks.map_err(failed)?, &asked.right), micros })
    }
}

/// The place, from 1, of the first right document among the first [`DEPTH`]; a document stands where its best chunk does.
fn rank(chunks: &[StoredChunk], right: &[String]) -> Option<u32> {
    let mut seen: Vec<&str> = Vec::new();
    for document in chunks.iter().map(|chunk| chunk.document().as_str()) {
        if !seen.contains(&document) {
            seen.push(document);
        }
    }
    let is_right = |document: &&str| right.iter().any(|r| r == document);
    seen.iter().position(is_right).map(|at| at as u32 + 1).filter(|rank| *rank <= DEPTH)
}

#[cfg(test)]
mod tests {
    use kernel::testing::{ManualClock, SequentialIds};
    use kernel::{ChunkId, DocumentId, StoreId};

    use super::*;
    use crate::model::{Chunk, Collection, Place};
    use crate::testing::{Passage, retriever_over};

    fn chunk(document: &str) -> StoredChunk {
        let chunk = Chunk {
            id: ChunkId::generate(&SequentialIds::default()),
            document: DocumentId::new(document).unwrap(),
            ordinal: 0,
            heading_path: Vec::new(),
            text: String::new(),
            token_count: 1,
            place: Place::default(),
        };
        StoredChunk { chunk, collection: Collection::new("help").unwrap(), title: String::new(), url: None }
    }

    fn ranked(documents: &[&str], right: &[&str]) -> Option<u32> {
        let chunks: Vec<StoredChunk> = documents.iter().map(|d| chunk(d)).collect();
        rank(&chunks, &right.iter().map(|&r| r.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn several_chunks_of_a_document_take_one_place() {
        assert_eq!(ranked(&["a", "a", "b", "a", "c"], &["c"]), Some(3));
        assert_eq!(ranked(&["a", "b", "c"], &["c", "b"]), Some(2));
        assert_eq!(ranked(&["a"], &["b"]), None);
    }

    #[test]
    fn what_stands_behind_the_tenth_is_not_found() {
        let names: Vec<String> = (0..12).map(|n| format!("d{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(ranked(&names, &["d9"]), Some(10));
        assert_eq!(ranked(&names, &["d10"]), None);
    }

    #[tokio::test]
    async fn every_method_is_asked_every_question_and_progress_is_told() {
        let store = StoreId::new("shop").unwrap();
        let passage = |id, text| Passage { id, title: id, url: None, text };
        let passages = [passage("p0", "담요는 찬물에 빱니다."), passage("p1", "배송비는 3,000원입니다.")];
        let retriever = retriever_over(&store, &passages).await;
        let scope = Scope { store, collections: Vec::new() };
        let comparing = Comparing::new(retriever, Arc::new(ManualClock::new()), scope);
        let asked = ["p0", "p1"].map(|right| Asked::alone("q".to_owned(), "배송비는?", vec![right.to_owned()]));
        let mut told = 0;
        let comparison = comparing.run(&asked, || told += 1).await.unwrap();
        assert_eq!((comparison.questions, told), (2, 2));
        let methods: Vec<Method> = comparison.methods.iter().map(|figures| figures.method).collect();
        assert_eq!(methods, Method::ALL);
        let near = |figure: f64, expected: f64| (figure - expected).abs() < 1e-9;
        // By keywords nothing leads to p0; to the vectors both are equally near, p0 first.
        assert!(near(comparison.methods[0].mrr_at_10, 0.5), "{comparison:?}");
        assert!(near(comparison.methods[1].mrr_at_10, 0.75), "{comparison:?}");
    }

    #[test]
    fn figures_are_means_over_all_questions() {
        let found = [(Some(1), 9), (Some(2), 1), (Some(8), 5), (None, 3)].map(|(rank, micros)| Found { rank, micros });
        let figures = MethodFigures::of(Method::Vector, &found);
        let near = |figure: f64, expected: f64| (figure - expected).abs() < 1e-9;
        assert!(near(figures.recall_at_1, 0.25) && near(figures.recall_at_5, 0.5), "{figures:?}");
        assert!(near(figures.mrr_at_10, (1.0 + 0.5 + 0.125) / 4.0), "{figures:?}");
        assert_eq!(figures.median_micros, 5);
        assert!(near(MethodFigures::of(Method::Vector, &[]).mrr_at_10, 0.0));
    }

    #[test]
    fn the_table_has_a_line_for_each_method() {
        let figures = |method| MethodFigures::of(method, &[Found { rank: Some(2), micros: 1500 }]);
        let comparison = Comparison { questions: 1, methods: Method::ALL.map(figures).to_vec() };
        let expected = "\
method       questions     R@1     R@5  MRR@10  median ms
keyword              1   0.000   1.000   0.500        1.5
vector               1   0.000   1.000   0.500        1.5
hybrid               1   0.000   1.000   0.500        1.5
";
        assert_eq!(comparison.table(), expected);
    }

    #[test]
    fn figures_have_the_names_of_the_report() {
        let figures = MethodFigures::of(Method::Hybrid, &[Found { rank: Some(1), micros: 7 }]);
        let expected = r#"{"method":"hybrid","recallAt1":1.0,"recallAt5":1.0,"mrrAt10":1.0,"medianMicros":7}"#;
        assert_eq!(serde_json::to_string(&figures).unwrap(), expected);
    }
}
