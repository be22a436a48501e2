use kernel::{DocumentId, StoreId, TaskId, Timestamp, UserId};
use rag_pipeline::ingest::{DocumentService, Submission, Work};
use rag_pipeline::model::{Collection, SourceUrl, Task, TaskState};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::document::{Extras, file_work, invalid, text_work};
use super::failure::FailureBody;
use crate::error::ApiError;
use crate::extract::{FormFields, UploadedFile};
use crate::language::Language;
use crate::state::ApiState;

/// A file whose text is to be extracted and embedded: at an address, or as `file` (or `upload`) of a form.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OcrExtractRequest)]
pub(crate) struct ExtractBody {
    /// Where it is: `https://`, `http://`, `s3://bucket/key`, and `file://` below the folders that are configured.
    #[schema(value_type = Option<String>)]
    file_url: Option<SourceUrl>,
    /// What kind of file it is: an ending (`pdf`) or a media type; found out when left out.
    file_type: Option<String>,
    /// Kept with the document.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Who sent it; kept with the document.
    #[schema(value_type = Option<String>)]
    user_id: Option<UserId>,
    /// The document's id; made of the content when left out.
    #[schema(value_type = Option<String>)]
    document_id: Option<DocumentId>,
    /// The store; the configured default when left out.
    #[schema(value_type = Option<String>)]
    store_id: Option<StoreId>,
    /// The collection; `help` when left out.
    #[schema(value_type = Option<String>)]
    collection: Option<Collection>,
    /// The title as cited.
    title: Option<String>,
}

impl FormFields for ExtractBody {
    const JSON: &'static [&'static str] = &[];
}

/// The media type that a file type stands for.
fn media_type(file_type: &str) -> Option<String> {
    let known = match file_type.trim().trim_start_matches('.').to_ascii_lowercase().as_str() {
        "pdf" => "application/pdf",
        "txt" | "text" => "text/plain",
        "md" | "markdown" => "text/markdown",
        "html" | "htm" => "text/html",
        "csv" => "text/csv",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "tif" | "tiff" => "image/tiff",
        other if other.contains('/') => return Some(other.to_owned()),
        // `image`, `document` …: the bytes tell.
        _ => return None,
    };
    Some(known.to_owned())
}

fn metadata(kind: Option<String>, user: Option<UserId>) -> Value {
    let mut metadata = json!({});
    if let Some(kind) = kind {
        metadata["type"] = kind.into();
    }
    if let Some(user) = user {
        metadata["userId"] = user.as_str().into();
    }
    metadata
}

impl ExtractBody {
    pub(crate) fn into_submission(self, state: &ApiState, file: Option<UploadedFile>) -> Result<Submission, ApiError> {
        let media_type = self.file_type.as_deref().and_then(media_type);
        let work = match (self.file_url, file) {
            (Some(url), None) => Work::Url { url, media_type },
            (None, Some(file)) => file_work(file, media_type),
            _ => return Err(invalid("file_url", "give either file_url or a file")),
        };
        let extras = Extras { title: self.title, url: None, metadata: Some(metadata(self.kind, self.user_id)) };
        extras.submission(state.store(self.store_id), self.document_id, self.collection, work)
    }
}

/// A text to be embedded.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = FileEmbedRequest)]
pub(crate) struct EmbedBody {
    /// The text, as Markdown or plain.
    #[serde(alias = "content", alias = "extracted_text")]
    text: String,
    /// The document's id; made of the text when left out.
    #[schema(value_type = Option<String>)]
    document_id: Option<DocumentId>,
    /// The store; the configured default when left out.
    #[schema(value_type = Option<String>)]
    store_id: Option<StoreId>,
    /// The collection; `help` when left out.
    #[schema(value_type = Option<String>)]
    collection: Option<Collection>,
    /// The title as cited.
    title: Option<String>,
    /// Kept with the document.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Who sent it; kept with the document.
    #[schema(value_type = Option<String>)]
    user_id: Option<UserId>,
}

impl EmbedBody {
    pub(crate) fn into_submission(self, state: &ApiState) -> Result<Submission, ApiError> {
        let extras = Extras { title: self.title, url: None, metadata: Some(metadata(self.kind, self.user_id)) };
        let work = text_work(self.text, None);
        extras.submission(state.store(self.store_id), self.document_id, self.collection, work)
    }
}

/// What was queued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueuedBody {
    #[schema(value_type = String, format = Uuid)]
    pub(crate) task_id: TaskId,
    #[schema(value_type = String)]
    pub(crate) document_id: DocumentId,
    /// `queued`.
    #[schema(value_type = String)]
    pub(crate) status: &'static str,
}

/// A task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DocumentTask)]
pub(crate) struct TaskBody {
    #[schema(value_type = String, format = Uuid)]
    task_id: TaskId,
    /// `queued`, `processing`, `completed` or `failed`. A cancelled task has failed with the code `cancelled`.
    status: &'static str,
    /// 0 to 100.
    progress: u8,
    /// `fetch`, `read`, `ocr`, `chunk`, `embed`, `index`, `done`; empty before it began.
    stage: String,
    /// How many times it was begun.
    attempts: u32,
    document_id: Option<String>,
    /// What the document's vectors are found by: its id.
    vector_id: Option<String>,
    collection: Option<String>,
    /// The text of the document, as Markdown, when it is completed.
    extracted_text: Option<String>,
    /// What came of it, when it is completed: `added`, `updated` or `unchanged`, and how many chunks.
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    /// Why it failed, or why it is tried again, in the language of Accept-Language.
    error: Option<String>,
    /// The same for programs.
    error_code: Option<String>,
    /// Exactly what happened, in English.
    error_detail: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl TaskBody {
    pub(crate) fn of(task: Task, text: Option<String>, language: Language) -> Self {
        let document = DocumentService::document_of(&task).map(|id| id.to_string());
        let completed = task.state == TaskState::Completed;
        let cancelled = || rag_pipeline::model::TaskFailure::new("cancelled", "it was cancelled");
        let failure = task.failure.clone().or_else(|| (task.state == TaskState::Cancelled).then(cancelled));
        let failure = failure.map(|failure| FailureBody::of(failure, language));
        Self {
            task_id: task.new.id,
            status: match task.state {
                TaskState::Queued => "queued",
                TaskState::Processing => "processing",
                TaskState::Completed => "completed",
                TaskState::Failed | TaskState::Cancelled => "failed",
            },
            progress: task.progress.percent,
            stage: task.progress.stage.clone(),
            attempts: task.attempts,
            vector_id: document.clone().filter(|_| completed),
            document_id: document,
            collection: DocumentService::collection_of(&task).map(str::to_owned),
            extracted_text: text,
            error: failure.as_ref().map(|failure| failure.message.clone()),
            error_code: failure.as_ref().map(|failure| failure.code.clone()),
            error_detail: failure.map(|failure| failure.detail),
            created_at: task.new.created_at,
            updated_at: task.updated_at,
            result: task.result,
        }
    }
}
