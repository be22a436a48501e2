use std::sync::Arc;

use futures::StreamExt;
use kernel::{Clock, RepositoryError};

use super::{Case, CaseResult, contains_fact};
use crate::model::{AnswerDelta, ChatRequest, FinishReason, ModelError, PastTurn, Scope, TokenUsage};
use crate::planner::{AnswerPlanner, Plan, PlanInput};
use crate::ports::ChatModel;
use crate::retrieval::RankError;

/// Why an evaluation stopped.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The storage failed.
    #[error("retrieval failed for case \"{case}\"")]
    Retrieval {
        /// The case.
        case: String,
        /// The storage's error.
        #[source]
        source: RepositoryError,
    },
    /// The model failed.
    #[error("the model failed for case \"{case}\"")]
    Model {
        /// The case.
        case: String,
        /// The model's error.
        #[source]
        source: ModelError,
    },
    /// One method of retrieval failed.
    #[error("retrieval by {method} failed for \"{case}\"")]
    Ranking {
        /// The case.
        case: String,
        /// The method.
        method: &'static str,
        /// What failed.
        #[source]
        source: RankError,
    },
}

/// Runs cases through the pipeline that serves customers.
pub struct Evaluation {
    planner: AnswerPlanner,
    model: Arc<dyn ChatModel>,
    clock: Arc<dyn Clock>,
    scope: Scope,
    instructions: String,
}

impl Evaluation {
    /// An evaluation over one scope.
    pub fn new(
        planner: AnswerPlanner,
        model: Arc<dyn ChatModel>,
        clock: Arc<dyn Clock>,
        scope: Scope,
        instructions: String,
    ) -> Self {
        Self { planner, model, clock, scope, instructions }
    }

    /// Runs the cases in order, calling `progress` after each.
    ///
    /// # Errors
    /// [`EvalError`] names the case at which storage or model failed.
    pub async fn run(
        &self,
        cases: &[Case],
        mut progress: impl FnMut(&CaseResult) + Send,
    ) -> Result<Vec<CaseResult>, EvalError> {
        let mut results = Vec::with_capacity(cases.len());
        for case in cases {
            let result = self.case(case).await?;
            progress(&result);
            results.push(result);
        }
        Ok(results)
    }

    /// Runs one case: the earlier questions first, each answered in its turn, then the question.
    async fn case(&self, case: &Case) -> Result<CaseResult, EvalError> {
        let mut history: Vec<PastTurn> = Vec::new();
        let mut cited: Vec<String> = Vec::new();
        for question in &case.history {
            let (plan, answer, _) = self.turn(case, question, &history, &cited).await?;
            let mut titles = cited_titles(&plan, &answer);
            titles.extend(cited.into_iter().filter(|t| !titles.contains(t)).collect::<Vec<_>>());
            cited = titles;
            history.push(PastTurn { question: question.clone(), answer });
        }
        let began = self.clock.now();
        let (plan, answer, reason) = self.turn(case, &case.question, &history, &cited).await?;
        let right = |hit: &crate::retrieval::Hit| case.document.iter().any(|d| d == hit.chunk.document().as_str());
        Ok(CaseResult {
            id: case.id.clone(),
            kind: case.kind,
            split: case.split,
            standalone: plan.rewritten.standalone.clone(),
            query: plan.query.clone(),
            rank: plan.hits.iter().position(right).map(|at| at as u32 + 1),
            facts: case.facts.len() as u32,
            facts_found: case.facts.iter().filter(|fact| contains_fact(&answer, fact)).count() as u32,
            refused: reason == FinishReason::NoGrounding,
            answer,
            micros: self.clock.now().since(began).as_micros() as u64,
        })
    }

    async fn turn(
        &self,
        case: &Case,
        question: &str,
        history: &[PastTurn],
        cited_titles: &[String],
    ) -> Result<(Plan, String, FinishReason), EvalError> {
        let input = PlanInput {
            scope: self.scope.clone(),
            instructions: self.instructions.clone(),
            history: history.to_vec(),
            cited_titles: cited_titles.to_vec(),
            question: question.to_owned(),
        };
        let failed = |source| EvalError::Retrieval { case: case.id.clone(), source };
        let plan = self.planner.plan(input).await.map_err(failed)?;
        let answered = collect_answer(self.model.as_ref(), plan.request.clone()).await;
        let (answer, _, reason) = answered.map_err(|source| EvalError::Model { case: case.id.clone(), source })?;
        Ok((plan, answer, reason))
    }
}

/// Titles of the passages whose markers the answer has, in the order of first citation; without
/// any marker, none.
fn cited_titles(plan: &Plan, answer: &str) -> Vec<String> {
    let mut cited: Vec<(usize, &String)> = plan
        .sources
        .iter()
        .filter_map(|source| answer.find(&format!("[{}]", source.number)).map(|at| (at, &source.title)))
        .collect();
    cited.sort_unstable();
    let mut titles: Vec<String> = Vec::new();
    for (_, title) in cited {
        if !titles.contains(title) {
            titles.push(title.clone());
        }
    }
    titles
}

/// Reads a model's answer to its end.
///
/// # Errors
/// The model's error; one that broke off without finishing is [`ModelError::Transient`].
pub async fn collect_answer(
    model: &dyn ChatModel,
    request: ChatRequest,
) -> Result<(String, TokenUsage, FinishReason), ModelError> {
    let mut stream = model.answer(request).await?;
    let mut answer = String::new();
    while let Some(delta) = stream.next().await {
        match delta? {
            AnswerDelta::Text(text) => answer.push_str(&text),
            AnswerDelta::Finished { usage, reason } => return Ok((answer, usage, reason)),
        }
    }
    Err(ModelError::Transient { message: "the answer broke off".to_owned(), retry_after: None })
}
