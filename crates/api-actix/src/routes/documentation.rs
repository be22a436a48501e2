use std::sync::{Arc, LazyLock};

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use actix_web::web::Path;
use actix_web::{HttpResponse, Responder};
use utoipa_swagger_ui::Config;

use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode};
use crate::openapi::openapi_json;

/// Swagger's page styles its elements in place.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      frame-ancestors 'none'; base-uri 'none'";

const UNKNOWN: &[ErrorCode] = &[ErrorCode::RouteNotFound];

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint { method: Method::GET, path: "/openapi.json", errors: &[], to: |route| route.to(document) },
    Endpoint { method: Method::GET, path: "/docs", errors: &[], to: |route| route.to(redirect) },
    Endpoint { method: Method::GET, path: "/docs/", errors: &[], to: |route| route.to(page) },
    Endpoint { method: Method::GET, path: "/docs/{file}", errors: &[UNKNOWN], to: |route| route.to(file) },
];

static DOCUMENT: LazyLock<String> = LazyLock::new(openapi_json);
static SWAGGER: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::from("/openapi.json")));

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "openapi", tag = "documentation",
    responses((status = 200, content_type = "application/json", body = serde_json::Value, description = "OpenAPI"))
)]
pub(crate) async fn document() -> impl Responder {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(DOCUMENT.as_str())
}

/// Leads to the page.
#[utoipa::path(
    get, path = "/docs", operation_id = "docsRedirect", tag = "documentation",
    responses((status = 308, description = "To `/docs/`"))
)]
pub(crate) async fn redirect() -> impl Responder {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/docs/")).finish()
}

/// A page to read this document and try it.
#[utoipa::path(
    get, path = "/docs/", operation_id = "docs", tag = "documentation",
    responses((status = 200, content_type = "text/html", body = String, description = "Swagger UI"))
)]
pub(crate) async fn page() -> Result<HttpResponse, ApiError> {
    serve("index.html")
}

/// A file of that page.
#[utoipa::path(
    get, path = "/docs/{file}", operation_id = "docsFile", tag = "documentation",
    params(("file" = String, Path, description = "The file's name")),
    responses((status = 200, content_type = "application/octet-stream", description = "The file"))
)]
pub(crate) async fn file(name: Path<String>) -> Result<HttpResponse, ApiError> {
    serve(&name)
}

fn serve(name: &str) -> Result<HttpResponse, ApiError> {
    let found = utoipa_swagger_ui::serve(name, SWAGGER.clone())
        .map_err(|error| ApiError::new(ErrorCode::InternalError).caused_by(error.to_string()))?;
    let file = found.ok_or(ErrorCode::RouteNotFound)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, file.content_type)).insert_header((CONTENT_SECURITY_POLICY, POLICY));
    if file.gzpipped {
        response.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(response.body(file.bytes.into_owned()))
}
