use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use kernel::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiError, ErrorCode};
use crate::language::Language;

/// When to come back after a 503 or a 429, in seconds: about as long as a restart, a fail-over or an answer takes.
const RETRY_AFTER_SECONDS: u32 = 5;
/// The longest text of a detail, in characters: it may quote what the client sent.
const MAX_DETAIL_CHARS: usize = 300;

/// The body of every response that is not a success.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    /// What went wrong, in the language of Accept-Language: Korean unless English is preferred.
    error: String,
    /// What went wrong, for programs.
    code: ErrorCode,
    /// When, in RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    /// The same as the header `x-request-id`.
    request_id: String,
    /// What exactly was wrong, when there is more to say.
    details: Vec<ErrorDetail>,
}

/// One thing that was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorDetail {
    /// The field, parameter or header, when it is known.
    field: Option<String>,
    /// What was wrong, or the value in the way (such as the turn that is in progress).
    message: String,
}

impl ErrorDetail {
    pub(crate) fn of(field: Option<&str>, message: &str) -> Self {
        let cut = |text: &str| text.chars().take(MAX_DETAIL_CHARS).collect();
        Self { field: field.map(cut), message: cut(message) }
    }

    /// From a reader's message, which names fields between back-ticks.
    pub(crate) fn of_reader(message: &str) -> Self {
        let named = message.contains(" field `").then(|| message.split('`').nth(1)).flatten();
        Self::of(named, message)
    }
}

impl ApiError {
    pub(crate) fn text(&self, language: Language) -> String {
        self.code.text(language).replace("{0}", self.figure.as_deref().unwrap_or_default())
    }

    /// The response, said in a language.
    pub(crate) fn respond(&self, language: Language, at: Timestamp, request_id: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.code.status());
        if let Some(allow) = &self.allow {
            response.insert_header((ALLOW, allow.as_str()));
        }
        if [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS].contains(&self.code.status()) {
            response.insert_header((RETRY_AFTER, RETRY_AFTER_SECONDS.to_string()));
        }
        response.json(ErrorBody {
            error: self.text(language),
            code: self.code,
            timestamp: at,
            request_id: request_id.to_owned(),
            details: self.details.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_names_the_field_that_the_reader_names() {
        let unknown = ErrorDetail::of_reader("unknown field `mesage`, expected `message` at line 1 column 9");
        assert_eq!(unknown.field.as_deref(), Some("mesage"));
        assert_eq!(ErrorDetail::of_reader("unknown variant `x`").field, None);
    }

    #[test]
    fn a_detail_never_echoes_more_than_its_limit() {
        assert_eq!(ErrorDetail::of_reader(&"가".repeat(5000)).message.chars().count(), MAX_DETAIL_CHARS);
    }
}
