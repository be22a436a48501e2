use actix_web::http::Method;
use actix_web::web::{Data, Payload, ReqData};
use actix_web::{HttpRequest, HttpResponse, rt};
use kernel::SessionId;

use super::STORAGE;
use super::sessions::ScopeQuery;
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode, ErrorDetail};
use crate::extract::{ApiQuery, Id};
use crate::language::Language;
use crate::observe::RequestId;
use crate::reading::Scope;
use crate::state::ApiState;
use crate::ws::{Connection, frame_limit};

pub(crate) const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::GET,
    path: "/ws/{id}",
    errors: &[
        &[
            ErrorCode::InvalidId,
            ErrorCode::InvalidQuery,
            ErrorCode::SessionNotFound,
            ErrorCode::SessionExpired,
            ErrorCode::SessionEnded,
            ErrorCode::UpgradeRequired,
            ErrorCode::ShuttingDown,
        ],
        STORAGE,
    ],
    to: |route| route.to(connect),
}];

/// Opens a WebSocket to a session that can be used.
///
/// The client sends JSON texts: `{"type":"message","message":"…","clientMessageId":"…","businessMetadata":{…}}`,
/// `{"type":"resume","turnId":"…","after":7}`, `{"type":"cancel","turnId":"…"}` and `{"type":"ping"}`. The server
/// sends `{"type":"ready",…}` first, then the events of `POST /api/chat/stream` with `id` and `turnId` added,
/// `{"type":"cancelled",…}` and `{"type":"pong"}`. What goes wrong is an `error` event. It closes with 1003 (not
/// text), 1009 (too large), 1012 (the server restarts: connect again), 4404 or 4410 (the session is gone or
/// over), 4408 (nothing was heard) and 4429 (too many messages).
#[utoipa::path(
    get, path = "/ws/{id}", operation_id = "connectWebSocket", tag = "chat",
    params(("id" = String, Path, format = Uuid, description = "The session"), ScopeQuery),
    responses((status = 101, description = "The connection is a WebSocket now"))
)]
pub(crate) async fn connect(
    state: Data<ApiState>,
    request: HttpRequest,
    body: Payload,
    id: Id<SessionId>,
    query: ApiQuery<ScopeQuery>,
    language: Language,
    request_id: ReqData<RequestId>,
) -> Result<HttpResponse, ApiError> {
    if state.chat.is_draining() {
        return Err(ErrorCode::ShuttingDown.into());
    }
    let scope: Scope = query.0.scope(&state);
    let session = state.sessions.live(&scope.store, scope.user.as_ref(), id.0).await?;
    let (response, socket, incoming) = actix_ws::handle(&request, body).map_err(|error| {
        ApiError::new(ErrorCode::UpgradeRequired).with_detail(ErrorDetail::of(None, &error.to_string()))
    })?;
    let limit = frame_limit(state.settings.max_message_chars);
    let incoming = incoming.max_frame_size(limit).aggregate_continuations().max_continuation_size(limit);
    let connection = Connection {
        state,
        scope,
        session: session.id,
        expires_at: session.expires_at,
        language,
        request_id: request_id.into_inner(),
    };
    rt::spawn(connection.run(socket, incoming));
    Ok(response)
}
