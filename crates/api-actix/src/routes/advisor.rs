use actix_web::http::Method;
use actix_web::web::{Data, Json};

use super::STORAGE;
use crate::dto::AdviceBody;
use crate::endpoint::Endpoint;
use crate::error::ApiError;
use crate::language::Language;
use crate::state::ApiState;

pub(crate) const ENDPOINTS: &[Endpoint] =
    &[Endpoint { method: Method::GET, path: "/api/admin/advisor", errors: &[STORAGE], to: |route| route.to(advise) }];

/// Whether adding Redis would pay: the figures that say so, measured now, each with its threshold.
///
/// It takes half a second, in which the processor is looked at. It shows figures of all stores together, no personal
/// data. Users and complaints are those of the whole database; operations, p95 and hit ratio those of this server.
#[utoipa::path(
    get, path = "/api/admin/advisor", operation_id = "advisor", tag = "administration",
    responses((status = 200, body = AdviceBody, description = "The figures, and what follows from them"))
)]
pub(crate) async fn advise(state: Data<ApiState>, language: Language) -> Result<Json<AdviceBody>, ApiError> {
    let advice = state.advisor.advise().await?;
    Ok(Json(AdviceBody::of(&advice, language)))
}
