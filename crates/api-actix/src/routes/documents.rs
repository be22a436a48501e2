use std::time::Duration;

use actix_web::http::Method;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, http::StatusCode};
use kernel::{DocumentId, PageLimit, StoreId, TaskId};
use rag_pipeline::ingest::Submitted;
use rag_pipeline::model::{Collection, Task, TaskState};
use rag_pipeline::retrieval::Query;
use serde::Deserialize;
use utoipa::IntoParams;

use super::sessions::{QUERY, StoreQuery};
use super::{BODY, STORAGE};
use crate::cursor;
use crate::dto::{
    ChunkList, DocumentBody, DocumentHits, DocumentList, DocumentRequestBody, DocumentSearchBody, DocumentTextBody,
    FailureBody, SubmittedBody,
};
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode, ErrorDetail};
use crate::extract::{ApiJson, ApiQuery, DocumentPath, Upload};
use crate::language::Language;
use crate::state::ApiState;

const DOCUMENT: &[ErrorCode] = &[ErrorCode::InvalidDocumentId, ErrorCode::DocumentNotFound];
pub(super) const SUBMIT: &[ErrorCode] = &[ErrorCode::EmptyDocument, ErrorCode::TooManyDocuments];
const WAITED: &[ErrorCode] = &[ErrorCode::UnreadableDocument];
const SEARCH: &[ErrorCode] = &[ErrorCode::EmptyQuery, ErrorCode::QueryTooLong];

/// How long a client that waits is kept.
const WAIT: Duration = Duration::from_mins(1);
/// How often it is looked whether a task is done that somebody waits for.
const LOOK: Duration = Duration::from_millis(40);

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::POST,
        path: "/api/documents",
        errors: &[BODY, SUBMIT, WAITED, STORAGE],
        to: |route| route.to(submit),
    },
    Endpoint {
        method: Method::GET,
        path: "/api/documents",
        errors: &[QUERY, CURSOR, STORAGE],
        to: |route| route.to(list),
    },
    Endpoint {
        method: Method::POST,
        path: "/api/documents/search",
        errors: &[BODY, SEARCH, STORAGE],
        to: |route| route.to(search),
    },
    Endpoint {
        method: Method::GET,
        path: "/api/documents/{id}",
        errors: &[QUERY, DOCUMENT, STORAGE],
        to: |route| route.to(get),
    },
    Endpoint {
        method: Method::DELETE,
        path: "/api/documents/{id}",
        errors: &[QUERY, DOCUMENT, STORAGE],
        to: |route| route.to(delete),
    },
    Endpoint {
        method: Method::GET,
        path: "/api/documents/{id}/text",
        errors: &[QUERY, DOCUMENT, STORAGE],
        to: |route| route.to(text),
    },
    Endpoint {
        method: Method::GET,
        path: "/api/documents/{id}/chunks",
        errors: &[QUERY, CURSOR, DOCUMENT, STORAGE],
        to: |route| route.to(chunks),
    },
];

const CURSOR: &[ErrorCode] = &[ErrorCode::InvalidCursor];

/// Takes a document in: JSON with `content` or `sourceUrl`, or a form with a file. Whatever is answered with 202 is not lost.
#[utoipa::path(
    post, path = "/api/documents", operation_id = "submitDocument", tag = "documents",
    request_body = DocumentRequestBody,
    responses(
        (status = 202, body = SubmittedBody, description = "It is queued"),
        (status = 201, body = DocumentBody, description = "With `wait`: it can be searched")
    )
)]
pub(crate) async fn submit(
    state: Data<ApiState>,
    language: Language,
    upload: Upload<DocumentRequestBody>,
) -> Result<HttpResponse, ApiError> {
    let wait = upload.fields.wait;
    let submission = upload.fields.into_submission(&state, upload.file)?;
    let store = submission.store.clone();
    let submitted = state.documents.submit(submission).await?;
    if wait && let Some(task) = finished(&state, &store, submitted.task).await? {
        return waited(&state, &store, &submitted, task, language).await;
    }
    Ok(HttpResponse::Accepted().json(SubmittedBody { id: submitted.document, task_id: submitted.task }))
}

