//! Ranking by one method alone, to tell what each is worth.

use kernel::{ChunkId, RepositoryError};
use serde::Serialize;

use super::concepts::analyse;
use super::{CANDIDATES, Query, Retriever};
use crate::model::{ModelError, Scope, ScoredChunk, StoredChunk, VectorError};

/// What chunks are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// The keyword index's list for the question's own terms (BM25), as it comes.
    Keyword,
    /// The vector store's list for the question's embedding (cosine), as it comes.
    Vector,
    /// Both lists and that of related terms, fused, and the best read closely: what customers get.
    Hybrid,
}

impl Method {
    /// Every method, the one that customers get last.
    pub const ALL: [Self; 3] = [Self::Keyword, Self::Vector, Self::Hybrid];

    /// Its name: `keyword`, `vector`, `hybrid`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Vector => "vector",
            Self::Hybrid => "hybrid",
        }
    }
}

/// Why chunks could not be ranked.
#[derive(Debug, thiserror::Error)]
pub enum RankError {
    /// The keyword index or the repository failed.
    #[error("the storage cannot be searched")]
    Storage(#[from] RepositoryError),
    /// The question could not be embedded.
    #[error("the question cannot be embedded")]
    Embedding(#[from] ModelError),
    /// The vector store failed.
    #[error("vectors cannot be searched")]
    Vectors(#[from] VectorError),
}

impl Retriever {
    /// The at most `limit` chunks that one method ranks first, best first. The lists of the indexes have at most
    /// 50 chunks, and take no notice of the query's context.
    ///
    /// # Errors
    /// When what the method needs fails: unlike [`Self::retrieve`], this never goes on without the vectors it was
    /// asked to rank by.
    pub async fn rank(
        &self,
        scope: &Scope,
        query: &Query,
        method: Method,
        limit: usize,
    ) -> Result<Vec<StoredChunk>, RankError> {
        let list = match method {
            Method::Keyword => self.by_keyword(scope, &query.text).await?,
            Method::Vector => self.nearest(scope, &query.text).await?,
            Method::Hybrid => {
                let found = self.retrieve(scope, query, limit).await?;
                return Ok(found.hits.into_iter().map(|hit| hit.chunk).collect());
            }
        };
        let ids: Vec<ChunkId> = list.iter().take(limit).map(|hit| hit.chunk).collect();
        Ok(self.documents.chunks(&scope.store, &ids).await?)
    }

    async fn by_keyword(&self, scope: &Scope, text: &str) -> Result<Vec<ScoredChunk>, RepositoryError> {
        let analysis = analyse(self.keywords.as_ref(), scope, text, "").await?;
        let own: Vec<String> = analysis.terms.into_iter().map(|t| t.term).collect();
        self.keywords.search(scope, &own, CANDIDATES).await
    }

    /// The chunks whose vectors are nearest to a text's.
    pub(super) async fn nearest(&self, scope: &Scope, text: &str) -> Result<Vec<ScoredChunk>, RankError> {
        let vectors = self.embedder.embed(&[text.to_owned()]).await?;
        let Some(vector) = vectors.first() else {
            return Err(ModelError::Permanent("it made no vector of a question".to_owned()).into());
        };
        Ok(self.vectors.search(&self.embedder.spec(), scope, vector, CANDIDATES).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::StoreId;

    use super::*;
    use crate::ports::MockEmbedder;
    use crate::testing::{Passage, retriever_over};

    const PASSAGES: [Passage<'_>; 3] = [
        Passage { id: "blanket", title: "담요", url: None, text: "담요는 찬물에 빱니다." },
        Passage { id: "refund", title: "환불", url: None, text: "환불은 사흘 걸립니다." },
        Passage { id: "shipping", title: "배송", url: None, text: "배송비는 3,000원입니다." },
    ];

    async fn ranked(retriever: &Retriever, method: Method, limit: usize) -> Result<Vec<String>, RankError> {
        let scope = Scope { store: StoreId::new("shop").unwrap(), collections: Vec::new() };
        let chunks = retriever.rank(&scope, &Query::from("배송비는 얼마인가요?"), method, limit).await?;
        Ok(chunks.iter().map(|chunk| chunk.document().as_str().to_owned()).collect())
    }

    #[tokio::test]
    async fn each_method_ranks_by_its_own_list() {
        let retriever = retriever_over(&StoreId::new("shop").unwrap(), &PASSAGES).await;
        assert_eq!(ranked(&retriever, Method::Keyword, 9).await.unwrap(), ["shipping"]);
        // All are equally near: the list is in the order of the chunks' ids.
        assert_eq!(ranked(&retriever, Method::Vector, 9).await.unwrap(), ["blanket", "refund", "shipping"]);
        assert_eq!(ranked(&retriever, Method::Vector, 2).await.unwrap(), ["blanket", "refund"]);
        let both = ranked(&retriever, Method::Hybrid, 9).await.unwrap();
        assert_eq!((both[0].as_str(), both.len()), ("shipping", 3));
    }

    #[tokio::test]
    async fn a_method_whose_part_fails_says_so_and_hybrid_goes_on_without_it() {
        let mut embedder = MockEmbedder::new();
        embedder.expect_name().return_const("broken".to_owned());
        embedder.expect_embed().returning(|_| Err(ModelError::Permanent("no key".to_owned())));
        let retriever = retriever_over(&StoreId::new("shop").unwrap(), &PASSAGES).await;
        let retriever = Retriever { embedder: Arc::new(embedder), ..retriever };
        let error = ranked(&retriever, Method::Vector, 9).await.unwrap_err();
        assert!(matches!(error, RankError::Embedding(ModelError::Permanent(_))), "{error:?}");
        assert_eq!(ranked(&retriever, Method::Keyword, 9).await.unwrap(), ["shipping"]);
        assert_eq!(ranked(&retriever, Method::Hybrid, 9).await.unwrap(), ["shipping"]);
    }
}
