use kernel::{DocumentId, StoreId, TaskId, Timestamp};
use rag_pipeline::ingest::{Submission, Work};
use rag_pipeline::model::{Chunk, Collection, Document, DocumentStatus, Scope, SourceUrl};
use rag_pipeline::retrieval::{Hit, Retrieved};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::failure::FailureBody;
use crate::error::{ApiError, ErrorCode, ErrorDetail};
use crate::extract::{FormFields, UploadedFile};
use crate::language::Language;
use crate::state::ApiState;

/// The collection of documents that name none.
pub(super) const DEFAULT_COLLECTION: &str = "help";
/// The longest title and address, in characters.
const MAX_TITLE: usize = 500;
const MAX_URL: usize = 2_048;
/// The most metadata, in bytes as JSON.
const MAX_METADATA: usize = 16 << 10;

/// A document to take in: `content`, `sourceUrl`, or a file as `file` of a form.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DocumentRequest)]
pub(crate) struct DocumentRequestBody {
    /// The store; the configured default when left out.
    #[schema(value_type = Option<String>, max_length = 100)]
    store_id: Option<StoreId>,
    /// The collection; `help` when left out.
    #[schema(value_type = Option<String>, max_length = 64)]
    collection: Option<Collection>,
    /// An id within the store. The document that has it is replaced. When left out it is made of the content, so that the
    /// same document sent again is the same document.
    #[schema(value_type = Option<String>, max_length = 200)]
    id: Option<DocumentId>,
    /// The title as cited; when left out, what the document says.
    #[schema(max_length = 500)]
    title: Option<String>,
    /// The text: Markdown unless `contentType` says otherwise.
    content: Option<String>,
    /// The media type of `content` or of what is at `sourceUrl`.
    content_type: Option<String>,
    /// Where to fetch it: `https://`, `http://`, `s3://bucket/key`, `notion://page/…`, and `file://` below the folders that
    /// are configured.
    #[schema(value_type = Option<String>, max_length = 2048)]
    source_url: Option<SourceUrl>,
    /// Where customers can read it.
    #[schema(max_length = 2048)]
    url: Option<String>,
    /// An object that is kept with it: at most 16 KiB.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// Answer when it can be searched rather than at once: up to a minute.
    #[serde(default)]
    pub(crate) wait: bool,
}

impl FormFields for DocumentRequestBody {
    const JSON: &'static [&'static str] = &["metadata", "wait"];
}

impl DocumentRequestBody {
    pub(crate) fn into_submission(self, state: &ApiState, file: Option<UploadedFile>) -> Result<Submission, ApiError> {
        let given = (self.content, self.source_url, file);
        let work = match given {
            (Some(content), None, None) => text_work(content, self.content_type),
            (None, Some(url), None) => Work::Url { url, media_type: self.content_type },
            (None, None, Some(file)) => file_work(file, self.content_type),
            _ => return Err(invalid("content", "give one of content, sourceUrl and file")),
        };
        let extras = Extras { title: self.title, url: self.url, metadata: self.metadata };
        extras.submission(state.store(self.store_id), self.id, self.collection, work)
    }
}

/// What a sender says of a document beside its content, checked in one place.
pub(super) struct Extras {
    pub(super) title: Option<String>,
    pub(super) url: Option<String>,
    pub(super) metadata: Option<Value>,
}

impl Extras {
    pub(super) fn submission(
        self,
        store: StoreId,
        id: Option<DocumentId>,
        collection: Option<Collection>,
        work: Work,
    ) -> Result<Submission, ApiError> {
        let title = self.title.map(|title| title.trim().to_owned());
        let is_title =
            |title: &String| (1..=MAX_TITLE).contains(&title.chars().count()) && !title.chars().any(char::is_control);
        if title.as_ref().is_some_and(|title| !is_title(title)) {
            return Err(invalid("title", &format!("1 to {MAX_TITLE} characters without control characters")));
        }
        let is_web = |url: &String| {
            let web = url.starts_with("https://") || url.starts_with("http://");
            web && url.len() <= MAX_URL && !url.chars().any(|c| c.is_control() || c.is_whitespace())
        };
        if self.url.as_ref().is_some_and(|url| !is_web(url)) {
            return Err(invalid("url", &format!("an address of the web, at most {MAX_URL} bytes")));
        }
        let metadata = self.metadata.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        if !metadata.is_object() || metadata.to_string().len() > MAX_METADATA {
            return Err(invalid("metadata", &format!("an object of at most {MAX_METADATA} bytes")));
        }
        let collection = match collection {
            Some(collection) => collection,
            None => Collection::new(DEFAULT_COLLECTION).map_err(|error| invalid("collection", &error.to_string()))?,
        };
        Ok(Submission { store, id, collection, title, url: self.url, metadata, work })
    }
}

