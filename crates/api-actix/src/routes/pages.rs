use actix_web::http::Method;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};

use crate::assets::Asset;
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode};

/// The chat page loads nothing from elsewhere and runs nothing that is not one of its files.
const POLICY: &str = "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

const UNKNOWN: &[ErrorCode] = &[ErrorCode::RouteNotFound];

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint { method: Method::GET, path: "/", errors: &[], to: |route| route.to(index) },
    Endpoint { method: Method::GET, path: "/assets/{file}", errors: &[UNKNOWN], to: |route| route.to(asset) },
];

/// The chat page.
#[utoipa::path(
    get, path = "/", operation_id = "chatPage", tag = "pages",
    responses(
        (status = 200, content_type = "text/html", body = String, description = "The page"),
        (status = 304, description = "It is what `If-None-Match` names")
    )
)]
pub(crate) async fn index(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    serve(&request, "index.html")
}

/// A file of the chat page.
#[utoipa::path(
    get, path = "/assets/{file}", operation_id = "asset", tag = "pages",
    params(("file" = String, Path, description = "The file's name")),
    responses(
        (status = 200, content_type = "application/octet-stream", description = "The file"),
        (status = 304, description = "It is what `If-None-Match` names")
    )
)]
pub(crate) async fn asset(request: HttpRequest, name: Path<String>) -> Result<HttpResponse, ApiError> {
    serve(&request, &name)
}

/// Files are asked about each time (`no-cache`), and sent only when they have changed.
fn serve(request: &HttpRequest, name: &str) -> Result<HttpResponse, ApiError> {
    let asset = Asset::find(name).ok_or(ErrorCode::RouteNotFound)?;
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let unchanged = known.is_some_and(|tags| asset.is_one_of(tags));
    let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((ETAG, asset.etag.as_str()))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((REFERRER_POLICY, "same-origin"));
    if unchanged {
        return Ok(response.finish());
    }
    Ok(response.insert_header((CONTENT_TYPE, asset.content_type)).body(asset.bytes))
}
