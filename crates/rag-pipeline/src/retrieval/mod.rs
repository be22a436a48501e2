//! Finding the chunks that can answer a question, and knowing when none can.

mod concepts;
mod fusion;
mod grounding;
mod method;
mod rerank;

use std::sync::Arc;

use futures::future::try_join3;
use kernel::{ChunkId, RepositoryError, error_chain};

use crate::cues::AnswerKind;
use crate::matching::Matchable;
use crate::model::{Concept, Scope, ScoredChunk, StoredChunk, TermWeight};
use crate::ports::{DocumentRepository, Embedder, KeywordIndex, VectorStore};
use concepts::{Analysis, analyse};

pub use method::{Method, RankError};

/// Candidates asked of each index.
const CANDIDATES: usize = 50;
/// Fused candidates that are read closely.
const READ_CLOSELY: usize = 45;
/// At most this many hits of one document among those returned: the answer may be in the next one.
const PER_DOCUMENT: usize = 3;
/// Fusion weights: the question's own terms, its synonyms and context, its vector.
const OWN: f32 = 1.0;
const RELATED: f32 = 0.7;
const VECTOR: f32 = 0.6;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// A question that stands alone.
    pub text: String,
    /// What was spoken of before; weighs less than the question. Empty when nothing was.
    pub context: String,
}

impl From<&str> for Query {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), context: String::new() }
    }
}

/// A chunk that was found, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The chunk.
    pub chunk: StoredChunk,
    /// How well it fits, 0 to 1.
    pub score: f32,
    /// Its place in the keyword index's list, from 1.
    pub keyword_rank: Option<u32>,
    /// Its place in the vector index's list, from 1.
    pub vector_rank: Option<u32>,
    /// The question's words that were found in it or in its headings.
    pub matched_terms: Vec<String>,
    /// The share of the question's own concepts it has, by weight, 0 to 1.
    pub coverage: f32,
    /// The same within its best sentence or row.
    pub focus: f32,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Retrieved {
    /// Best first. Filled even when not grounded: a search page shows them, an answer must not use them.
    pub hits: Vec<Hit>,
    /// The question's terms with their inverse document frequencies.
    pub terms: Vec<TermWeight>,
    /// The question's concepts.
    pub concepts: Vec<Concept>,
    /// Whether the hits can answer the question, as far as its words tell.
    pub grounded: bool,
    /// Whether the embedder or the vector store failed, so that only words were searched.
    pub keyword_only: bool,
}

/// Finds chunks by words and by vectors, fuses both rankings and reads the best closely.
#[derive(Clone)]
pub struct Retriever {
    documents: Arc<dyn DocumentRepository>,
    keywords: Arc<dyn KeywordIndex>,
    vectors: Arc<dyn VectorStore>,
    embedder: Arc<dyn Embedder>,
}

impl Retriever {
    /// A retriever over one storage.
    pub fn new(
        documents: Arc<dyn DocumentRepository>,
        keywords: Arc<dyn KeywordIndex>,
        vectors: Arc<dyn VectorStore>,
        embedder: Arc<dyn Embedder>,
    ) -> Self {
        Self { documents, keywords, vectors, embedder }
    }

