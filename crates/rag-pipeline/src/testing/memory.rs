use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kernel::{ChunkId, DocumentId, Page, PageLimit, RepositoryError, StoreId, Timestamp};
use uuid::Uuid;

use super::MemoryTasks;
use crate::model::{
    Chunk, Collection, CollectionInfo, Document, DocumentStatus, DocumentVersion, IndexedChunk, Scope, ScoredChunk,
    StoredChunk, TaskFailure, TermStatistics, VectorRemoval,
};
use crate::ports::{CollectionRepository, DocumentRepository, KeywordIndex, VectorRemovals};

/// BM25's saturation and length normalisation: those of SQLite's FTS5.
const K1: f64 = 1.2;
const B: f64 = 0.75;
/// What an occurrence in the headings weighs against one in the text.
const HEADING_WEIGHT: f64 = 2.0;

type Key = (StoreId, DocumentId);

/// Documents in memory, searched exactly: the reference the other storages are compared with.
///
/// Its BM25 is that of FTS5's `bm25(table, 2.0, 1.0)` over the columns headings and text: weighted
/// term counts, lengths over both columns, statistics over all stores.
#[derive(Debug, Default)]
pub struct MemoryDocuments {
    state: Mutex<State>,
    tasks: MemoryTasks,
}

#[derive(Debug, Default)]
struct State {
    documents: BTreeMap<Key, (Document, Vec<Entry>)>,
    texts: HashMap<Key, String>,
    /// How many chunks have each term.
    frequencies: HashMap<String, u64>,
    collections: BTreeMap<(StoreId, Collection), CollectionInfo>,
    removals: BTreeMap<Uuid, VectorRemoval>,
    /// Plans made here, for ids of further ones.
    planned: u128,
}

impl State {
    fn remove(&mut self, key: &Key) -> Option<Document> {
        let (document, chunks) = self.documents.remove(key)?;
        for term in chunks.iter().flat_map(|c| c.counts.keys()) {
            if let Some(count) = self.frequencies.get_mut(term) {
                *count -= 1;
            }
        }
        Some(document)
    }

    fn insert(&mut self, key: Key, document: Document, chunks: Vec<Entry>) {
        for term in chunks.iter().flat_map(|c| c.counts.keys()) {
            *self.frequencies.entry(term.clone()).or_default() += 1;
        }
        self.documents.insert(key, (document, chunks));
    }

    /// Plans the removal of the vectors of chunks that were here.
    fn plan_removal(&mut self, before: &Document, chunks: &[Entry], at: Timestamp) {
        let key = (before.store.clone(), before.collection.clone());
        let (Some(embedding), Some(info)) = (&before.embedding, self.collections.get(&key)) else { return };
        if chunks.is_empty() {
            return;
        }
        self.planned += 1;
        let removal = VectorRemoval {
            id: Uuid::from_u128(u128::MAX - self.planned),
            store: before.store.clone(),
            vector_store: info.vector_store.clone(),
            embedding: embedding.clone(),
            chunks: chunks.iter().map(|entry| entry.indexed.chunk.id).collect(),
            due_at: at,
        };
        self.removals.insert(removal.id, removal);
    }

    fn take(&mut self, key: &Key, at: Timestamp) -> Option<Document> {
        let (document, chunks) = self.documents.get(key).cloned()?;
        self.plan_removal(&document, &chunks, at);
        self.remove(key)
    }

    fn chunks(&self) -> impl Iterator<Item = (&Document, &Entry)> {
        self.documents.values().flat_map(|(document, chunks)| chunks.iter().map(move |c| (document, c)))
    }

    fn having(&self, term: &str) -> u64 {
        self.frequencies.get(term).copied().unwrap_or(0)
    }
}

/// A chunk with its terms counted: in the headings, in the text.
#[derive(Debug, Clone)]
struct Entry {
    indexed: IndexedChunk,
    counts: HashMap<String, (u32, u32)>,
}

