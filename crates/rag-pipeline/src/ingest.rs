//! Documents in: read, cut, embed, store.

use std::sync::Arc;

use kernel::{ChunkId, Clock, DocumentId, IdSource, RepositoryError, StoreId};
use korean_text::{estimate_tokens, index_terms, normalize};
use sha2::{Digest, Sha256};

use crate::chunking::{Chunker, Piece};
use crate::model::{
    Chunk, Collection, Document, DocumentStatus, IndexedChunk, ModelError, RawDocument, ReadDocument, ReadError,
};
use crate::ports::{DocumentRepository, Embedder, TextReader};

/// How many texts are embedded in one call of the port.
const EMBED_BATCH: usize = 32;

/// A document to take in, and what its sender says of it; that goes before what the document says of itself.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// The file.
    pub raw: RawDocument,
    /// Its id; else the one in it, else one made from the file's name.
    pub id: Option<DocumentId>,
    /// Its title.
    pub title: Option<String>,
    /// Where a customer can read it.
    pub url: Option<String>,
    /// Its collection; else the one it names, else the default.
    pub collection: Option<Collection>,
    /// A JSON object kept with it.
    pub metadata: serde_json::Value,
}

impl From<RawDocument> for NewDocument {
    fn from(raw: RawDocument) -> Self {
        let metadata = serde_json::Value::Object(serde_json::Map::new());
        Self { raw, id: None, title: None, url: None, collection: None, metadata }
    }
}

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    /// The document.
    pub id: DocumentId,
    /// Its title.
    pub title: String,
    /// How many chunks it has.
    pub chunks: u32,
    /// Whether it was new, changed or neither.
    pub outcome: IngestOutcome,
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

