//! What is refused and how it is said. Domain errors become an [`ApiError`] here and nowhere else; the
//! middleware makes the body, since it knows the language and the request id.

mod body;
mod code;
mod convert;

use std::error::Error as StdError;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

pub(crate) use body::{ErrorBody, ErrorDetail};
pub use code::ErrorCode;

type Cause = Box<dyn StdError + Send + Sync>;

/// A refusal or failure on its way to the client.
#[derive(Debug)]
pub(crate) struct ApiError {
    code: ErrorCode,
    /// What `{0}` in the text stands for.
    figure: Option<String>,
    details: Vec<ErrorDetail>,
    /// The methods of the address, for a 405.
    allow: Option<String>,
    /// For the log only.
    cause: Option<Cause>,
}

impl ApiError {
    pub(crate) const fn new(code: ErrorCode) -> Self {
        Self { code, figure: None, details: Vec::new(), allow: None, cause: None }
    }

    pub(crate) fn with_figure(mut self, figure: impl fmt::Display) -> Self {
        self.figure = Some(figure.to_string());
        self
    }

    pub(crate) fn with_detail(mut self, detail: ErrorDetail) -> Self {
        self.details.push(detail);
        self
    }

    pub(crate) fn caused_by(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    pub(crate) fn method_not_allowed(allow: String) -> Self {
        Self { allow: Some(allow), ..Self::new(ErrorCode::MethodNotAllowed) }
    }

    pub(crate) const fn code(&self) -> ErrorCode {
        self.code
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl StdError for ApiError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// A bare status: the middleware replaces it by [`ApiError::respond`].
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
