use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kernel::{ChunkId, DocumentId, Page, PageLimit, RepositoryError, StoreId};

use crate::model::{Document, IndexedChunk, Scope, ScoredChunk, StoredChunk, TermStatistics};
use crate::ports::{DocumentRepository, KeywordIndex, VectorIndex};

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
pub struct MemoryDocuments(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    documents: BTreeMap<Key, (Document, Vec<Entry>)>,
    /// How many chunks have each term.
    frequencies: HashMap<String, u64>,
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
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    async fn replace(&self, document: &Document, chunks: &[IndexedChunk]) -> Result<(), RepositoryError> {
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
        let mut document = document.clone();
        if let Some(before) = state.remove(&key) {
            document.created_at = before.created_at;
        }
        state.insert(key, document, chunks.iter().map(Entry::new).collect());
        Ok(())
    }

    async fn delete(&self, store: &StoreId, id: &DocumentId) -> Result<bool, RepositoryError> {
        Ok(self.lock().remove(&(store.clone(), id.clone())).is_some())
    }

    async fn page<'a>(
        &'a self,
        store: &'a StoreId,
        after: Option<&'a DocumentId>,
        limit: PageLimit,
    ) -> Result<Page<Document, DocumentId>, RepositoryError> {
        let state = self.lock();
        let listed = state.documents.values().map(|(document, _)| document).filter(|d| d.store == *store);
        let listed = listed.filter(|d| after.is_none_or(|after| d.id > *after)).take(limit.get() + 1).cloned();
        Ok(Page::from_overfetch(listed.collect(), limit, |d| d.id.clone()))
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
impl VectorIndex for MemoryDocuments {
    async fn search(&self, scope: &Scope, vector: &[f32], limit: usize) -> Result<Vec<ScoredChunk>, RepositoryError> {
        let state = self.lock();
        let searched = state.chunks().filter(|(document, _)| in_scope(scope, document)).map(|(_, entry)| entry);
        let hits = searched.filter(|c| c.indexed.embedding.len() == vector.len()).map(|c| ScoredChunk {
            chunk: c.indexed.chunk.id,
            score: c.indexed.embedding.iter().zip(vector).map(|(a, b)| a * b).sum(),
        });
        Ok(best_first(hits.collect(), limit))
    }
}

#[cfg(test)]
mod tests {
    crate::document_contract!(crate::testing::Fixture::memory());
}
