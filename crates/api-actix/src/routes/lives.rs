//! What happens to a session: used, changed, extended, ended, deleted.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::{Data, Json};
use kernel::SessionId;
use session_core::model::SessionChange;

use super::sessions::{QUERY, SESSION, ScopeQuery};
use super::{BODY, STORAGE};
use crate::dto::{ExtendBody, SessionBody, SessionChangeBody, StatsBody, ValidationBody};
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode};
use crate::extract::{ApiJson, ApiQuery, Id};
use crate::reading::Scope;
use crate::state::ApiState;

const CHANGE: &[ErrorCode] = &[ErrorCode::InvalidTitle, ErrorCode::InvalidBusinessMetadata];
/// Others may write all the time; in the end one gives up.
const CONTENDED: &[ErrorCode] = &[ErrorCode::Conflict];
const LIVE: &[ErrorCode] = &[ErrorCode::SessionExpired, ErrorCode::SessionEnded];

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::PATCH,
        path: "/api/sessions/{id}",
        errors: &[QUERY, BODY, CHANGE, SESSION, CONTENDED, STORAGE],
        to: |route| route.to(change),
    },
    Endpoint {
        method: Method::DELETE,
        path: "/api/sessions/{id}",
        errors: &[QUERY, SESSION, CONTENDED, STORAGE],
        to: |route| route.to(delete),
    },
    Endpoint {
        method: Method::POST,
        path: "/api/sessions/{id}/validate",
        errors: &[QUERY, SESSION, STORAGE],
        to: |route| route.to(validate),
    },
    Endpoint {
        method: Method::POST,
        path: "/api/sessions/{id}/extend",
        errors: &[QUERY, BODY, SESSION, CONTENDED, LIVE, STORAGE],
        to: |route| route.to(extend),
    },
    Endpoint {
        method: Method::POST,
        path: "/api/sessions/{id}/end",
        errors: &[QUERY, SESSION, CONTENDED, &[ErrorCode::SessionExpired], STORAGE],
        to: |route| route.to(end),
    },
    Endpoint {
        method: Method::GET,
        path: "/api/sessions/{id}/stats",
        errors: &[QUERY, SESSION, STORAGE],
        to: |route| route.to(stats),
    },
];

/// Changes title, metadata, business fields or privacy of a session, live or not.
#[utoipa::path(
    patch, path = "/api/sessions/{id}", operation_id = "changeSession", tag = "sessions",
    params(("id" = String, Path, format = Uuid, description = "The session"), ScopeQuery),
    request_body = SessionChangeBody,
    responses((status = 200, body = SessionBody, description = "The session as it is now"))
)]
pub(crate) async fn change(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<ScopeQuery>,
    body: ApiJson<SessionChangeBody>,
) -> Result<Json<SessionBody>, ApiError> {
    let Scope { store, user } = query.0.scope(&state);
    let change = SessionChange::from(body.0);
    let session = state.sessions.change(&store, user.as_ref(), id.0, &change).await?;
    Ok(Json(SessionBody::of(session, state.clock.now())))
}

/// Deletes a session: it is hidden at once, and removed for good with its messages some time later.
#[utoipa::path(
    delete, path = "/api/sessions/{id}", operation_id = "deleteSession", tag = "sessions",
    params(("id" = String, Path, format = Uuid, description = "The session"), ScopeQuery),
    responses((status = 204, description = "It is deleted"))
)]
pub(crate) async fn delete(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<ScopeQuery>,
) -> Result<HttpResponse, ApiError> {
    let Scope { store, user } = query.0.scope(&state);
    state.sessions.delete(&store, user.as_ref(), id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Says whether a session can be talked in. If so, this is a use of it: it is counted and lives on.
#[utoipa::path(
    post, path = "/api/sessions/{id}/validate", operation_id = "validateSession", tag = "sessions",
    params(("id" = String, Path, format = Uuid, description = "The session"), ScopeQuery),
    responses((status = 200, body = ValidationBody, description = "Whether it can"))
)]
pub(crate) async fn validate(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<ScopeQuery>,
) -> Result<Json<ValidationBody>, ApiError> {
    let Scope { store, user } = query.0.scope(&state);
    Ok(Json(state.sessions.validate(&store, user.as_ref(), id.0).await?.into()))
}

/// Lets a live session expire later.
#[utoipa::path(
    post, path = "/api/sessions/{id}/extend", operation_id = "extendSession", tag = "sessions",
    params(("id" = String, Path, format = Uuid, description = "The session"), ScopeQuery),
    request_body = ExtendBody,
    responses((status = 200, body = SessionBody, description = "The session as it is now"))
)]
pub(crate) async fn extend(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<ScopeQuery>,
    body: ApiJson<ExtendBody>,
) -> Result<Json<SessionBody>, ApiError> {
    let Scope { store, user } = query.0.scope(&state);
    let session = state.sessions.extend(&store, user.as_ref(), id.0, body.0.hours).await?;
    Ok(Json(SessionBody::of(session, state.clock.now())))
}

/// Ends a session: it can be read on, but not talked in. One that was ended before stays as it is.
#[utoipa::path(
    post, path = "/api/sessions/{id}/end", operation_id = "endSession", tag = "sessions",
    params(("id" = String, Path, format = Uuid, description = "The session"), ScopeQuery),
    responses((status = 200, body = SessionBody, description = "The session as it is now"))
)]
pub(crate) async fn end(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<ScopeQuery>,
) -> Result<Json<SessionBody>, ApiError> {
    let Scope { store, user } = query.0.scope(&state);
    let session = state.sessions.end(&store, user.as_ref(), id.0).await?;
    Ok(Json(SessionBody::of(session, state.clock.now())))
}

/// Figures of a session.
#[utoipa::path(
    get, path = "/api/sessions/{id}/stats", operation_id = "sessionStats", tag = "sessions",
    params(("id" = String, Path, format = Uuid, description = "The session"), ScopeQuery),
    responses((status = 200, body = StatsBody, description = "The figures"))
)]
pub(crate) async fn stats(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<ScopeQuery>,
) -> Result<Json<StatsBody>, ApiError> {
    let Scope { store, user } = query.0.scope(&state);
    let session = state.sessions.get(&store, user.as_ref(), id.0).await?;
    let stats = state.turns.stats(&store, id.0).await?;
    Ok(Json(StatsBody::of(stats, session.last_active_at)))
}