impl Entry {
    fn new(indexed: &IndexedChunk) -> Self {
        let mut counts: HashMap<String, (u32, u32)> = HashMap::new();
        for term in &indexed.heading_terms {
            counts.entry(term.clone()).or_default().0 += 1;
        }
        for term in &indexed.text_terms {
            counts.entry(term.clone()).or_default().1 += 1;
        }
        Self { indexed: indexed.clone(), counts }
    }

    fn has(&self, term: &str) -> bool {
        self.counts.contains_key(term)
    }

    fn frequency(&self, term: &str) -> f64 {
        self.counts.get(term).map_or(0.0, |(headings, text)| HEADING_WEIGHT * f64::from(*headings) + f64::from(*text))
    }

    fn length(&self) -> f64 {
        (self.indexed.heading_terms.len() + self.indexed.text_terms.len()) as f64
    }
}

impl MemoryDocuments {
    /// The queue whose tasks are completed with what is stored here.
    pub fn tasks(&self) -> MemoryTasks {
        self.tasks.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn has_nul(document: &Document, chunks: &[IndexedChunk]) -> bool {
    document.title.contains('\0') || chunks.iter().any(|c| c.chunk.text.contains('\0'))
}

#[async_trait]
impl DocumentRepository for MemoryDocuments {
    async fn find(&self, store: &StoreId, id: &DocumentId) -> Result<Option<Document>, RepositoryError> {
        Ok(self.lock().documents.get(&(store.clone(), id.clone())).map(|(document, _)| document.clone()))
    }

    async fn reserve(&self, document: &Document) -> Result<bool, RepositoryError> {
        let key = (document.store.clone(), document.id.clone());
        let mut state = self.lock();
        let fresh = !state.documents.contains_key(&key);
        if fresh {
            state.insert(key, document.clone(), Vec::new());
        }
        Ok(fresh)
    }

    async fn replace(&self, version: &DocumentVersion<'_>) -> Result<(), RepositoryError> {
        let DocumentVersion { document, chunks, .. } = *version;
        if has_nul(document, chunks) {
            return Err(RepositoryError::backend("text with NUL cannot be stored"));
        }
        let key = (document.store.clone(), document.id.clone());
        let mut state = self.lock();
        let ids: Vec<ChunkId> = chunks.iter().map(|c| c.chunk.id).collect();
        let others = state.chunks().filter(|(d, _)| (&d.store, &d.id) != (&document.store, &document.id));
        if others.into_iter().any(|(_, c)| ids.contains(&c.indexed.chunk.id)) {
            return Err(RepositoryError::Conflict);
        }
        let kept = state.collections.get(&(document.store.clone(), document.collection.clone()));
        if kept.is_some_and(|info| document.embedding.as_ref().is_some_and(|given| *given != info.embedding)) {
            return Err(RepositoryError::unavailable("the collection was embedded another way meanwhile"));
        }
        if let Some((claim, result)) = version.task
            && !self.tasks.complete_held(claim, result, document.updated_at)
        {
            return Err(RepositoryError::Stale);
        }
        let mut document = document.clone();
        if let Some(before) = state.take(&key, document.updated_at) {
            document.created_at = before.created_at;
        }
        if let Some(plan) = version.planned {
            state.removals.remove(&plan);
        }
        state.texts.insert(key.clone(), version.text.to_owned());
        state.insert(key, document, chunks.iter().map(Entry::new).collect());
        Ok(())
    }

    async fn fail(
        &self,
        store: &StoreId,
        id: &DocumentId,
        failure: &TaskFailure,
        at: Timestamp,
    ) -> Result<bool, RepositoryError> {
        let mut state = self.lock();
        let Some((document, _)) = state.documents.get_mut(&(store.clone(), id.clone())) else { return Ok(false) };
        document.status = DocumentStatus::Failed;
        document.failure = Some(failure.clone());
        document.updated_at = at;
        Ok(true)
    }

    async fn delete(&self, store: &StoreId, id: &DocumentId, at: Timestamp) -> Result<bool, RepositoryError> {
        let key = (store.clone(), id.clone());
        let mut state = self.lock();
        state.texts.remove(&key);
        Ok(state.take(&key, at).is_some())
    }

    async fn tidy(&self, _: Timestamp, _: usize) -> Result<u64, RepositoryError> {
        // Versions come and go at once here.
        Ok(0)
    }

    async fn page<'a>(
        &'a self,
        store: &'a StoreId,
        collection: Option<&'a Collection>,
        after: Option<&'a DocumentId>,
        limit: PageLimit,
    ) -> Result<Page<Document, DocumentId>, RepositoryError> {
        let state = self.lock();
        let listed = state.documents.values().map(|(document, _)| document).filter(|d| d.store == *store);
        let listed = listed.filter(|d| collection.is_none_or(|collection| d.collection == *collection));
        let listed = listed.filter(|d| after.is_none_or(|after| d.id > *after)).take(limit.get() + 1).cloned();
        Ok(Page::from_overfetch(listed.collect(), limit, |d| d.id.clone()))
    }

    async fn text(&self, store: &StoreId, id: &DocumentId) -> Result<Option<String>, RepositoryError> {
        Ok(self.lock().texts.get(&(store.clone(), id.clone())).cloned())
    }

    async fn chunks_of(
        &self,
        store: &StoreId,
        id: &DocumentId,
        from: u32,
        limit: usize,
    ) -> Result<Vec<Chunk>, RepositoryError> {
        let state = self.lock();
        let entries = state.documents.get(&(store.clone(), id.clone())).map(|(_, entries)| entries);
        let mut chunks: Vec<Chunk> = entries.into_iter().flatten().map(|entry| entry.indexed.chunk.clone()).collect();
        chunks.retain(|chunk| chunk.ordinal >= from);
        chunks.sort_by_key(|chunk| chunk.ordinal);
        chunks.truncate(limit);
        Ok(chunks)
    }

    async fn chunks(&self, store: &StoreId, ids: &[ChunkId]) -> Result<Vec<StoredChunk>, RepositoryError> {
        let state = self.lock();
        let found: HashMap<ChunkId, StoredChunk> = state
            .chunks()
            .filter(|(document, _)| document.store == *store)
            .map(|(document, entry)| {
                let stored = StoredChunk {
                    chunk: entry.indexed.chunk.clone(),
                    collection: document.collection.clone(),
                    title: document.title.clone(),
                    url: document.url.clone(),
                };
                (stored.chunk.id, stored)
            })
            .collect();
        Ok(ids.iter().filter_map(|id| found.get(id).cloned()).collect())
    }
}

fn in_scope(scope: &Scope, document: &Document) -> bool {
    document.store == scope.store && (scope.collections.is_empty() || scope.collections.contains(&document.collection))
}

fn best_first(mut hits: Vec<ScoredChunk>, limit: usize) -> Vec<ScoredChunk> {
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.chunk.cmp(&b.chunk)));
    hits.truncate(limit);
    hits
}

