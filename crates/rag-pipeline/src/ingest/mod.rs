//! Documents in: read, recognise, clean, cut, embed, store.

mod desk;
mod embedding;
mod error;
mod identity;
mod recognition;
mod service;
mod worker;

use std::sync::Arc;

use kernel::{ChunkId, Clock, DocumentId, IdSource, RepositoryError, StoreId};
use korean_text::index_terms;
use serde_json::{Value, json};

use crate::model::{
    Chunk, Collection, CollectionInfo, Document, DocumentStatus, DocumentVersion, EmbeddingSpec, IndexedChunk,
    RawDocument, ReadDocument, ReadError, VectorPoint,
};
use crate::ports::{
    CollectionRepository, DocumentRepository, Embedder, Ocr, PageRenderer, TextReader, VectorRemovals, VectorStore,
};
use crate::text::{Chunker, DocumentText, Piece, TokenCounter, clean};

pub use desk::{Desk, NoDesk, Part, Stage};
pub(crate) use embedding::heading_text;
pub use error::IngestError;
pub use service::{DocumentService, Submission, SubmitError, Submitted, Work};
pub use worker::{IngestWorker, Swept, WorkerSettings};

/// A document to take in, and what its sender says of it; that goes before what the document says of itself.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// The file.
    pub raw: RawDocument,
    /// Its id; else the one in it.
    pub id: Option<DocumentId>,
    /// Its id when it names none itself; else one made from the file's name.
    pub fallback_id: Option<DocumentId>,
    /// Its title.
    pub title: Option<String>,
    /// Where a customer can read it.
    pub url: Option<String>,
    /// Its collection; else the one it names, else the default.
    pub collection: Option<Collection>,
    /// A JSON object kept with it.
    pub metadata: Value,
}

impl From<RawDocument> for NewDocument {
    fn from(raw: RawDocument) -> Self {
        let metadata = Value::Object(serde_json::Map::new());
        Self { raw, id: None, fallback_id: None, title: None, url: None, collection: None, metadata }
    }
}

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    /// The document.
    pub id: DocumentId,
    /// Its collection.
    pub collection: Collection,
    /// Its title.
    pub title: String,
    /// How many chunks it has.
    pub chunks: u32,
    /// Whether it was new, changed or neither.
    pub outcome: IngestOutcome,
}

impl Ingested {
    fn of(document: &Document, outcome: IngestOutcome) -> Self {
        Self {
            id: document.id.clone(),
            collection: document.collection.clone(),
            title: document.title.clone(),
            chunks: document.chunk_count,
            outcome,
        }
    }

    /// What the task that took it in says when it is done.
    pub fn result(&self) -> Value {
        json!({
            "documentId": self.id.as_str(),
            "collection": self.collection.as_str(),
            "title": self.title,
            "chunks": self.chunks,
            "outcome": self.outcome.name(),
        })
    }
}

/// Whether a document was new, changed or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IngestOutcome {
    /// The store did not have it.
    Added,
    /// The store had another version, or one cut or embedded another way.
    Updated,
    /// The store has it just so; nothing was written.
    Unchanged,
}

impl IngestOutcome {
    /// Its name: `added`, `updated`, `unchanged`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// What taking documents in needs from outside.
#[derive(Clone)]
pub struct IngestPorts {
    /// Keeps documents.
    pub documents: Arc<dyn DocumentRepository>,
    /// Keeps what is known of collections.
    pub collections: Arc<dyn CollectionRepository>,
    /// Keeps plans to remove vectors.
    pub removals: Arc<dyn VectorRemovals>,
    /// Makes text of files.
    pub reader: Arc<dyn TextReader>,
    /// Makes images of scans.
    pub renderer: Arc<dyn PageRenderer>,
    /// Recognises their text; `None` when OCR is off.
    pub ocr: Option<Arc<dyn Ocr>>,
    /// Embeds chunks.
    pub embedder: Arc<dyn Embedder>,
    /// Keeps their vectors.
    pub vectors: Arc<dyn VectorStore>,
    /// Counts their tokens.
    pub counter: Arc<dyn TokenCounter>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn IdSource>,
}

/// Takes documents in.
#[derive(Clone)]
pub struct Ingestor {
    ports: IngestPorts,
    chunker: Chunker,
}

impl Ingestor {
    /// An ingestor that cuts documents the default way.
    pub fn new(ports: IngestPorts) -> Self {
        Self { ports, chunker: Chunker::default() }
    }

