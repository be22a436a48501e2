use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json};
use kernel::{PageLimit, SessionId, StoreId, UserId};
use serde::Deserialize;
use session_core::cache::View;
use session_core::ports::MessageRange;
use utoipa::IntoParams;

use super::{BODY, STORAGE};
use crate::cursor;
use crate::dto::{ActiveCount, MessageList, NewSessionBody, SessionBody, SessionList, StateParam};
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode, ErrorDetail};
use crate::extract::{ApiJson, ApiQuery, Id};
use crate::reading::{self, Scope};
use crate::rendered::rendered;
use crate::state::ApiState;

pub(super) const QUERY: &[ErrorCode] = &[ErrorCode::InvalidQuery];
const CURSOR: &[ErrorCode] = &[ErrorCode::InvalidCursor];
pub(super) const SESSION: &[ErrorCode] = &[ErrorCode::InvalidId, ErrorCode::SessionNotFound];

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::POST,
        path: "/api/sessions",
        errors: &[BODY, &[ErrorCode::InvalidTitle, ErrorCode::Conflict], STORAGE],
        to: |route| route.to(create),
    },
    Endpoint {
        method: Method::GET,
        path: "/api/sessions",
        errors: &[QUERY, CURSOR, STORAGE],
        to: |route| route.to(list),
    },
    Endpoint {
        method: Method::GET,
        path: "/api/sessions/active-count",
        errors: &[QUERY, STORAGE],
        to: |route| route.to(active_count),
    },
    Endpoint {
        method: Method::GET,
        path: "/api/sessions/{id}",
        errors: &[QUERY, SESSION, STORAGE],
        to: |route| route.to(get),
    },
    Endpoint {
        method: Method::GET,
        path: "/api/sessions/{id}/messages",
        errors: &[QUERY, CURSOR, SESSION, STORAGE],
        to: |route| route.to(messages),
    },
];

impl ScopeQuery {
    /// Whose conversations are meant.
    pub(super) fn scope(self, state: &ApiState) -> Scope {
        Scope { store: state.store(self.store_id), user: self.user_id }
    }
}

/// Whose sessions.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScopeQuery {
    /// The store; the configured default when left out.
    #[param(value_type = Option<String>)]
    store_id: Option<StoreId>,
    /// Only this user's; another user's session is not found.
    #[param(value_type = Option<String>)]
    user_id: Option<UserId>,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StoreQuery {
    /// The store; the configured default when left out.
    #[param(value_type = Option<String>)]
    store_id: Option<StoreId>,
}

impl StoreQuery {
    /// The store that is meant.
    pub(super) fn store(self, state: &ApiState) -> StoreId {
        state.store(self.store_id)
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// The store; the configured default when left out.
    #[param(value_type = Option<String>)]
    store_id: Option<StoreId>,
    /// Only this user's.
    #[param(value_type = Option<String>)]
    user_id: Option<UserId>,
    /// Only those in this state.
    #[param(inline)]
    state: Option<StateParam>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// The most items, 20 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessagesQuery {
    /// The store; the configured default when left out.
    #[param(value_type = Option<String>)]
    store_id: Option<StoreId>,
    /// Only if it is this user's session; also whose feedback is shown.
    #[param(value_type = Option<String>)]
    user_id: Option<UserId>,
    /// The newest messages before this sequence number. Without `before` and `after`: the newest of all.
    before: Option<String>,
    /// The oldest messages after this sequence number.
    after: Option<String>,
    /// The most items, 20 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// Begins a session.
#[utoipa::path(
    post, path = "/api/sessions", operation_id = "createSession", tag = "sessions", request_body = NewSessionBody,
    responses((status = 201, body = SessionBody, description = "The session",
        headers(("location" = String, description = "Its address"))))
)]
pub(crate) async fn create(state: Data<ApiState>, body: ApiJson<NewSessionBody>) -> Result<HttpResponse, ApiError> {
    let session = state.sessions.create(body.0.into_new(&state)?).await?;
    let body = SessionBody::of(session, state.clock.now());
    Ok(HttpResponse::Created().insert_header((LOCATION, format!("/api/sessions/{}", body.id))).json(body))
}

