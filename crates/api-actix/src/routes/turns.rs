use actix_web::http::Method;
use actix_web::web::{Data, ReqData};
use actix_web::{HttpRequest, HttpResponse};
use kernel::{StoreId, TurnId, UserId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::STORAGE;
use crate::dto::StreamEvent;
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode, ErrorDetail};
use crate::extract::{ApiQuery, Id};
use crate::language::Language;
use crate::observe::RequestId;
use crate::reading::{self, Scope};
use crate::sse;
use crate::state::ApiState;

const LAST_EVENT_ID: &str = "last-event-id";

const RESUME: &[ErrorCode] =
    &[ErrorCode::InvalidId, ErrorCode::InvalidQuery, ErrorCode::InvalidEventId, ErrorCode::TurnNotFound];

pub(crate) const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::GET,
    path: "/api/turns/{id}/stream",
    errors: &[RESUME, STORAGE],
    to: |route| route.to(stream),
}];

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TurnQuery {
    /// The number of the last event heard; the header `Last-Event-ID` wins over it.
    after: Option<u64>,
    /// The store; the configured default when left out.
    #[param(value_type = Option<String>)]
    store_id: Option<StoreId>,
    /// Only this user's turn.
    #[param(value_type = Option<String>)]
    user_id: Option<UserId>,
}

/// Goes on with the stream of a turn: replays what came after the last event heard, then follows.
///
/// A turn that has ended is told from what is kept.
#[utoipa::path(
    get, path = "/api/turns/{id}/stream", operation_id = "followTurn", tag = "chat",
    params(
        ("id" = String, Path, format = Uuid, description = "The turn: `turnId` of the `session` event"),
        ("Last-Event-ID" = Option<u64>, Header, description = "The number of the last event heard"),
        TurnQuery
    ),
    responses((status = 200, content_type = "text/event-stream", body = StreamEvent,
        description = "Server-sent events; the `data` of each is one StreamEvent"))
)]
pub(crate) async fn stream(
    state: Data<ApiState>,
    request: HttpRequest,
    id: Id<TurnId>,
    query: ApiQuery<TurnQuery>,
    language: Language,
    request_id: ReqData<RequestId>,
) -> Result<HttpResponse, ApiError> {
    let after = resume_point(&request, query.0.after)?;
    let scope = Scope { store: state.store(query.0.store_id), user: query.0.user_id };
    reading::require_turn(&state, &scope, id.0).await?;
    let events = state.chat.follow(&scope.store, id.0, after).await?;
    Ok(sse::respond(&state, events, language, request_id.into_inner()))
}

/// The last event heard. Browsers repeat the address as it was, so what they say in the header is newer.
fn resume_point(request: &HttpRequest, after: Option<u64>) -> Result<u64, ApiError> {
    let Some(header) = request.headers().get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else {
        return Ok(after.unwrap_or(0));
    };
    let number = header.to_str().ok().and_then(|text| text.trim().parse().ok());
    number.ok_or_else(|| {
        let detail = ErrorDetail::of(Some("Last-Event-ID"), "not the number of an event");
        ApiError::new(ErrorCode::InvalidEventId).with_detail(detail)
    })
}