#[async_trait]
impl KeywordIndex for MemoryDocuments {
    async fn search(&self, scope: &Scope, terms: &[String], limit: usize) -> Result<Vec<ScoredChunk>, RepositoryError> {
        let state = self.lock();
        let total = state.chunks().count() as f64;
        let average = state.chunks().map(|(_, c)| c.length()).sum::<f64>() / total.max(1.0);
        let idf: Vec<f64> = terms
            .iter()
            .map(|term| {
                let having = state.having(term) as f64;
                // FTS5 keeps very common terms at a tiny positive weight.
                ((total - having + 0.5) / (having + 0.5)).ln().max(1e-6)
            })
            .collect();
        let bm25 = |chunk: &Entry| {
            let norm = K1 * (1.0 - B + B * chunk.length() / average.max(1.0));
            let parts = terms.iter().zip(&idf).map(|(term, idf)| {
                let frequency = chunk.frequency(term);
                idf * frequency * (K1 + 1.0) / (frequency + norm)
            });
            parts.sum::<f64>() as f32
        };
        let searched = state.chunks().filter(|(document, _)| in_scope(scope, document));
        let hits = searched.filter(|(_, c)| terms.iter().any(|term| c.has(term)));
        Ok(best_first(hits.map(|(_, c)| ScoredChunk { chunk: c.indexed.chunk.id, score: bm25(c) }).collect(), limit))
    }

