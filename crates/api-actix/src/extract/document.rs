use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Path;
use actix_web::{FromRequest, HttpRequest};
use kernel::DocumentId;

use crate::error::{ApiError, ErrorCode, ErrorDetail};

/// What stands in a text for bytes that are no UTF-8.
const REPLACEMENT: char = '\u{fffd}';

/// The document that the path names as its one parameter.
pub(crate) struct DocumentPath(pub(crate) DocumentId);

impl FromRequest for DocumentPath {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let named = Path::<String>::from_request(request, payload).into_inner();
        let read = |name: String| {
            if name.contains(REPLACEMENT) {
                return Err(refused("the id is not UTF-8"));
            }
            DocumentId::new(name).map(Self).map_err(|error| refused(&error.to_string()))
        };
        ready(named.map_err(|error| refused(&error.to_string())).and_then(|name| read(name.into_inner())))
    }
}

fn refused(reason: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidDocumentId).with_detail(ErrorDetail::of(Some("id"), reason))
}
