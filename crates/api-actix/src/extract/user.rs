use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Path;
use actix_web::{FromRequest, HttpRequest};
use kernel::UserId;

use crate::error::{ApiError, ErrorCode, ErrorDetail};

/// What stands in a text for bytes that are no UTF-8.
const REPLACEMENT: char = '\u{fffd}';

/// The user that the path names as its one parameter, whatever characters the name has.
pub(crate) struct PathUser(pub(crate) UserId);

impl FromRequest for PathUser {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let named = Path::<String>::from_request(request, payload).into_inner();
        ready(named.map_err(|error| refused(&error.to_string())).and_then(|name| read(name.into_inner())))
    }
}

/// Bytes that cannot be read are refused: two names that differ in them alone would be one user.
fn read(name: String) -> Result<PathUser, ApiError> {
    if name.contains(REPLACEMENT) {
        return Err(refused("the name is not UTF-8"));
    }
    UserId::new(name).map(PathUser).map_err(|error| refused(&error.to_string()))
}

fn refused(reason: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidUserId).with_detail(ErrorDetail::of(Some("id"), reason))
}
