use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Data, ReqData};
use kernel::{SessionId, StoreId, UserId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::STORAGE;
use super::sessions::{QUERY, SESSION};
use crate::conversation::{self, Conversation, JsonTranscript};
use crate::dto::{ExportFormat, ExportHead, ExportedMessage, SessionBody, SessionExport};
use crate::endpoint::Endpoint;
use crate::error::ApiError;
use crate::extract::{ApiQuery, Id};
use crate::language::Language;
use crate::markdown::MarkdownTranscript;
use crate::observe::RequestId;
use crate::reading::Scope;
use crate::state::ApiState;

pub(crate) const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::GET,
    path: "/api/sessions/{id}/export",
    errors: &[QUERY, SESSION, STORAGE],
    to: |route| route.to(export),
}];

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// `json` when left out.
    #[serde(default)]
    #[param(inline)]
    format: ExportFormat,
    /// The store; the configured default when left out.
    #[param(value_type = Option<String>)]
    store_id: Option<StoreId>,
    /// Only if it is this user's session; then only their feedback is exported.
    #[param(value_type = Option<String>)]
    user_id: Option<UserId>,
}

/// Exports a session with all its messages, as a file. A transcript is in the language of Accept-Language.
///
/// The body is written as it is read: one that ends before its end is broken off, because the storage failed.
#[utoipa::path(
    get, path = "/api/sessions/{id}/export", operation_id = "exportSession", tag = "sessions",
    params(("id" = String, Path, format = Uuid, description = "The session"), ExportQuery),
    responses((status = 200, description = "The file", content(
        (SessionExport = "application/json"),
        (String = "text/markdown")
    )))
)]
pub(crate) async fn export(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<ExportQuery>,
    language: Language,
    request_id: ReqData<RequestId>,
) -> Result<HttpResponse, ApiError> {
    let ExportQuery { format, store_id, user_id } = query.0;
    let scope = Scope { store: state.store(store_id), user: user_id };
    let session = state.sessions.get(&scope.store, scope.user.as_ref(), id.0).await?;
    let (now, request_id) = (state.clock.now(), request_id.into_inner());
    let conversation = Conversation::new(state, scope, id.0);
    Ok(match format {
        ExportFormat::Json => {
            let head = ExportHead { exported_at: now, session: SessionBody::of(session, now) };
            let transcript = JsonTranscript::new(head, ExportedMessage::from);
            let body = conversation::write(conversation.with_feedback(), transcript, request_id).await?;
            file(id.0, "json", "application/json").streaming(body)
        }
        ExportFormat::Markdown => {
            let transcript = MarkdownTranscript::new(session, now, language);
            let body = conversation::write(conversation, transcript, request_id).await?;
            file(id.0, "md", "text/markdown; charset=utf-8").streaming(body)
        }
    })
}

/// The file is called after the session's id: a title would bring in whatever a customer wrote.
fn file(session: SessionId, ending: &str, content_type: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"conversation-{session}.{ending}\"")))
        .insert_header((CACHE_CONTROL, "no-store"));
    response
}
