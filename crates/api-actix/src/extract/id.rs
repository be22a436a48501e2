use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use kernel::InvalidId;

use crate::error::{ApiError, ErrorCode, ErrorDetail};

/// The `{id}` of the path.
pub(crate) struct Id<T>(pub(crate) T);

impl<T: FromStr<Err = InvalidId>> FromRequest for Id<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").unwrap_or_default().parse();
        ready(id.map(Self).map_err(|error| {
            ApiError::new(ErrorCode::InvalidId).with_detail(ErrorDetail::of(Some("id"), &error.to_string()))
        }))
    }
}