    /// The same, cutting another way.
    #[must_use]
    pub fn with_chunker(self, chunker: Chunker) -> Self {
        Self { chunker, ..self }
    }

    /// Takes one document in. When its content, the way it is cut and the embedder are those of the
    /// last time, nothing is written.
    ///
    /// # Errors
    /// See [`IngestError`]. The store then keeps what it had.
    pub async fn ingest(
        &self,
        store: &StoreId,
        default: &Collection,
        new: NewDocument,
        desk: &dyn Desk,
    ) -> Result<Ingested, IngestError> {
        desk.progress(Stage::Read, 0, 1).await;
        let read = self.ports.reader.read(&new.raw).await?;
        let mut document = self.describe(store, default, &new, &read)?;
        let before = self.find(&new, &document).await?;
        if let Some(before) = before.as_ref().filter(|b| is_same(b, &document)) {
            return Ok(Ingested::of(before, IngestOutcome::Unchanged));
        }
        let read = clean(self.recognise(&new.raw, read, desk).await?);
        if read.blocks.is_empty() {
            return Err(ReadError::Empty { name: new.raw.name }.into());
        }
        let name = new.raw.name;
        drop(new.raw.bytes);
        desk.progress(Stage::Chunk, 0, 1).await;
        let text = DocumentText::of(&read);
        let pieces = self.chunker.cut(&text, self.ports.counter.as_ref());
        let vectors = self.embed(&document, &pieces, &name, desk).await?;
        desk.progress(Stage::Index, 0, 1).await;
        let chunks = self.index(&document, pieces);
        document.chunk_count = chunks.len() as u32;
        document.created_at = before.as_ref().map_or(document.created_at, |b| b.created_at);
        let known = before.is_some_and(|before| before.embedding.is_some());
        let outcome = if known { IngestOutcome::Updated } else { IngestOutcome::Added };
        let ingested = Ingested::of(&document, outcome);
        let new = Indexing { document: &document, text: text.as_str(), chunks: &chunks, name: &name };
        self.store(new, vectors, desk, &ingested.result()).await?;
        Ok(ingested)
    }

    /// Takes many documents in, one after the other, calling `progress` after each. One document's
    /// error does not keep the others out.
    pub async fn ingest_all(
        &self,
        store: &StoreId,
        default: &Collection,
        documents: Vec<NewDocument>,
        mut progress: impl FnMut(&Result<Ingested, IngestError>) + Send,
    ) -> Vec<Result<Ingested, IngestError>> {
        let mut results = Vec::with_capacity(documents.len());
        for document in documents {
            let result = self.ingest(store, default, document, &NoDesk).await;
            progress(&result);
            results.push(result);
        }
        results
    }

    /// What documents are embedded by.
    pub fn embedding(&self) -> EmbeddingSpec {
        self.ports.embedder.spec()
    }

    async fn find(&self, new: &NewDocument, document: &Document) -> Result<Option<Document>, IngestError> {
        let found = self.ports.documents.find(&document.store, &document.id).await;
        found.map_err(|source| IngestError::Store { name: new.raw.name.clone(), source })
    }

    fn describe(
        &self,
        store: &StoreId,
        default: &Collection,
        new: &NewDocument,
        read: &ReadDocument,
    ) -> Result<Document, IngestError> {
        let (id, collection) = identity::of(new, read, default)?;
        let now = self.ports.clock.now();
        let mut document = Document {
            store: store.clone(),
            id,
            collection,
            title: new.title.clone().unwrap_or_else(|| read.title.clone()),
            url: new.url.clone().or_else(|| read.url.clone()),
            metadata: new.metadata.clone(),
            content_hash: String::new(),
            embedding: Some(self.embedding()),
            status: DocumentStatus::Ready,
            failure: None,
            chunk_count: 0,
            page_count: read.pages,
            created_at: now,
            updated_at: now,
        };
        document.content_hash = self.hash(&document, &new.raw.bytes, !read.scans.is_empty());
        Ok(document)
    }