pub(super) fn text_work(content: String, media_type: Option<String>) -> Work {
    let media_type = Some(media_type.unwrap_or_else(|| "text/markdown".to_owned()));
    Work::Bytes { name: "content".to_owned(), media_type, bytes: content.into_bytes() }
}

pub(super) fn file_work(file: UploadedFile, media_type: Option<String>) -> Work {
    Work::Bytes { name: file.name, media_type: media_type.or(file.media_type), bytes: file.bytes }
}

pub(super) fn invalid(field: &str, reason: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidBody).with_detail(ErrorDetail::of(Some(field), reason))
}

/// What was queued.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubmittedBody {
    /// The document.
    #[schema(value_type = String)]
    pub(crate) id: DocumentId,
    /// The task that takes it in: see `/ai/task/{id}`.
    #[schema(value_type = String, format = Uuid)]
    pub(crate) task_id: TaskId,
}

/// A document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Document)]
pub(crate) struct DocumentBody {
    id: String,
    store_id: String,
    collection: String,
    title: String,
    url: Option<String>,
    #[schema(value_type = Object)]
    metadata: Value,
    /// `pending`, `ready` or `failed`. A failed one is still searched as it was before, if it was.
    #[schema(value_type = String)]
    status: DocumentStatus,
    /// Why it was not taken in the last time.
    failure: Option<FailureBody>,
    chunk_count: u32,
    /// Pages, slides or sheets; 0 when its kind has none.
    page_count: u32,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl DocumentBody {
    pub(crate) fn of(document: Document, language: Language) -> Self {
        Self {
            id: document.id.to_string(),
            store_id: document.store.to_string(),
            collection: document.collection.into(),
            title: document.title,
            url: document.url,
            metadata: document.metadata,
            status: document.status,
            failure: document.failure.map(|failure| FailureBody::of(failure, language)),
            chunk_count: document.chunk_count,
            page_count: document.page_count,
            created_at: document.created_at,
            updated_at: document.updated_at,
        }
    }
}

/// One page of documents, by id.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentList {
    pub(crate) items: Vec<DocumentBody>,
    /// Give it back as `cursor` to read on; null at the end.
    pub(crate) next_cursor: Option<String>,
}

/// A document's text.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentTextBody {
    /// Markdown: what the places of chunks are counted in.
    pub(crate) text: String,
}

/// A piece of a document that is found and cited.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Chunk)]
pub(crate) struct ChunkBody {
    #[schema(value_type = String, format = Uuid)]
    id: kernel::ChunkId,
    /// Its number, from 0.
    ordinal: u32,
    heading_path: Vec<String>,
    text: String,
    token_count: u32,
    /// The page, slide or sheet it begins on, from 1.
    page: Option<u32>,
    /// Its first character in the document's text, from 0.
    start: u32,
    /// The one after its last.
    end: u32,
}

impl From<Chunk> for ChunkBody {
    fn from(chunk: Chunk) -> Self {
        Self {
            id: chunk.id,
            ordinal: chunk.ordinal,
            heading_path: chunk.heading_path,
            text: chunk.text,
            token_count: chunk.token_count,
            page: chunk.place.page,
            start: chunk.place.start,
            end: chunk.place.end,
        }
    }
}

/// One page of a document's chunks, in order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChunkList {
    pub(crate) items: Vec<ChunkBody>,
    /// Give it back as `cursor` to read on; null at the end.
    pub(crate) next_cursor: Option<String>,
}