    /// The at most `limit` chunks of the scope that fit the question best.
    ///
    /// # Errors
    /// When the keyword index or the repository fails. A failing embedder or vector store only narrows the search to words.
    pub async fn retrieve(&self, scope: &Scope, query: &Query, limit: usize) -> Result<Retrieved, RepositoryError> {
        let mut analysis = analyse(self.keywords.as_ref(), scope, &query.text, &query.context).await?;
        let own: Vec<String> = analysis.terms.iter().map(|t| t.term.clone()).collect();
        let related = related_terms(&analysis.concepts, &own);
        let (by_own, by_related, by_vector) = try_join3(
            self.keywords.search(scope, &own, CANDIDATES),
            self.keywords.search(scope, &related, CANDIDATES),
            self.by_vector(scope, query),
        )
        .await?;
        let keyword_only = by_vector.is_none();
        let by_vector = by_vector.unwrap_or_default();
        let mut fused = fusion::fuse(&[(&by_own, OWN), (&by_related, RELATED), (&by_vector, VECTOR)]);
        fused.truncate(READ_CLOSELY);
        let ids: Vec<ChunkId> = fused.iter().map(|(id, _)| *id).collect();
        let chunks = self.documents.chunks(&scope.store, &ids).await?;
        let texts: Vec<Matchable> = chunks
            .iter()
            .map(|c| Matchable::new(&format!("{}\n{}\n{}", c.title, c.chunk.heading_path.join("\n"), c.chunk.text)))
            .collect();
        analysis.verify(
            |spelling| texts.iter().any(|t| t.begins_word(spelling)),
            |word| texts.iter().any(|t| t.has_within_word(word)),
        );
        let kinds = AnswerKind::asked_by(&query.text);
        let rank = |list: &[ScoredChunk], id| list.iter().position(|h| h.chunk == id).map(|r| r as u32 + 1);
        let hits: Vec<Hit> = chunks
            .into_iter()
            .map(|chunk| {
                let id = chunk.chunk.id;
                let fused = fused.iter().find(|(f, _)| *f == id).map_or(0.0, |(_, score)| *score);
                let fit = rerank::fit(&analysis.concepts, &kinds, &chunk, fused);
                Hit {
                    score: fit.score,
                    coverage: fit.coverage,
                    focus: fit.focus,
                    keyword_rank: rank(&by_own, id),
                    vector_rank: rank(&by_vector, id),
                    matched_terms: matched(&analysis.concepts, &chunk),
                    chunk,
                }
            })
            .collect();
        Ok(decide(analysis, &kinds, hits, limit, keyword_only))
    }

    /// The vector store's list, or `None` when only words can be searched.
    async fn by_vector(&self, scope: &Scope, query: &Query) -> Result<Option<Vec<ScoredChunk>>, RepositoryError> {
        match self.nearest(scope, &query.text).await {
            Ok(hits) => Ok(Some(hits)),
            Err(error) => {
                let (embedder, store) = (self.embedder.name(), self.vectors.name());
                tracing::warn!(error = error_chain(&error), embedder, store, "searching by keywords only");
                Ok(None)
            }
        }
    }
}

/// Terms of synonyms and of earlier turns that the question itself does not have.
fn related_terms(concepts: &[Concept], own: &[String]) -> Vec<String> {
    let mut related: Vec<String> = Vec::new();
    for concept in concepts {
        let words = concept.synonyms.iter().chain(concept.inherited.then_some(&concept.word));
        for term in words.filter(|w| w.chars().count() > 1).flat_map(|w| korean_text::index_terms(w)) {
            if !own.contains(&term) && !related.contains(&term) {
                related.push(term);
            }
        }
    }
    related
}

fn matched(concepts: &[Concept], stored: &StoredChunk) -> Vec<String> {
    let headings = stored.chunk.heading_path.join("\n");
    let all = Matchable::new(&format!("{}\n{headings}\n{}", stored.title, stored.chunk.text));
    concepts.iter().filter(|c| all.strength(c) >= 0.5).map(|c| c.word.clone()).collect()
}

fn decide(analysis: Analysis, kinds: &[AnswerKind], mut hits: Vec<Hit>, limit: usize, keyword_only: bool) -> Retrieved {
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.chunk.chunk.id.cmp(&b.chunk.chunk.id)));
    let grounded = grounding::is_grounded(&analysis.concepts, kinds, &hits);
    let mut kept: Vec<Hit> = Vec::new();
    for hit in hits {
        let same = kept.iter().filter(|k| k.chunk.document() == hit.chunk.document()).count();
        if same < PER_DOCUMENT && kept.len() < limit {
            kept.push(hit);
        }
    }
    Retrieved { hits: kept, terms: analysis.terms, concepts: analysis.concepts, grounded, keyword_only }
}