    async fn statistics(&self, _scope: &Scope, terms: &[String]) -> Result<TermStatistics, RepositoryError> {
        let state = self.lock();
        let frequencies = terms.iter().map(|term| state.having(term)).collect();
        Ok(TermStatistics { total: state.chunks().count() as u64, frequencies })
    }
}

#[async_trait]
impl CollectionRepository for MemoryDocuments {
    async fn find(&self, store: &StoreId, name: &Collection) -> Result<Option<CollectionInfo>, RepositoryError> {
        Ok(self.lock().collections.get(&(store.clone(), name.clone())).cloned())
    }

    async fn begin(&self, info: &CollectionInfo) -> Result<CollectionInfo, RepositoryError> {
        let key = (info.store.clone(), info.name.clone());
        Ok(self.lock().collections.entry(key).or_insert_with(|| info.clone()).clone())
    }

    async fn list(&self, store: &StoreId) -> Result<Vec<CollectionInfo>, RepositoryError> {
        Ok(self.lock().collections.values().filter(|info| info.store == *store).cloned().collect())
    }

    async fn stores(&self) -> Result<Vec<StoreId>, RepositoryError> {
        let mut stores: Vec<StoreId> = self.lock().collections.keys().map(|(store, _)| store.clone()).collect();
        stores.dedup();
        Ok(stores)
    }

    async fn switch(
        &self,
        info: &CollectionInfo,
        unchanged_since: Timestamp,
        at: Timestamp,
    ) -> Result<bool, RepositoryError> {
        let mut state = self.lock();
        let is_in = |d: &Document| d.store == info.store && d.collection == info.name && d.embedding.is_some();
        let embedded: Vec<Key> =
            state.documents.values().filter(|(d, _)| is_in(d)).map(|(d, _)| (d.store.clone(), d.id.clone())).collect();
        if state.documents.values().any(|(d, _)| is_in(d) && d.updated_at > unchanged_since) {
            return Ok(false);
        }
        for key in embedded {
            if let Some((document, chunks)) = state.documents.get(&key).cloned() {
                state.plan_removal(&document, &chunks, at);
            }
            if let Some((document, _)) = state.documents.get_mut(&key) {
                document.embedding = Some(info.embedding.clone());
            }
        }
        state.collections.insert((info.store.clone(), info.name.clone()), info.clone());
        Ok(true)
    }
}

#[async_trait]
impl VectorRemovals for MemoryDocuments {
    async fn plan(&self, removal: &VectorRemoval) -> Result<(), RepositoryError> {
        self.lock().removals.insert(removal.id, removal.clone());
        Ok(())
    }

    async fn due(
        &self,
        vector_store: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<VectorRemoval>, RepositoryError> {
        let state = self.lock();
        let due = state.removals.values().filter(|r| r.vector_store == vector_store && r.due_at <= now);
        let mut due: Vec<VectorRemoval> = due.cloned().collect();
        due.sort_by_key(|removal| (removal.due_at, removal.id));
        due.truncate(limit);
        Ok(due)
    }

    async fn done(&self, id: Uuid) -> Result<bool, RepositoryError> {
        Ok(self.lock().removals.remove(&id).is_some())
    }
}

#[cfg(test)]
mod tests {
    crate::document_contract!(Some(crate::testing::Fixture::memory()));
}
