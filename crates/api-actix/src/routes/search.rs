use actix_web::http::Method;
use actix_web::web::{Data, Json};
use kernel::PageLimit;

use super::{BODY, STORAGE};
use crate::cursor;
use crate::dto::{SearchBody, SearchList};
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode, ErrorDetail};
use crate::extract::ApiJson;
use crate::reading;
use crate::state::ApiState;

const SEARCH: &[ErrorCode] = &[ErrorCode::EmptyQuery, ErrorCode::QueryTooLong, ErrorCode::InvalidCursor];

pub(crate) const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::POST,
    path: "/api/search",
    errors: &[BODY, SEARCH, STORAGE],
    to: |route| route.to(search),
}];

/// Finds messages by what was said in them, with their sessions.
///
/// Of an everyday word, only the newest thousand messages are found.
#[utoipa::path(
    post, path = "/api/search", operation_id = "searchConversations", tag = "sessions", request_body = SearchBody,
    responses((status = 200, body = SearchList, description = "One page"))
)]
pub(crate) async fn search(state: Data<ApiState>, body: ApiJson<SearchBody>) -> Result<Json<SearchList>, ApiError> {
    let after = body.0.cursor.as_deref().map(cursor::read_search).transpose()?;
    let limit = page_limit(body.0.limit)?;
    let query = body.0.into_query(&state)?;
    Ok(Json(reading::search(&state, &query, after, limit).await?))
}

fn page_limit(asked: Option<usize>) -> Result<PageLimit, ApiError> {
    let Some(limit) = asked else { return Ok(PageLimit::DEFAULT) };
    PageLimit::new(limit).ok_or_else(|| {
        let detail = ErrorDetail::of(Some("limit"), &format!("1 to {}", PageLimit::MAX));
        ApiError::new(ErrorCode::InvalidBody).with_detail(detail)
    })
}
