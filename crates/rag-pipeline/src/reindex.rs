//! Embedding collections anew, with another embedder or for another vector store, while they are searched.

use std::sync::Arc;

use kernel::{Clock, PageLimit, RepositoryError, StoreId, Timestamp};

use crate::ingest::heading_text;
use crate::model::{Chunk, Collection, CollectionInfo, Document, ModelError, VectorError, VectorPoint};
use crate::ports::{CollectionRepository, DocumentRepository, Embedder, VectorStore};

/// Chunks that are embedded and stored at once.
const BATCH: usize = 32;
/// How often a collection whose documents change meanwhile is gone through before this is given up.
const ROUNDS: usize = 20;

/// Why a collection was not embedded anew.
#[derive(Debug, thiserror::Error)]
pub enum ReindexError {
    /// The storage failed.
    #[error("the documents cannot be read or written")]
    Storage(#[from] RepositoryError),
    /// The embedder failed.
    #[error("the chunks cannot be embedded")]
    Embed(#[from] ModelError),
    /// The vector store failed.
    #[error("the vectors cannot be stored")]
    Vectors(#[from] VectorError),
    /// Its documents changed faster than they could be embedded.
    #[error("the documents of {0} change faster than they can be embedded; try again when fewer are taken in")]
    Restless(String),
}

/// What was done to a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reindexed {
    /// Documents that were embedded, again where they changed meanwhile.
    pub documents: u64,
    /// Their chunks.
    pub chunks: u64,
}

/// Embeds collections anew.
#[derive(Clone)]
pub struct Reindexer {
    documents: Arc<dyn DocumentRepository>,
    collections: Arc<dyn CollectionRepository>,
    embedder: Arc<dyn Embedder>,
    vectors: Arc<dyn VectorStore>,
    clock: Arc<dyn Clock>,
}

impl Reindexer {
    /// One that embeds with `embedder` and keeps the vectors in `vectors`.
    pub fn new(
        documents: Arc<dyn DocumentRepository>,
        collections: Arc<dyn CollectionRepository>,
        embedder: Arc<dyn Embedder>,
        vectors: Arc<dyn VectorStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { documents, collections, embedder, vectors, clock }
    }

    /// The collections that are embedded otherwise, or elsewhere, than this would; with `all`, those that are not, too: a
    /// vector store may have lost what it had.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn outdated(
        &self,
        store: Option<&StoreId>,
        collection: Option<&Collection>,
        all: bool,
    ) -> Result<Vec<CollectionInfo>, ReindexError> {
        let mut outdated = Vec::new();
        for of in self.collections.stores().await? {
            if store.is_some_and(|store| *store != of) {
                continue;
            }
            let infos = self.collections.list(&of).await?;
            let named = |info: &CollectionInfo| collection.is_none_or(|collection| info.name == *collection);
            let other = |info: &CollectionInfo| {
                all || info.embedding != self.embedder.spec() || info.vector_store != self.vectors.name()
            };
            outdated.extend(infos.into_iter().filter(|info| named(info) && other(info)));
        }
        Ok(outdated)
    }

    /// Embeds a collection anew, telling `progress` how many chunks were done; at the end it goes over at once. Searches find
    /// what they found until then, and what it had is removed afterwards. Broken off, it begins again, and doubles nothing.
    ///
    /// # Errors
    /// [`ReindexError`]: the collection is as it was.
    pub async fn reindex(
        &self,
        info: &CollectionInfo,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<Reindexed, ReindexError> {
        self.vectors.prepare(&self.embedder.spec()).await?;
        let new = CollectionInfo {
            embedding: self.embedder.spec(),
            vector_store: self.vectors.name().to_owned(),
            ..info.clone()
        };
        let mut done = Reindexed::default();
        let mut changed_after: Option<Timestamp> = None;
        for _ in 0..ROUNDS {
            let newest = self.round(info, changed_after, &mut done, &mut progress).await?;
            let newest = newest.or(changed_after).unwrap_or_else(|| self.clock.now());
            if self.collections.switch(&new, newest, self.clock.now()).await? {
                return Ok(done);
            }
            changed_after = Some(newest);
        }
        Err(ReindexError::Restless(info.name.as_str().to_owned()))
    }

    /// Embeds the documents that changed after a time; when the newest of those it saw changed.
    async fn round(
        &self,
        info: &CollectionInfo,
        changed_after: Option<Timestamp>,
        done: &mut Reindexed,
        progress: &mut (impl FnMut(u64) + Send),
    ) -> Result<Option<Timestamp>, ReindexError> {
        let (mut after, mut newest) = (None, None);
        loop {
            let page = self.documents.page(&info.store, Some(&info.name), after.as_ref(), PageLimit::DEFAULT).await?;
            for document in page.items {
                newest = newest.max(Some(document.updated_at));
                if changed_after.is_none_or(|time| document.updated_at > time) {
                    done.documents += 1;
                    done.chunks += self.document(&document, progress).await?;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(newest);
            }
        }
    }

    async fn document(
        &self,
        document: &Document,
        progress: &mut (impl FnMut(u64) + Send),
    ) -> Result<u64, ReindexError> {
        let (mut from, mut all) = (0, 0);
        loop {
            let chunks = self.documents.chunks_of(&document.store, &document.id, from, BATCH).await?;
            let Some(last) = chunks.last() else { return Ok(all) };
            from = last.ordinal + 1;
            all += chunks.len() as u64;
            self.embed(document, &chunks).await?;
            progress(chunks.len() as u64);
        }
    }

    async fn embed(&self, document: &Document, chunks: &[Chunk]) -> Result<(), ReindexError> {
        let text = |chunk: &Chunk| heading_text(&document.title, &chunk.heading_path, &chunk.text);
        let texts: Vec<String> = chunks.iter().map(text).collect();
        let vectors = self.embedder.embed(&texts).await?;
        if vectors.len() != chunks.len() {
            return Err(ModelError::Permanent(format!("{} answered too few vectors", self.embedder.name())).into());
        }
        let points = chunks.iter().zip(vectors).filter(|(_, vector)| vector.iter().any(|x| *x != 0.0));
        let points: Vec<VectorPoint> = points
            .map(|(chunk, vector)| VectorPoint {
                chunk: chunk.id,
                document: document.id.clone(),
                collection: document.collection.clone(),
                vector,
            })
            .collect();
        Ok(self.vectors.upsert(&self.embedder.spec(), &document.store, &points).await?)
    }
}
