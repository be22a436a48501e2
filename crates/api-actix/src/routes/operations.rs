use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, Responder};

use crate::dto::{CacheBody, CheckBody, DatabaseBody, Health, Limits, Ping, Ready};
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode, ErrorDetail};
use crate::state::{ApiState, Check};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint { method: Method::GET, path: "/health", errors: &[], to: |route| route.to(live) },
    Endpoint { method: Method::GET, path: "/ready", errors: &[&[ErrorCode::NotReady]], to: |route| route.to(ready) },
    Endpoint {
        method: Method::GET,
        path: "/health/database",
        errors: &[&[ErrorCode::StorageUnavailable]],
        to: |route| route.to(database),
    },
    Endpoint { method: Method::GET, path: "/metrics", errors: &[], to: |route| route.to(metrics) },
    Endpoint { method: Method::GET, path: "/api/health", errors: &[], to: |route| route.to(health) },
    Endpoint { method: Method::GET, path: "/api/ping", errors: &[], to: |route| route.to(ping) },
];

fn health_of(state: &ApiState) -> Health {
    let cache = state.cache.look();
    let status = if cache.well { "ok" } else { "degraded" };
    Health {
        status,
        cache: CacheBody { kind: cache.kind, status },
        service: "iyagi",
        version: state.settings.version.clone(),
        timestamp: state.clock.now(),
        limits: Limits {
            max_message_chars: state.settings.max_message_chars,
            max_body_bytes: state.settings.body_limit,
        },
    }
}

/// Whether the process is alive. Nothing else is asked.
#[utoipa::path(
    get, path = "/health", operation_id = "live", tag = "operations",
    responses((status = 200, body = Health, description = "It is"))
)]
pub(crate) async fn live(state: Data<ApiState>) -> Json<Health> {
    Json(health_of(&state))
}

/// The same as `/health`, where older clients look for it.
#[utoipa::path(
    get, path = "/api/health", operation_id = "apiHealth", tag = "operations",
    responses((status = 200, body = Health, description = "It is alive"))
)]
pub(crate) async fn health(state: Data<ApiState>) -> Json<Health> {
    Json(health_of(&state))
}

/// Answers `pong`.
#[utoipa::path(
    get, path = "/api/ping", operation_id = "ping", tag = "operations",
    responses((status = 200, body = Ping, description = "Pong"))
)]
pub(crate) async fn ping(state: Data<ApiState>) -> Json<Ping> {
    Json(Ping { message: "pong", timestamp: state.clock.now() })
}

/// Whether the server can serve: what it needs is there, and it is not about to stop.
#[utoipa::path(
    get, path = "/ready", operation_id = "ready", tag = "operations",
    responses((status = 200, body = Ready, description = "It can"))
)]
pub(crate) async fn ready(state: Data<ApiState>) -> Result<Json<Ready>, ApiError> {
    let mut checks = state.readiness.check().await;
    if state.chat.is_draining() {
        checks.push(Check { name: "questions".into(), ok: false, detail: Some("the server is stopping".into()) });
    }
    if checks.iter().all(|check| check.ok) {
        let checks = checks.into_iter().map(CheckBody::from).collect();
        return Ok(Json(Ready { status: "ready", checks }));
    }
    Err(not_ready(&checks))
}

/// Names what is wrong to the client, and the reasons to the log only.
fn not_ready(checks: &[Check]) -> ApiError {
    let mut error = ApiError::new(ErrorCode::NotReady);
    let mut reasons = Vec::new();
    for check in checks.iter().filter(|check| !check.ok) {
        error = error.with_detail(ErrorDetail::of(Some(&check.name), "not ready"));
        reasons.push(format!("{}: {}", check.name, check.detail.as_deref().unwrap_or("no detail")));
    }
    error.caused_by(reasons.join("; "))
}

/// How the database is: latency, connections, schema, rows.
#[utoipa::path(
    get, path = "/health/database", operation_id = "databaseHealth", tag = "operations",
    responses((status = 200, body = DatabaseBody, description = "It answers"))
)]
pub(crate) async fn database(state: Data<ApiState>) -> Result<Json<DatabaseBody>, ApiError> {
    // Whatever the reason is: a database that cannot tell how it is cannot be used.
    let look = state.database.look().await;
    let look = look.map_err(|error| ApiError::new(ErrorCode::StorageUnavailable).caused_by(error))?;
    Ok(Json(DatabaseBody::of(look, state.clock.now())))
}

/// Metrics for Prometheus.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "operations",
    responses((status = 200, content_type = "text/plain", body = String, description = "Prometheus' text format"))
)]
pub(crate) async fn metrics(state: Data<ApiState>) -> impl Responder {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body((state.metrics)())
}
