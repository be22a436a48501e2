use actix_web::http::Method;
use actix_web::web::{Data, Json};
use kernel::MessageId;

use super::{BODY, STORAGE};
use crate::dto::{FeedbackBody, FeedbackReply};
use crate::endpoint::Endpoint;
use crate::error::{ApiError, ErrorCode};
use crate::extract::{ApiJson, Id};
use crate::reading::{self, Scope};
use crate::state::ApiState;

const FEEDBACK: &[ErrorCode] =
    &[ErrorCode::InvalidId, ErrorCode::InvalidFeedback, ErrorCode::MessageNotFound, ErrorCode::Conflict];

pub(crate) const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::POST,
    path: "/api/messages/{id}/feedback",
    errors: &[BODY, FEEDBACK, STORAGE],
    to: |route| route.to(give),
}];

/// Says what a customer thinks of an answer; the same customer's earlier verdict is replaced.
#[utoipa::path(
    post, path = "/api/messages/{id}/feedback", operation_id = "giveFeedback", tag = "feedback",
    params(("id" = String, Path, format = Uuid, description = "The message")),
    request_body = FeedbackBody,
    responses((status = 200, body = FeedbackReply, description = "What is kept"))
)]
pub(crate) async fn give(
    state: Data<ApiState>,
    id: Id<MessageId>,
    body: ApiJson<FeedbackBody>,
) -> Result<Json<FeedbackReply>, ApiError> {
    let scope = Scope { store: state.store(body.0.store_id.clone()), user: body.0.user_id.clone() };
    let feedback = body.0.into_feedback(id.0, state.clock.now())?;
    reading::give_feedback(&state, &scope, &feedback).await?;
    Ok(Json(feedback.into()))
}
