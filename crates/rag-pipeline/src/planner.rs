//! From a question in a conversation to what a model is asked.

use std::sync::Arc;

use kernel::{DocumentId, RepositoryError};

use crate::followup::{FollowUp, RewriteReason, Rewritten};
use crate::model::{ChatRequest, Collection, Passage, PastTurn, Scope};
use crate::retrieval::{Hit, Query, Retriever};

/// How many passages a model is given unless told otherwise.
const PASSAGES: usize = 6;
/// A passage that fits less than this share of the best one's score is left out.
const RELATIVE: f32 = 0.45;

/// A question in its conversation.
#[derive(Debug, Clone)]
pub struct PlanInput {
    /// Where to look.
    pub scope: Scope,
    /// The store's instructions for its assistant.
    pub instructions: String,
    /// The conversation so far, oldest first.
    pub history: Vec<PastTurn>,
    /// Titles of the documents that the last answers cited, newest first.
    pub cited_titles: Vec<String>,
    /// What the customer wrote.
    pub question: String,
}

/// A document passage an answer may cite.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The number of its marker: `[1]` is 1.
    pub number: u32,
    /// The document.
    pub document: DocumentId,
    /// The document's collection.
    pub collection: Collection,
    /// The document's title.
    pub title: String,
    /// The headings above the passage.
    pub heading_path: Vec<String>,
    /// How well it fits, 0 to 1.
    pub score: f32,
    /// The passage.
    pub content: String,
    /// Where the document can be read.
    pub url: Option<String>,
}

/// Everything needed to answer, and to show where the answer came from.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the model is asked.
    pub request: ChatRequest,
    /// The passages of the request as sources, in the order of their numbers.
    pub sources: Vec<Source>,
    /// How the question was made to stand alone.
    pub rewritten: Rewritten,
    /// What was searched for.
    pub query: Query,
    /// All that was found, best first, also when it was not enough to answer from.
    pub hits: Vec<Hit>,
    /// Whether passages were given to the model.
    pub grounded: bool,
    /// Whether the embedder failed, so that only words were searched.
    pub keyword_only: bool,
}

/// Rewrites, retrieves, and builds the request: what chat and evaluation share.
#[derive(Clone)]
pub struct AnswerPlanner {
    retriever: Arc<Retriever>,
    passages: usize,
}

impl AnswerPlanner {
    /// A planner over one retriever that gives a model at most six passages.
    pub fn new(retriever: Arc<Retriever>) -> Self {
        Self { retriever, passages: PASSAGES }
    }

    /// The same, giving a model at most `passages` passages.
    #[must_use]
    pub fn with_passages(self, passages: usize) -> Self {
        Self { passages, ..self }
    }

    /// Plans the answer to a question. When nothing relevant is found the request has no passages,
    /// and models say that they do not know.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn plan(&self, input: PlanInput) -> Result<Plan, RepositoryError> {
        let follow_up =
            FollowUp { question: &input.question, history: &input.history, cited_titles: &input.cited_titles };
        let rewritten = follow_up.rewrite();
        let query = query(&input.question, &rewritten);
        let found = self.retriever.retrieve(&input.scope, &query, self.passages).await?;
        let sources = if found.grounded { sources(&found.hits) } else { Vec::new() };
        let passages = sources.iter().map(|source| Passage {
            number: source.number,
            title: source.title.clone(),
            heading_path: source.heading_path.clone(),
            text: source.content.clone(),
            score: source.score,
        });
        Ok(Plan {
            request: ChatRequest {
                instructions: input.instructions,
                history: input.history,
                question: input.question,
                standalone: rewritten.standalone.clone(),
                passages: passages.collect(),
                terms: found.terms,
                concepts: found.concepts,
            },
            grounded: !sources.is_empty(),
            sources,
            rewritten,
            query,
            hits: found.hits,
            keyword_only: found.keyword_only,
        })
    }
}

/// What to search by. The few words of an elliptic question are what is new in it: they must
/// outweigh the topic that was put before them.
fn query(question: &str, rewritten: &Rewritten) -> Query {
    match rewritten.reason {
        Some(RewriteReason::Elliptic) => {
            Query { text: question.to_owned(), context: format!("{}\n{}", rewritten.standalone, rewritten.context) }
        }
        _ => Query { text: rewritten.standalone.clone(), context: rewritten.context.clone() },
    }
}

/// Hits as numbered sources; neighbours of one section become one passage in reading order.
fn sources(hits: &[Hit]) -> Vec<Source> {
    let best = hits.first().map_or(0.0, |h| h.score);
    let mut groups: Vec<Vec<&Hit>> = Vec::new();
    for hit in hits.iter().filter(|h| h.score >= best * RELATIVE) {
        match groups.iter_mut().find(|group| group.iter().any(|other| adjoin(other, hit))) {
            Some(group) => group.push(hit),
            None => groups.push(vec![hit]),
        }
    }
    let numbered = groups.into_iter().zip(1..).map(|(mut group, number)| {
        let first = group[0];
        let score = first.score;
        group.sort_by_key(|h| h.chunk.chunk.ordinal);
        Source {
            number,
            document: first.chunk.document().clone(),
            collection: first.chunk.collection.clone(),
            title: first.chunk.title.clone(),
            heading_path: first.chunk.chunk.heading_path.clone(),
            score: score.clamp(0.0, 1.0),
            content: group.iter().map(|h| h.chunk.chunk.text.as_str()).collect::<Vec<_>>().join("\n\n"),
            url: first.chunk.url.clone(),
        }
    });
    numbered.collect()
}

fn adjoin(a: &Hit, b: &Hit) -> bool {
    let (a, b) = (&a.chunk.chunk, &b.chunk.chunk);
    a.document == b.document && a.heading_path == b.heading_path && a.ordinal.abs_diff(b.ordinal) == 1
}
