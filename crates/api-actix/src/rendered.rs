//! Answers that show a session, made once for each state that it is in.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::Bytes;
use serde::Serialize;
use session_core::cache::View;
use session_core::model::Session;

use crate::error::{ApiError, ErrorCode};
use crate::state::ApiState;

/// Answers with what was made for a view, or makes it: of a session, which `make` reads first, and of what was said in
/// it, and of nothing else.
pub(crate) async fn rendered<T: Serialize>(
    state: &ApiState,
    view: View,
    make: impl AsyncFnOnce() -> Result<(Session, T), ApiError>,
) -> Result<HttpResponse, ApiError> {
    if let Some(made) = state.renderings.recall(&view).await {
        return Ok(json(made));
    }
    let (session, body) = make().await?;
    let made = serde_json::to_vec(&body).map_err(|error| ApiError::new(ErrorCode::InternalError).caused_by(error))?;
    let made: Arc<[u8]> = made.into();
    state.renderings.keep(view, &session, Arc::clone(&made));
    Ok(json(made))
}

fn json(bytes: Arc<[u8]>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(Bytes::from_owner(bytes))
}