/// Lists sessions, the one used last first.
#[utoipa::path(
    get, path = "/api/sessions", operation_id = "listSessions", tag = "sessions", params(ListQuery),
    responses((status = 200, body = SessionList, description = "One page"))
)]
pub(crate) async fn list(state: Data<ApiState>, query: ApiQuery<ListQuery>) -> Result<Json<SessionList>, ApiError> {
    let query = query.0;
    let after = query.cursor.as_deref().map(cursor::read_session).transpose()?;
    let limit = page_limit(query.limit)?;
    let (store, wanted) = (state.store(query.store_id), query.state.map(Into::into));
    let page = state.sessions.list(store, query.user_id, wanted, after, limit).await?;
    let now = state.clock.now();
    Ok(Json(SessionList {
        items: page.items.into_iter().map(|session| SessionBody::of(session, now)).collect(),
        next_cursor: page.next.map(cursor::write_session),
    }))
}

/// Counts the sessions that are active now.
#[utoipa::path(
    get, path = "/api/sessions/active-count", operation_id = "countActiveSessions", tag = "sessions",
    params(StoreQuery),
    responses((status = 200, body = ActiveCount, description = "The count"))
)]
pub(crate) async fn active_count(
    state: Data<ApiState>,
    query: ApiQuery<StoreQuery>,
) -> Result<Json<ActiveCount>, ApiError> {
    let store_id = query.0.store(&state);
    let active_count = state.sessions.count_active(&store_id).await?;
    Ok(Json(ActiveCount { store_id, active_count }))
}

/// Reads a session.
#[utoipa::path(
    get, path = "/api/sessions/{id}", operation_id = "getSession", tag = "sessions",
    params(("id" = String, Path, format = Uuid, description = "The session"), ScopeQuery),
    responses((status = 200, body = SessionBody, description = "The session"))
)]
pub(crate) async fn get(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<ScopeQuery>,
) -> Result<HttpResponse, ApiError> {
    let Scope { store, user } = query.0.scope(&state);
    let view = View { kind: "session", size: 0, session: id.0, store: Some(store.clone()), user: user.clone() };
    let make = async || {
        let session = state.sessions.get(&store, user.as_ref(), id.0).await?;
        Ok((session.clone(), SessionBody::of(session, state.clock.now())))
    };
    rendered(&state, view, make).await
}

/// Reads a part of a session's messages, always oldest first.
#[utoipa::path(
    get, path = "/api/sessions/{id}/messages", operation_id = "listMessages", tag = "sessions",
    params(("id" = String, Path, format = Uuid, description = "The session"), MessagesQuery),
    responses((status = 200, body = MessageList, description = "One page"))
)]
pub(crate) async fn messages(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<MessagesQuery>,
) -> Result<Json<MessageList>, ApiError> {
    let query = query.0;
    let range = range(query.before.as_deref(), query.after.as_deref())?;
    let limit = page_limit(query.limit)?;
    let scope = Scope { store: state.store(query.store_id), user: query.user_id };
    Ok(Json(reading::messages(&state, &scope, id.0, range, limit).await?))
}

fn page_limit(asked: Option<usize>) -> Result<PageLimit, ApiError> {
    let Some(limit) = asked else { return Ok(PageLimit::DEFAULT) };
    PageLimit::new(limit).ok_or_else(|| invalid_query("limit", &format!("1 to {}", PageLimit::MAX)))
}

fn range(before: Option<&str>, after: Option<&str>) -> Result<MessageRange, ApiError> {
    match (before, after) {
        (None, None) => Ok(MessageRange::Latest),
        (Some(before), None) => Ok(MessageRange::Before(cursor::read_sequence("before", before)?)),
        (None, Some(after)) => Ok(MessageRange::After(cursor::read_sequence("after", after)?)),
        (Some(_), Some(_)) => Err(invalid_query("after", "give either before or after")),
    }
}

pub(super) fn invalid_query(parameter: &str, message: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidQuery).with_detail(ErrorDetail::of(Some(parameter), message))
}