/// Why a document was not taken in. Every variant names the file.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// It could not be read; the source names the file.
    #[error("a document cannot be read")]
    Read(#[from] ReadError),
    /// It, or its sender, names an id or collection that cannot be used.
    #[error("\"{name}\": {reason}")]
    Invalid {
        /// The file.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The embedder failed.
    #[error("\"{name}\" could not be embedded")]
    Embed {
        /// The file.
        name: String,
        /// The embedder's error.
        #[source]
        source: ModelError,
    },
    /// The storage failed.
    #[error("\"{name}\" could not be stored")]
    Store {
        /// The file.
        name: String,
        /// The storage's error.
        #[source]
        source: RepositoryError,
    },
}

/// Takes documents in.
#[derive(Clone)]
pub struct Ingestor {
    documents: Arc<dyn DocumentRepository>,
    reader: Arc<dyn TextReader>,
    embedder: Arc<dyn Embedder>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    chunker: Chunker,
}

impl Ingestor {
    /// An ingestor that cuts documents the default way.
    pub fn new(
        documents: Arc<dyn DocumentRepository>,
        reader: Arc<dyn TextReader>,
        embedder: Arc<dyn Embedder>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self { documents, reader, embedder, clock, ids, chunker: Chunker::default() }
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
    ) -> Result<Ingested, IngestError> {
        let name = new.raw.name.clone();
        let stored = |source| IngestError::Store { name: name.clone(), source };
        let read = self.reader.read(&new.raw).await?;
        let mut document = self.describe(store, default, &new, &read)?;
        let before = self.documents.find(store, &document.id).await.map_err(&stored)?;
        if let Some(before) = &before
            && before.content_hash == document.content_hash
            && before.status == DocumentStatus::Ready
        {
            return Ok(ingested(before, IngestOutcome::Unchanged));
        }
        let chunks = self.index(&document, self.chunker.cut(&read), &name).await?;
        document.chunk_count = chunks.len() as u32;
        document.created_at = before.as_ref().map_or(document.created_at, |b| b.created_at);
        self.documents.replace(&document, &chunks).await.map_err(&stored)?;
        Ok(ingested(&document, if before.is_some() { IngestOutcome::Updated } else { IngestOutcome::Added }))
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
            let result = self.ingest(store, default, document).await;
            progress(&result);
            results.push(result);
        }
        results
    }

    fn describe(
        &self,
        store: &StoreId,
        default: &Collection,
        new: &NewDocument,
        read: &ReadDocument,
    ) -> Result<Document, IngestError> {
        let invalid = |reason: String| IngestError::Invalid { name: new.raw.name.clone(), reason };
        let id = match (&new.id, &read.id) {
            (Some(id), _) => id.clone(),
            (None, named) => {
                let id = named.clone().unwrap_or_else(|| slug(&new.raw.name));
                DocumentId::new(id).map_err(|cause| invalid(cause.to_string()))?
            }
        };
        let collection = match (&new.collection, &read.collection) {
            (Some(collection), _) => collection.clone(),
            (None, Some(named)) => Collection::new(named.clone()).map_err(|cause| invalid(cause.to_string()))?,
            (None, None) => default.clone(),
        };
        let now = self.clock.now();
        let mut document = Document {
            store: store.clone(),
            id,
            collection,
            title: new.title.clone().unwrap_or_else(|| read.title.clone()),
            url: new.url.clone().or_else(|| read.url.clone()),
            metadata: new.metadata.clone(),
            content_hash: String::new(),
            status: DocumentStatus::Ready,
            chunk_count: 0,
            created_at: now,
            updated_at: now,
        };
        document.content_hash = self.hash(&document, &new.raw.bytes);
        Ok(document)
    }

    fn hash(&self, document: &Document, bytes: &[u8]) -> String {
        let metadata = document.metadata.to_string();
        let (version, embedder) = (self.chunker.version(), self.embedder.name());
        let parts: [&[u8]; 7] = [
            bytes,
            version.as_bytes(),
            embedder.as_bytes(),
            document.title.as_bytes(),
            document.url.as_deref().unwrap_or("").as_bytes(),
            document.collection.as_str().as_bytes(),
            metadata.as_bytes(),
        ];
        let mut hash = Sha256::new();
        for part in parts {
            // The length first, so that text cannot move from one part to the next unnoticed.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
            hex.extend([byte >> 4, byte & 15].map(|n| char::from_digit(u32::from(n), 16).unwrap_or('0')));
            hex
        })
    }

    async fn index(
        &self,
        document: &Document,
        pieces: Vec<Piece>,
        name: &str,
    ) -> Result<Vec<IndexedChunk>, IngestError> {
        let texts: Vec<String> = pieces.iter().map(|p| embedded_text(&document.title, p)).collect();
        let mut embeddings = Vec::with_capacity(texts.len());
        for batch in texts.chunks(EMBED_BATCH) {
            let vectors = self.embedder.embed(batch).await;
            embeddings.extend(vectors.map_err(|source| IngestError::Embed { name: name.to_owned(), source })?);
        }
        let indexed = pieces.into_iter().zip(embeddings).enumerate().map(|(ordinal, (piece, embedding))| {
            let headings = format!("{}\n{}", document.title, piece.heading_path.join("\n"));
            IndexedChunk {
                heading_terms: index_terms(&headings),
                text_terms: index_terms(&piece.text),
                embedding,
                chunk: Chunk {
                    id: ChunkId::generate(self.ids.as_ref()),
                    document: document.id.clone(),
                    ordinal: ordinal as u32,
                    token_count: estimate_tokens(&piece.text),
                    heading_path: piece.heading_path,
                    text: piece.text,
                },
            }
        });
        Ok(indexed.collect())
    }
}

fn ingested(document: &Document, outcome: IngestOutcome) -> Ingested {
    Ingested { id: document.id.clone(), title: document.title.clone(), chunks: document.chunk_count, outcome }
}

/// A chunk is embedded with the headings it stands under: a sentence alone rarely names its topic.
fn embedded_text(title: &str, piece: &Piece) -> String {
    format!("{title}\n{}\n{}", piece.heading_path.join("\n"), piece.text)
}

/// An id from a file's name: letters of any script and digits, everything else a hyphen.
fn slug(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let base = file.rsplit_once('.').map_or(file, |(base, _)| if base.is_empty() { file } else { base });
    let mut slug = String::new();
    for c in normalize(base).chars() {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').chars().take(DocumentId::MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_file_name_becomes_an_id() {
        assert_eq!(slug("docs/배송 안내 (2026).MD"), "배송-안내-2026");
        assert_eq!(slug("README"), "readme");
        assert_eq!(slug("..."), "");
    }
}
