use actix_web::http::Method;
use actix_web::web::{Data, Json};

use super::sessions::{QUERY, StoreQuery};
use super::{BODY, STORAGE};
use crate::dto::{UserContextBody, UserContextReply};
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode};
use crate::extract::{ApiJson, ApiQuery, PathUser};
use crate::state::ApiState;

const USER: &[ErrorCode] = &[ErrorCode::InvalidUserId];
const CONTEXT: &[ErrorCode] = &[ErrorCode::InvalidUserContext, ErrorCode::StaleRevision];

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/api/users/{id}/context",
        errors: &[USER, QUERY, STORAGE],
        to: |route| route.to(context),
    },
    Endpoint {
        method: Method::PUT,
        path: "/api/users/{id}/context",
        errors: &[USER, BODY, CONTEXT, STORAGE],
        to: |route| route.to(put_context),
    },
];

/// Reads what a store remembers of a user. A user that nothing is remembered of has an empty context of revision 0.
#[utoipa::path(
    get, path = "/api/users/{id}/context", operation_id = "getUserContext", tag = "users",
    params(("id" = String, Path, description = "The user, percent-encoded"), StoreQuery),
    responses((status = 200, body = UserContextReply, description = "The context"))
)]
pub(crate) async fn context(
    state: Data<ApiState>,
    user: PathUser,
    query: ApiQuery<StoreQuery>,
) -> Result<Json<UserContextReply>, ApiError> {
    let context = state.contexts.get(&query.0.store(&state), &user.0).await?;
    Ok(Json(context.into()))
}

/// Replaces the whole of what a store remembers of a user: what is left out is forgotten.
#[utoipa::path(
    put, path = "/api/users/{id}/context", operation_id = "putUserContext", tag = "users",
    params(("id" = String, Path, description = "The user, percent-encoded")),
    request_body = UserContextBody,
    responses((status = 200, body = UserContextReply, description = "What is remembered now"))
)]
pub(crate) async fn put_context(
    state: Data<ApiState>,
    user: PathUser,
    body: ApiJson<UserContextBody>,
) -> Result<Json<UserContextReply>, ApiError> {
    let change = body.0.into_change(&state, user.0);
    Ok(Json(state.contexts.put(change).await?.into()))
}