/// What to look for in documents.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DocumentSearchRequest)]
pub(crate) struct DocumentSearchBody {
    /// The store; the configured default when left out.
    #[schema(value_type = Option<String>, max_length = 100)]
    store_id: Option<StoreId>,
    /// Only this collection.
    #[schema(value_type = Option<String>, max_length = 64)]
    collection: Option<Collection>,
    /// Only these collections.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    collections: Vec<Collection>,
    /// A question or words, up to 500 characters. Missing spaces, particles and slips of the keyboard do not matter.
    #[schema(min_length = 1, max_length = 500, example = "제주도 배송비")]
    query: String,
    /// The most hits, 5 when left out.
    #[schema(minimum = 1, maximum = 50)]
    limit: Option<usize>,
    /// Only hits of at least this score, 0 to 1.
    min_score: Option<f32>,
}

/// The longest query of a search in documents, in characters.
const MAX_QUERY: usize = 500;

/// A search as it is run.
pub(crate) struct DocumentSearch {
    pub(crate) scope: Scope,
    pub(crate) query: String,
    pub(crate) limit: usize,
    pub(crate) min_score: f32,
}

impl DocumentSearchBody {
    pub(crate) fn read(self, state: &ApiState) -> Result<DocumentSearch, ApiError> {
        if !self.query.chars().any(char::is_alphanumeric) {
            return Err(ErrorCode::EmptyQuery.into());
        }
        if self.query.chars().count() > MAX_QUERY {
            return Err(ApiError::new(ErrorCode::QueryTooLong).with_figure(MAX_QUERY));
        }
        let limit = self.limit.unwrap_or(5);
        if !(1..=50).contains(&limit) {
            return Err(invalid("limit", "1 to 50"));
        }
        let min_score = self.min_score.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&min_score) {
            return Err(invalid("minScore", "0 to 1"));
        }
        let mut collections = self.collections;
        collections.extend(self.collection);
        Ok(DocumentSearch {
            scope: Scope { store: state.store(self.store_id), collections },
            query: self.query,
            limit,
            min_score,
        })
    }
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentHits {
    /// Best first.
    hits: Vec<DocumentHit>,
    /// Whether the hits can answer the question, as far as its words tell.
    grounded: bool,
    /// Whether words alone were searched, because the embedder or the vector store did not answer.
    keyword_only: bool,
}

/// A passage that was found, and why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentHit {
    document_id: String,
    #[schema(value_type = String, format = Uuid)]
    chunk_id: kernel::ChunkId,
    collection: String,
    title: String,
    heading_path: Vec<String>,
    content: String,
    url: Option<String>,
    /// The page, slide or sheet it begins on, from 1.
    page: Option<u32>,
    /// How well it fits, 0 to 1.
    score: f32,
    ranks: HitRanks,
    scores: HitScores,
    /// The question's words that it has, in any form.
    matched_terms: Vec<String>,
}

/// Its places in the lists that were fused, from 1; null where it was not among them.
#[derive(Debug, Serialize, ToSchema)]
struct HitRanks {
    keyword: Option<u32>,
    vector: Option<u32>,
}

/// What its score is made of, 0 to 1 each.
#[derive(Debug, Serialize, ToSchema)]
struct HitScores {
    /// The share of the question's words it has, by weight.
    coverage: f32,
    /// The same within its best sentence or row.
    focus: f32,
}

impl DocumentHits {
    pub(crate) fn of(found: Retrieved, min_score: f32) -> Self {
        let hits = found.hits.into_iter().filter(|hit| hit.score >= min_score).map(DocumentHit::of).collect();
        Self { hits, grounded: found.grounded, keyword_only: found.keyword_only }
    }
}

impl DocumentHit {
    fn of(hit: Hit) -> Self {
        let Hit { chunk: stored, score, keyword_rank, vector_rank, matched_terms, coverage, focus, .. } = hit;
        Self {
            document_id: stored.chunk.document.to_string(),
            chunk_id: stored.chunk.id,
            collection: stored.collection.into(),
            title: stored.title,
            heading_path: stored.chunk.heading_path,
            content: stored.chunk.text,
            url: stored.url,
            page: stored.chunk.place.page,
            score,
            ranks: HitRanks { keyword: keyword_rank, vector: vector_rank },
            scores: HitScores { coverage, focus },
            matched_terms,
        }
    }
}
