//! The stage-1 interface, for the clients that were written for it. New ones use `/api/chat` and `/api/sessions`.
//!
//! Its clients name the store when they begin a session, and know the session by its id alone from then on. So
//! the store is looked up by the id, unless `storeId` says it. That gives nothing away that the id does not
//! give already: ids are UUIDv7, 74 bits of which are random; whoever has one was told it. It is how this
//! interface has always worked, and no other one does it. Fields and parameters it does not know are ignored.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::{Data, Json, ReqData};
use chat_service::{Ask, AskedTurn};
use kernel::{PageLimit, SessionId, StoreId};
use serde::Deserialize;
use session_core::cache::View;
use session_core::model::Session;
use session_core::ports::MessageRange;
use utoipa::IntoParams;

use super::chat::{ANSWER, QUESTION};
use super::sessions::{QUERY, SESSION, invalid_query};
use super::{BODY, STORAGE};
use crate::dto::{
    Stage1Created, Stage1Message, Stage1NewSession, Stage1Question, Stage1Reply, Stage1SessionReply, StatsBody,
    StreamEvent,
};
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode};
use crate::extract::{ApiJson, ApiQuery, Id};
use crate::language::Language;
use crate::observe::RequestId;
use crate::rendered::rendered;
use crate::reply::Reply;
use crate::sse;
use crate::state::ApiState;
use crate::telling::Telling;

/// Where its sessions come from.
const CHANNEL: &str = "session-chat";
/// The longest question of stage 1, in characters, whatever the server takes elsewhere.
const MAX_MESSAGE_CHARS: usize = 2000;
/// Messages of a session that are shown when nobody says how many, and at most.
const USUAL_MESSAGES: usize = 10;
const MAX_MESSAGES: usize = 50;

const LIVE: &[ErrorCode] = &[ErrorCode::SessionExpired, ErrorCode::SessionEnded];
const ASKED: &[ErrorCode] = &[ErrorCode::InvalidId, ErrorCode::TurnNotFound];

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::POST,
        path: "/api/session-chat/sessions",
        errors: &[BODY, &[ErrorCode::Conflict], STORAGE],
        to: |route| route.to(create),
    },
    Endpoint {
        method: Method::GET,
        path: "/api/session-chat/sessions/{id}",
        errors: &[QUERY, SESSION, LIVE, STORAGE],
        to: |route| route.to(get),
    },
    Endpoint {
        method: Method::POST,
        path: "/api/session-chat/{id}",
        errors: &[QUERY, ASKED, BODY, QUESTION, ANSWER, STORAGE],
        to: |route| route.to(ask),
    },
    Endpoint {
        method: Method::POST,
        path: "/api/session-chat/{id}/stream",
        errors: &[QUERY, ASKED, BODY, QUESTION, STORAGE],
        to: |route| route.to(stream),
    },
    Endpoint {
        method: Method::GET,
        path: "/api/session-chat/{id}/stats",
        errors: &[QUERY, SESSION, LIVE, STORAGE],
        to: |route| route.to(stats),
    },
];

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct Stage1Query {
    /// The store; the session's own when left out.
    #[param(value_type = Option<String>)]
    store_id: Option<StoreId>,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct Stage1SessionQuery {
    /// The store; the session's own when left out.
    #[param(value_type = Option<String>)]
    store_id: Option<StoreId>,
    /// The most messages, 10 when left out.
    #[param(minimum = 1, maximum = 50)]
    message_limit: Option<usize>,
}

/// Begins a session.
#[utoipa::path(
    post, path = "/api/session-chat/sessions", operation_id = "stage1CreateSession", tag = "session-chat",
    request_body = Stage1NewSession,
    responses((status = 201, body = Stage1Created, description = "The session's id"))
)]
pub(crate) async fn create(state: Data<ApiState>, body: ApiJson<Stage1NewSession>) -> Result<HttpResponse, ApiError> {
    let session = state.sessions.create(body.0.into_new(CHANNEL)).await?;
    Ok(HttpResponse::Created().json(Stage1Created::from(session.id)))
}