/// The task when it is finished; `None` when that takes longer than anybody waits.
async fn finished(state: &ApiState, store: &StoreId, task: TaskId) -> Result<Option<Task>, ApiError> {
    let until = tokio::time::Instant::now() + WAIT;
    while tokio::time::Instant::now() < until {
        let found = state.documents.service.task_of(store, task).await?;
        if let Some(task) = found.filter(|task| !task.state.is_open()) {
            return Ok(Some(task));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(None)
}

async fn waited(
    state: &ApiState,
    store: &StoreId,
    submitted: &Submitted,
    task: Task,
    language: Language,
) -> Result<HttpResponse, ApiError> {
    if task.state != TaskState::Completed {
        let mut error = ApiError::new(ErrorCode::UnreadableDocument);
        if let Some(failure) = task.failure {
            let FailureBody { code, message, detail } = FailureBody::of(failure, language);
            error =
                error.with_detail(ErrorDetail::of(Some(&code), &message)).with_detail(ErrorDetail::of(None, &detail));
        }
        return Err(error);
    }
    let found = state.documents.service.find(store, &submitted.document).await?;
    let document = found.ok_or(ErrorCode::DocumentNotFound)?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(DocumentBody::of(document, language)))
}

/// Which documents to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// The store; the configured default when left out.
    #[param(value_type = Option<String>)]
    store_id: Option<StoreId>,
    /// Only this collection.
    #[param(value_type = Option<String>)]
    collection: Option<Collection>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// The most items, 20 when left out.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 200)]
    limit: Option<PageSize>,
}

/// A limit within what a page may have.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "usize")]
pub(crate) struct PageSize(PageLimit);

impl TryFrom<usize> for PageSize {
    type Error = String;
    fn try_from(limit: usize) -> Result<Self, String> {
        PageLimit::new(limit).map(Self).ok_or_else(|| format!("limit: 1 to {}", PageLimit::MAX))
    }
}

/// A store's documents, by id.
#[utoipa::path(
    get, path = "/api/documents", operation_id = "listDocuments", tag = "documents", params(ListQuery),
    responses((status = 200, body = DocumentList, description = "One page"))
)]
pub(crate) async fn list(
    state: Data<ApiState>,
    language: Language,
    query: ApiQuery<ListQuery>,
) -> Result<Json<DocumentList>, ApiError> {
    let ListQuery { store_id, collection, cursor, limit } = query.0;
    let after = cursor.as_deref().map(cursor::read_document).transpose()?;
    let limit = limit.map_or(PageLimit::DEFAULT, |size| size.0);
    let page = state.documents.service.page(&state.store(store_id), collection.as_ref(), after.as_ref(), limit).await?;
    Ok(Json(DocumentList {
        items: page.items.into_iter().map(|document| DocumentBody::of(document, language)).collect(),
        next_cursor: page.next.as_ref().map(cursor::write_document),
    }))
}

/// A document.
#[utoipa::path(
    get, path = "/api/documents/{id}", operation_id = "getDocument", tag = "documents",
    params(("id" = String, Path, description = "The document, percent-encoded"), StoreQuery),
    responses((status = 200, body = DocumentBody, description = "The document"))
)]
pub(crate) async fn get(
    state: Data<ApiState>,
    language: Language,
    id: DocumentPath,
    query: ApiQuery<StoreQuery>,
) -> Result<Json<DocumentBody>, ApiError> {
    let document = known(&state, &query.0.store(&state), &id.0).await?;
    Ok(Json(DocumentBody::of(document, language)))
}

