use async_trait::async_trait;
use kernel::RepositoryError;

use crate::model::{Scope, ScoredChunk, TermStatistics};

/// Finds chunks by index terms (BM25), best first, ties by chunk id.
///
/// Terms are what [`korean_text::index_terms`] makes; an adapter never splits text itself, and no
/// term can be mistaken for query syntax.
#[async_trait]
pub trait KeywordIndex: Send + Sync {
    /// Chunks of the scope that have at least one of `terms`, at most `limit`. No terms, no hits.
    async fn search(&self, scope: &Scope, terms: &[String], limit: usize) -> Result<Vec<ScoredChunk>, RepositoryError>;

    /// How many chunks have each term. Counts may be taken over the whole index (all stores): they
    /// weigh terms and are shown to nobody.
    async fn statistics(&self, scope: &Scope, terms: &[String]) -> Result<TermStatistics, RepositoryError>;
}
