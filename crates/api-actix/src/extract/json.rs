use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError, web};
use futures::future::{FutureExt, LocalBoxFuture};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use crate::error::{ApiError, ErrorCode, ErrorDetail};
use crate::state::ApiState;

/// A JSON body.
pub(crate) struct ApiJson<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for ApiJson<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !is_json(request.content_type()) {
            return async { Err(ErrorCode::UnsupportedMediaType.into()) }.boxed_local();
        }
        let limit = request.app_data::<web::Data<ApiState>>().map_or(0, |state| state.settings.body_limit);
        let body = web::Bytes::from_request(request, payload);
        async move { from_json(&body.await.map_err(|error| unreadable(&error, limit))?).map(Self) }.boxed_local()
    }
}

/// A JSON body that may be left out, together with its content type.
pub(crate) struct OptionalJson<T>(pub(crate) Option<T>);

impl<T: DeserializeOwned + 'static> FromRequest for OptionalJson<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if request.headers().contains_key(CONTENT_TYPE) {
            let body = ApiJson::from_request(request, payload);
            return async move { Ok(Self(Some(body.await?.0))) }.boxed_local();
        }
        let body = web::Bytes::from_request(request, payload);
        async move {
            let body = body.await.map_err(|error| unreadable(&error, 0))?;
            if body.is_empty() { Ok(Self(None)) } else { Err(ErrorCode::UnsupportedMediaType.into()) }
        }
        .boxed_local()
    }
}

fn is_json(content_type: &str) -> bool {
    let media = content_type.trim().to_ascii_lowercase();
    media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
}

fn unreadable(error: &actix_web::Error, limit: usize) -> ApiError {
    let error: &dyn ResponseError = error.as_response_error();
    if error.status_code() == StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::new(ErrorCode::BodyTooLarge).with_figure(limit)
    } else {
        ApiError::new(ErrorCode::BadRequest).with_detail(ErrorDetail::of(None, &error.to_string()))
    }
}

/// Reads JSON strictly.
pub(crate) fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if escapes_nul(body) {
        return Err(ErrorCode::InvalidCharacters.into());
    }
    serde_json::from_slice(body).map_err(|error| {
        // A name that is expected where something else stands is told as if it were no JSON.
        let is_json = error.classify() == Category::Data || serde_json::from_slice::<IgnoredAny>(body).is_ok();
        let code = if is_json { ErrorCode::InvalidBody } else { ErrorCode::InvalidJson };
        ApiError::new(code).with_detail(ErrorDetail::of_reader(&error.to_string()))
    })
}

/// Whether a text of the JSON has a NUL, which databases cannot keep. A bare one is not JSON at all.
fn escapes_nul(body: &[u8]) -> bool {
    let mut rest = body.iter();
    while let Some(byte) = rest.next() {
        if *byte == b'\\' && rest.next() == Some(&b'u') && rest.as_slice().starts_with(b"0000") {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_nul_is_seen_and_an_escaped_backslash_is_not_mistaken_for_one() {
        assert!(escapes_nul(br#"{"a":"x\u0000"}"#) && escapes_nul(br#"{"a":"\\\u0000"}"#));
        assert!(!escapes_nul(br#"{"a":"\\u0000"}"#) && !escapes_nul(br#"{"a":"\u0001"}"#) && !escapes_nul(b"\\"));
    }

    #[test]
    fn json_by_any_of_its_names_is_taken() {
        assert!(is_json("application/json") && is_json("Application/JSON") && is_json("application/ld+json"));
        assert!(!is_json("text/plain") && !is_json("") && !is_json("application/jsonp"));
    }
}
