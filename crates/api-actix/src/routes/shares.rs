use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, REFERRER_POLICY};
use actix_web::web::{Data, Path, ReqData};
use kernel::SessionId;
use session_core::model::ShareToken;

use super::sessions::{QUERY, SESSION, ScopeQuery};
use super::{BODY, STORAGE};
use crate::conversation::{self, Conversation, JsonTranscript};
use crate::dto::{ShareBody, ShareReply, SharedConversation, SharedHead, SharedMessage};
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode};
use crate::extract::{ApiQuery, Id, OptionalJson};
use crate::observe::RequestId;
use crate::reading::Scope;
use crate::state::ApiState;

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::POST,
        path: "/api/sessions/{id}/share",
        errors: &[QUERY, BODY, SESSION, STORAGE],
        to: |route| route.to(share),
    },
    Endpoint {
        method: Method::DELETE,
        path: "/api/sessions/{id}/share",
        errors: &[QUERY, SESSION, STORAGE],
        to: |route| route.to(revoke),
    },
    Endpoint {
        method: Method::GET,
        path: "/api/shared/{token}",
        errors: &[&[ErrorCode::ShareNotFound], STORAGE],
        to: |route| route.to(read),
    },
];

/// Makes a link through which anyone who has it can read a session, until it expires or is revoked.
#[utoipa::path(
    post, path = "/api/sessions/{id}/share", operation_id = "shareSession", tag = "shares",
    params(("id" = String, Path, format = Uuid, description = "The session"), ScopeQuery),
    request_body = Option<ShareBody>,
    responses((status = 201, body = ShareReply, description = "The link",
        headers(("location" = String, description = "Its address"))))
)]
pub(crate) async fn share(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<ScopeQuery>,
    body: OptionalJson<ShareBody>,
) -> Result<HttpResponse, ApiError> {
    let Scope { store, user } = query.0.scope(&state);
    let hours = body.0.and_then(|body| body.expires_in_hours);
    let shared = state.shares.share(&store, user.as_ref(), id.0, hours).await?;
    let reply = ShareReply::from(shared);
    let mut response = HttpResponse::Created();
    response.insert_header((LOCATION, reply.url.as_str())).insert_header((CACHE_CONTROL, "no-store"));
    Ok(response.json(reply))
}

/// Revokes every link of a session.
#[utoipa::path(
    delete, path = "/api/sessions/{id}/share", operation_id = "revokeShares", tag = "shares",
    params(("id" = String, Path, format = Uuid, description = "The session"), ScopeQuery),
    responses((status = 204, description = "None of its links works any more"))
)]
pub(crate) async fn revoke(
    state: Data<ApiState>,
    id: Id<SessionId>,
    query: ApiQuery<ScopeQuery>,
) -> Result<HttpResponse, ApiError> {
    let Scope { store, user } = query.0.scope(&state);
    state.shares.revoke(&store, user.as_ref(), id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Reads a shared conversation as it is now. Each reading is logged.
///
/// The body is written as it is read: one that ends before its end is broken off, because the storage failed.
#[utoipa::path(
    get, path = "/api/shared/{token}", operation_id = "readShared", tag = "shares",
    params(("token" = String, Path, description = "`token` of the link")),
    responses((status = 200, body = SharedConversation, description = "The conversation"))
)]
pub(crate) async fn read(
    state: Data<ApiState>,
    token: Path<String>,
    request_id: ReqData<RequestId>,
) -> Result<HttpResponse, ApiError> {
    let token = ShareToken::parse(&token).ok_or(ErrorCode::ShareNotFound)?;
    let opened = state.shares.open(&token, &request_id.0).await?;
    let (id, scope) = (opened.session.id, Scope { store: opened.link.store.clone(), user: None });
    let transcript = JsonTranscript::new(SharedHead::of(opened.session, &opened.link), SharedMessage::from);
    let body = conversation::write(Conversation::new(state, scope, id), transcript, request_id.into_inner()).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        // The address is the secret: it goes neither into caches, nor along to other sites, nor into search engines.
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header(("x-robots-tag", "noindex"))
        .streaming(body))
}
