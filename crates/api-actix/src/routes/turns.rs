use actix_web::http::Method;
use actix_web::http::header::ACCEPT;
use actix_web::web::{Data, Json, ReqData};
use actix_web::{HttpRequest, HttpResponse};
use chat_service::Regenerate;
use kernel::{MessageId, StoreId, TurnId, UserId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::sessions::ScopeQuery;
use super::{BODY, STORAGE, chat};
use crate::dto::{CancelledTurn, ChatReply, RegenerateBody, StreamEvent};
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode, ErrorDetail};
use crate::extract::{ApiQuery, Id, OptionalJson};
use crate::language::Language;
use crate::observe::RequestId;
use crate::reading::{self, Scope};
use crate::reply::Reply;
use crate::sse;
use crate::state::ApiState;
use crate::telling::Telling;

const LAST_EVENT_ID: &str = "last-event-id";

const RESUME: &[ErrorCode] =
    &[ErrorCode::InvalidId, ErrorCode::InvalidQuery, ErrorCode::InvalidEventId, ErrorCode::TurnNotFound];

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/api/turns/{id}/stream",
        errors: &[RESUME, STORAGE],
        to: |route| route.to(stream),
    },
    Endpoint {
        method: Method::POST,
        path: "/api/turns/{id}/cancel",
        errors: &[&[ErrorCode::InvalidId, ErrorCode::InvalidQuery, ErrorCode::TurnNotFound], STORAGE],
        to: |route| route.to(cancel),
    },
    Endpoint {
        method: Method::POST,
        path: "/api/messages/{id}/regenerate",
        errors: &[
            BODY,
            &[ErrorCode::InvalidId, ErrorCode::InvalidQuery, ErrorCode::MessageNotFound, ErrorCode::NothingToAnswer],
            chat::QUESTION,
            chat::ANSWER,
            STORAGE,
        ],
        to: |route| route.to(regenerate),
    },
];

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
    Ok(sse::respond(&state, Telling::new(&state, id.0, events, language, request_id.into_inner())))
}

/// Stops an answer that is being made. What was said is kept, marked interrupted.
///
/// A turn that is over stays as it is. One that another instance answers may still be open in the reply:
/// it stops within seconds.
#[utoipa::path(
    post, path = "/api/turns/{id}/cancel", operation_id = "cancelTurn", tag = "chat",
    params(("id" = String, Path, format = Uuid, description = "The turn"), ScopeQuery),
    responses((status = 200, body = CancelledTurn, description = "How the turn ended"))
)]
pub(crate) async fn cancel(
    state: Data<ApiState>,
    id: Id<TurnId>,
    query: ApiQuery<ScopeQuery>,
) -> Result<Json<CancelledTurn>, ApiError> {
    let scope = query.0.scope(&state);
    reading::require_turn(&state, &scope, id.0).await?;
    Ok(Json(state.chat.cancel(&scope.store, id.0).await?.into()))
}

/// Answers a question once more: the new answer stands beside the earlier ones, as another child of the
/// same question.
///
/// With `Accept: text/event-stream` the answer is streamed as `POST /api/chat/stream` does, otherwise
/// it comes whole. The body may be left out.
#[utoipa::path(
    post, path = "/api/messages/{id}/regenerate", operation_id = "regenerateAnswer", tag = "chat",
    params(("id" = String, Path, format = Uuid, description = "The question, or an answer to it"), ScopeQuery),
    request_body = Option<RegenerateBody>,
    responses((status = 200, description = "The new answer",
        content((ChatReply = "application/json"), (StreamEvent = "text/event-stream"))))
)]
pub(crate) async fn regenerate(
    state: Data<ApiState>,
    request: HttpRequest,
    id: Id<MessageId>,
    query: ApiQuery<ScopeQuery>,
    language: Language,
    request_id: ReqData<RequestId>,
    body: OptionalJson<RegenerateBody>,
) -> Result<HttpResponse, ApiError> {
    let Scope { store, user } = query.0.scope(&state);
    let client_message_id = body.0.and_then(|body| body.client_message_id);
    let again = Regenerate { store: store.clone(), user, message: id.0, client_message_id };
    let asked = state.regenerate(again).await?;
    let events = state.chat.answer(&store, asked).await?;
    if wants_events(&request) {
        let telling = Telling::new(&state, asked.turn, events, language, request_id.into_inner());
        return Ok(sse::respond(&state, telling));
    }
    let reply = Reply::collect(events).await?;
    Ok(HttpResponse::Ok().json(reply.into_body(asked.turn, state.clock.now())))
}

fn wants_events(request: &HttpRequest) -> bool {
    let accepted = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| kind.trim().starts_with("text/event-stream"))
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