async fn known(state: &ApiState, store: &StoreId, id: &DocumentId) -> Result<rag_pipeline::model::Document, ApiError> {
    state.documents.service.find(store, id).await?.ok_or_else(|| ErrorCode::DocumentNotFound.into())
}

/// Removes a document from every search, and stops taking it in if that is under way.
#[utoipa::path(
    delete, path = "/api/documents/{id}", operation_id = "deleteDocument", tag = "documents",
    params(("id" = String, Path, description = "The document, percent-encoded"), StoreQuery),
    responses((status = 204, description = "It is gone"))
)]
pub(crate) async fn delete(
    state: Data<ApiState>,
    id: DocumentPath,
    query: ApiQuery<StoreQuery>,
) -> Result<HttpResponse, ApiError> {
    if state.documents.service.delete(&query.0.store(&state), &id.0).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(ErrorCode::DocumentNotFound.into())
    }
}

/// The text of a document, as it was read.
#[utoipa::path(
    get, path = "/api/documents/{id}/text", operation_id = "getDocumentText", tag = "documents",
    params(("id" = String, Path, description = "The document, percent-encoded"), StoreQuery),
    responses((status = 200, body = DocumentTextBody, description = "The text; empty while it was not read yet"))
)]
pub(crate) async fn text(
    state: Data<ApiState>,
    id: DocumentPath,
    query: ApiQuery<StoreQuery>,
) -> Result<Json<DocumentTextBody>, ApiError> {
    let store = query.0.store(&state);
    known(&state, &store, &id.0).await?;
    let text = state.documents.service.text(&store, &id.0).await?.unwrap_or_default();
    Ok(Json(DocumentTextBody { text }))
}

/// Which chunks to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChunkQuery {
    /// The store; the configured default when left out.
    #[param(value_type = Option<String>)]
    store_id: Option<StoreId>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// The most items, 20 when left out.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 200)]
    limit: Option<PageSize>,
}

/// The pieces of a document that are found and cited, in order.
#[utoipa::path(
    get, path = "/api/documents/{id}/chunks", operation_id = "listDocumentChunks", tag = "documents",
    params(("id" = String, Path, description = "The document, percent-encoded"), ChunkQuery),
    responses((status = 200, body = ChunkList, description = "One page"))
)]
pub(crate) async fn chunks(
    state: Data<ApiState>,
    id: DocumentPath,
    query: ApiQuery<ChunkQuery>,
) -> Result<Json<ChunkList>, ApiError> {
    let ChunkQuery { store_id, cursor, limit } = query.0;
    let store = state.store(store_id);
    known(&state, &store, &id.0).await?;
    let from = cursor.as_deref().map_or(Ok(0), |cursor| cursor::read_sequence("cursor", cursor))?;
    let limit = limit.map_or(PageLimit::DEFAULT, |size| size.0).get();
    let from = u32::try_from(from).unwrap_or(u32::MAX);
    let mut items = state.documents.service.chunks(&store, &id.0, from, limit + 1).await?;
    let next_cursor = items.get(limit).map(|chunk| chunk.ordinal.to_string());
    items.truncate(limit);
    Ok(Json(ChunkList { items: items.into_iter().map(Into::into).collect(), next_cursor }))
}

/// Finds passages by words and by meaning, and tells of each why it was found.
#[utoipa::path(
    post, path = "/api/documents/search", operation_id = "searchDocuments", tag = "documents",
    request_body = DocumentSearchBody,
    responses((status = 200, body = DocumentHits, description = "What was found"))
)]
pub(crate) async fn search(
    state: Data<ApiState>,
    body: ApiJson<DocumentSearchBody>,
) -> Result<Json<DocumentHits>, ApiError> {
    let search = body.0.read(&state)?;
    let query = Query::from(search.query.as_str());
    let found = state.documents.retriever.retrieve(&search.scope, &query, search.limit).await?;
    Ok(Json(DocumentHits::of(found, search.min_score)))
}