    /// The hash of the source and of everything else that decides what is made of it.
    fn hash(&self, document: &Document, bytes: &[u8], scanned: bool) -> String {
        let recognised = self.ports.ocr.as_ref().filter(|_| scanned).map(|ocr| ocr.name()).unwrap_or_default();
        identity::hash(&[
            bytes,
            self.chunker.version(self.ports.counter.as_ref()).as_bytes(),
            self.ports.embedder.name().as_bytes(),
            self.ports.vectors.name().as_bytes(),
            recognised.as_bytes(),
            document.title.as_bytes(),
            document.url.as_deref().unwrap_or("").as_bytes(),
            document.collection.as_str().as_bytes(),
            document.metadata.to_string().as_bytes(),
        ])
    }

    fn index(&self, document: &Document, pieces: Vec<Piece>) -> Vec<IndexedChunk> {
        let indexed = pieces.into_iter().enumerate().map(|(ordinal, piece)| {
            let headings = format!("{}\n{}", document.title, piece.heading_path.join("\n"));
            IndexedChunk {
                heading_terms: index_terms(&headings),
                text_terms: index_terms(&piece.text),
                chunk: Chunk {
                    id: ChunkId::generate(self.ports.ids.as_ref()),
                    document: document.id.clone(),
                    ordinal: ordinal as u32,
                    token_count: piece.tokens,
                    heading_path: piece.heading_path,
                    text: piece.text,
                    place: piece.place,
                },
            }
        });
        indexed.collect()
    }

    /// Puts the vectors where they will be looked for, then makes the chunks known. Whenever this stops in between, the
    /// plan to remove the vectors is carried out later.
    async fn store(
        &self,
        new: Indexing<'_>,
        vectors: Vec<Vec<f32>>,
        desk: &dyn Desk,
        result: &Value,
    ) -> Result<(), IngestError> {
        let stored = |source: RepositoryError| IngestError::Store { name: new.name.to_owned(), source };
        let document = new.document;
        self.claim_collection(document, new.name).await?;
        let points: Vec<VectorPoint> = new
            .chunks
            .iter()
            .zip(vectors)
            // A text without letters or digits has no direction: nothing is near it.
            .filter(|(_, vector)| vector.iter().any(|x| *x != 0.0))
            .map(|(chunk, vector)| VectorPoint {
                chunk: chunk.chunk.id,
                document: document.id.clone(),
                collection: document.collection.clone(),
                vector,
            })
            .collect();
        let planned = self.put(document, points, new.name).await?;
        let version = DocumentVersion {
            document,
            text: new.text,
            chunks: new.chunks,
            planned,
            task: desk.claim().map(|claim| (claim, result)),
        };
        self.ports.documents.replace(&version).await.map_err(stored)
    }

    /// The document's collection must be embedded as documents are now; a new one is from here on.
    async fn claim_collection(&self, document: &Document, name: &str) -> Result<(), IngestError> {
        let info = CollectionInfo {
            store: document.store.clone(),
            name: document.collection.clone(),
            vector_store: self.ports.vectors.name().to_owned(),
            embedding: self.embedding(),
            created_at: self.ports.clock.now(),
        };
        let kept = self.ports.collections.begin(&info).await;
        let kept = kept.map_err(|source| IngestError::Store { name: name.to_owned(), source })?;
        if kept.embedding == info.embedding && kept.vector_store == info.vector_store {
            return Ok(());
        }
        Err(IngestError::OtherEmbedding { kept: Box::new(kept), given: Box::new(info) })
    }
}

/// What is about to be stored.
struct Indexing<'a> {
    document: &'a Document,
    text: &'a str,
    chunks: &'a [IndexedChunk],
    name: &'a str,
}

fn is_same(before: &Document, now: &Document) -> bool {
    before.content_hash == now.content_hash && before.status == DocumentStatus::Ready
}
