//! The file pipeline as its clients know it: snake case, and what it does not know it ignores.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::{Data, Json};
use kernel::{StoreId, TaskId};
use rag_pipeline::ingest::{DocumentService, Submission};
use rag_pipeline::model::TaskState;
use serde::Deserialize;
use utoipa::IntoParams;

use super::documents::SUBMIT;
use super::sessions::QUERY;
use super::{BODY, STORAGE};
use crate::dto::{EmbedBody, ExtractBody, QueuedBody, TaskBody};
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode};
use crate::extract::{ApiJson, ApiQuery, Id, Upload};
use crate::language::Language;
use crate::state::ApiState;

const TASK: &[ErrorCode] = &[ErrorCode::InvalidId, ErrorCode::TaskNotFound];

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::POST,
        path: "/ai/ocr/extract",
        errors: &[BODY, SUBMIT, STORAGE],
        to: |route| route.to(extract),
    },
    Endpoint {
        method: Method::POST,
        path: "/ai/file/embed",
        errors: &[BODY, SUBMIT, STORAGE],
        to: |route| route.to(embed),
    },
    Endpoint {
        method: Method::GET,
        path: "/ai/task/{id}",
        errors: &[QUERY, TASK, STORAGE],
        to: |route| route.to(task),
    },
    Endpoint {
        method: Method::POST,
        path: "/ai/task/{id}/cancel",
        errors: &[QUERY, TASK, STORAGE],
        to: |route| route.to(cancel),
    },
];

/// Reads a file, recognising the text of scans, and makes it searchable.
#[utoipa::path(
    post, path = "/ai/ocr/extract", operation_id = "extractText", tag = "files", request_body = ExtractBody,
    responses((status = 202, body = QueuedBody, description = "It is queued"))
)]
pub(crate) async fn extract(state: Data<ApiState>, upload: Upload<ExtractBody>) -> Result<HttpResponse, ApiError> {
    let submission = upload.fields.into_submission(&state, upload.file)?;
    queue(&state, submission).await
}

/// Makes a text searchable.
#[utoipa::path(
    post, path = "/ai/file/embed", operation_id = "embedText", tag = "files", request_body = EmbedBody,
    responses((status = 202, body = QueuedBody, description = "It is queued"))
)]
pub(crate) async fn embed(state: Data<ApiState>, body: ApiJson<EmbedBody>) -> Result<HttpResponse, ApiError> {
    let submission = body.0.into_submission(&state)?;
    queue(&state, submission).await
}

async fn queue(state: &ApiState, submission: Submission) -> Result<HttpResponse, ApiError> {
    let submitted = state.documents.submit(submission).await?;
    Ok(HttpResponse::Accepted().json(QueuedBody {
        task_id: submitted.task,
        document_id: submitted.document,
        status: "queued",
    }))
}

/// Whose task.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TaskQuery {
    /// The store; the configured default when left out.
    #[param(value_type = Option<String>)]
    store_id: Option<StoreId>,
}

/// How far a task is, and what came of it.
#[utoipa::path(
    get, path = "/ai/task/{id}", operation_id = "getTask", tag = "files",
    params(("id" = String, Path, format = Uuid, description = "The task"), TaskQuery),
    responses((status = 200, body = TaskBody, description = "The task"))
)]
pub(crate) async fn task(
    state: Data<ApiState>,
    language: Language,
    id: Id<TaskId>,
    query: ApiQuery<TaskQuery>,
) -> Result<Json<TaskBody>, ApiError> {
    Ok(Json(told(&state, &state.store(query.0.store_id), id.0, language).await?))
}

/// Stops a task: one that waits at once, one that is worked on within seconds. A finished one stays as it is.
#[utoipa::path(
    post, path = "/ai/task/{id}/cancel", operation_id = "cancelTask", tag = "files",
    params(("id" = String, Path, format = Uuid, description = "The task"), TaskQuery),
    responses((status = 200, body = TaskBody, description = "The task as it is now"))
)]
pub(crate) async fn cancel(
    state: Data<ApiState>,
    language: Language,
    id: Id<TaskId>,
    query: ApiQuery<TaskQuery>,
) -> Result<Json<TaskBody>, ApiError> {
    let store = state.store(query.0.store_id);
    let stopped = state.documents.service.cancel(&store, id.0).await?;
    stopped.ok_or(ErrorCode::TaskNotFound)?;
    Ok(Json(told(&state, &store, id.0, language).await?))
}

async fn told(state: &ApiState, store: &StoreId, id: TaskId, language: Language) -> Result<TaskBody, ApiError> {
    let task = state.documents.service.task_of(store, id).await?.ok_or(ErrorCode::TaskNotFound)?;
    let document = DocumentService::document_of(&task).filter(|_| task.state == TaskState::Completed);
    let text = match document {
        Some(document) => state.documents.service.text(store, &document).await?,
        None => None,
    };
    Ok(TaskBody::of(task, text, language))
}
