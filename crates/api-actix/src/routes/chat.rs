use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::{Data, Json, ReqData};

use super::{BODY, STORAGE};
use crate::dto::{ChatBody, ChatReply, StreamEvent};
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode};
use crate::extract::ApiJson;
use crate::language::Language;
use crate::observe::RequestId;
use crate::reply::Reply;
use crate::sse;
use crate::state::ApiState;
use crate::telling::Telling;

pub(super) const QUESTION: &[ErrorCode] = &[
    ErrorCode::EmptyMessage,
    ErrorCode::MessageTooLong,
    ErrorCode::InvalidClientMessageId,
    ErrorCode::InvalidBusinessMetadata,
    ErrorCode::SessionNotFound,
    ErrorCode::TurnInProgress,
    ErrorCode::IdempotencyKeyReused,
    ErrorCode::TooManyStreams,
    ErrorCode::Conflict,
    ErrorCode::SessionExpired,
    ErrorCode::SessionEnded,
    ErrorCode::ShuttingDown,
];
pub(super) const ANSWER: &[ErrorCode] = &[
    ErrorCode::TurnNotFound,
    ErrorCode::TurnInterrupted,
    ErrorCode::TurnCancelled,
    ErrorCode::ModelUnavailable,
    ErrorCode::TurnTimedOut,
];

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::POST,
        path: "/api/chat/stream",
        errors: &[BODY, QUESTION, &[ErrorCode::TurnNotFound], STORAGE],
        to: |route| route.to(stream),
    },
    Endpoint {
        method: Method::POST,
        path: "/api/chat",
        errors: &[BODY, QUESTION, ANSWER, STORAGE],
        to: |route| route.to(ask),
    },
];

/// Asks a question and streams the answer.
///
/// Each event is `id: <n>` and `data: <json>`; a comment line keeps a silent stream alive. A client that
/// disconnects does not cancel the turn: `GET /api/turns/{id}/stream` goes on where it stopped. What goes
/// wrong before the stream begins is an ordinary error; afterwards it is an `error` event.
#[utoipa::path(
    post, path = "/api/chat/stream", operation_id = "streamChat", tag = "chat", request_body = ChatBody,
    responses((status = 200, content_type = "text/event-stream", body = StreamEvent,
        description = "Server-sent events; the `data` of each is one StreamEvent"))
)]
pub(crate) async fn stream(
    state: Data<ApiState>,
    language: Language,
    request_id: ReqData<RequestId>,
    body: ApiJson<ChatBody>,
) -> Result<HttpResponse, ApiError> {
    let ask = body.0.into_ask(&state, "web");
    let store = ask.store.clone();
    let asked = state.ask(ask).await?;
    let events = state.chat.answer(&store, asked).await?;
    let telling = Telling::new(&state, asked.turn, events, language, request_id.into_inner());
    Ok(sse::respond(&state, telling))
}

/// Asks a question and waits for the whole answer.
#[utoipa::path(
    post, path = "/api/chat", operation_id = "chat", tag = "chat", request_body = ChatBody,
    responses((status = 200, body = ChatReply, description = "The answer"))
)]
pub(crate) async fn ask(state: Data<ApiState>, body: ApiJson<ChatBody>) -> Result<Json<ChatReply>, ApiError> {
    let ask = body.0.into_ask(&state, "api");
    let store = ask.store.clone();
    let asked = state.ask(ask).await?;
    let events = state.chat.answer(&store, asked).await?;
    let reply = Reply::collect(events).await?;
    Ok(Json(reply.into_body(asked.turn, state.clock.now())))
}