/// Reads a live session with its latest messages.
#[utoipa::path(
    get, path = "/api/session-chat/sessions/{id}", operation_id = "stage1GetSession", tag = "session-chat",
    params(("id" = String, Path, format = Uuid, description = "The session"), Stage1SessionQuery),
    responses((status = 200, body = Stage1SessionReply, description = "The session"))
)]
pub(crate) async fn get(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<Stage1SessionQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = query.0.message_limit.unwrap_or(USUAL_MESSAGES);
    let limit = PageLimit::new(limit).filter(|limit| limit.get() <= MAX_MESSAGES);
    let limit = limit.ok_or_else(|| invalid_query("messageLimit", &format!("1 to {MAX_MESSAGES}")))?;
    let store = query.0.store_id;
    let view = View { kind: "session-chat", size: limit.get(), session: id.0, store: store.clone(), user: None };
    let make = async || {
        let session = live(&state, store, id.0).await?;
        let latest = state.turns.messages(&session.store, id.0, MessageRange::Latest, limit).await?;
        let stats = state.turns.stats(&session.store, id.0).await?;
        let reply = Stage1SessionReply {
            recent_messages: latest.items.into_iter().map(Stage1Message::from).collect(),
            stats: StatsBody::of(stats, session.last_active_at),
            session: session.clone().into(),
        };
        Ok((session, reply))
    };
    rendered(&state, view, make).await
}

/// Asks a question in a session and waits for the whole answer.
#[utoipa::path(
    post, path = "/api/session-chat/{id}", operation_id = "stage1Chat", tag = "session-chat",
    params(("id" = String, Path, format = Uuid, description = "The session"), Stage1Query),
    request_body = Stage1Question,
    responses((status = 200, body = Stage1Reply, description = "The answer"))
)]
pub(crate) async fn ask(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<Stage1Query>,
    body: ApiJson<Stage1Question>,
) -> Result<Json<Stage1Reply>, ApiError> {
    let (store, asked) = asked(&state, query.0.store_id, id.0, body.0).await?;
    let events = state.chat.answer(&store, asked).await?;
    let reply = Reply::collect(events).await?;
    Ok(Json(reply.into_body(asked.turn, state.clock.now()).into()))
}

/// Asks a question in a session and streams the answer; `session_logged` comes after `done`.
#[utoipa::path(
    post, path = "/api/session-chat/{id}/stream", operation_id = "stage1StreamChat", tag = "session-chat",
    params(("id" = String, Path, format = Uuid, description = "The session"), Stage1Query),
    request_body = Stage1Question,
    responses((status = 200, content_type = "text/event-stream", body = StreamEvent,
        description = "Server-sent events; the `data` of each is one StreamEvent"))
)]
pub(crate) async fn stream(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<Stage1Query>,
    language: Language,
    request_id: ReqData<RequestId>,
    body: ApiJson<Stage1Question>,
) -> Result<HttpResponse, ApiError> {
    let (store, asked) = asked(&state, query.0.store_id, id.0, body.0).await?;
    let events = state.chat.answer(&store, asked).await?;
    let telling = Telling::new(&state, asked.turn, events, language, request_id.into_inner());
    Ok(sse::respond_and_log(&state, telling))
}

/// Figures of a live session.
#[utoipa::path(
    get, path = "/api/session-chat/{id}/stats", operation_id = "stage1Stats", tag = "session-chat",
    params(("id" = String, Path, format = Uuid, description = "The session"), Stage1Query),
    responses((status = 200, body = StatsBody, description = "The figures"))
)]
pub(crate) async fn stats(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<Stage1Query>,
) -> Result<Json<StatsBody>, ApiError> {
    let session = live(&state, query.0.store_id, id.0).await?;
    let stats = state.turns.stats(&session.store, id.0).await?;
    Ok(Json(StatsBody::of(stats, session.last_active_at)))
}

async fn store_of(state: &ApiState, named: Option<StoreId>, id: SessionId) -> Result<StoreId, ApiError> {
    match named {
        Some(store) => Ok(store),
        None => Ok(state.sessions.store_of(id).await?),
    }
}

async fn live(state: &ApiState, named: Option<StoreId>, id: SessionId) -> Result<Session, ApiError> {
    let store = store_of(state, named, id).await?;
    Ok(state.sessions.live(&store, None, id).await?)
}

/// The turn a question became, and the store it is in.
async fn asked(
    state: &ApiState,
    named: Option<StoreId>,
    id: SessionId,
    mut question: Stage1Question,
) -> Result<(StoreId, AskedTurn), ApiError> {
    if question.message.chars().count() > MAX_MESSAGE_CHARS {
        return Err(ApiError::new(ErrorCode::MessageTooLong).with_figure(MAX_MESSAGE_CHARS));
    }
    let store = store_of(state, named, id).await?;
    let ask = Ask {
        store: store.clone(),
        user: None,
        session: Some(id),
        business: question.business(),
        message: question.message,
        client_message_id: None,
        channel: CHANNEL.to_owned(),
    };
    Ok((store, state.ask(ask).await?))
}
