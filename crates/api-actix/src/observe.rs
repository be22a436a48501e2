use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError, web};
use kernel::{Clock, error_chain};

use crate::error::{ApiError, ErrorCode};
use crate::language::Language;
use crate::meters::Meters;
use crate::record::{Record, RecordedBody};
use crate::state::ApiState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is taken from a client, in characters.
const MAX_REQUEST_ID_CHARS: usize = 64;

/// The id of a request: the client's own if it is harmless, else one of ours.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

impl RequestId {
    fn of(headers: &HeaderMap, state: &ApiState) -> Self {
        let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let id = sent.filter(|id| is_harmless(id)).map_or_else(|| state.ids.uuid().to_string(), ToOwned::to_owned);
        Self(id)
    }

    fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or_else(|_| HeaderValue::from_static("invalid"))
    }
}

fn is_harmless(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=MAX_REQUEST_ID_CHARS).contains(&id.len()) && id.bytes().all(allowed)
}

/// Around every request: gives it an id, makes the body of an error, records metrics and one log line.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<RecordedBody>, Error> {
    let state = request.app_data::<web::Data<ApiState>>().cloned();
    let (Some(state), Some(meters)) = (state, request.app_data::<Meters>().cloned()) else {
        return Err(ApiError::new(ErrorCode::InternalError).into());
    };
    let id = RequestId::of(request.headers(), &state);
    let mut record = Record::begin(request.method(), &id.0, meters);
    request.extensions_mut().insert(id.clone());

    let (request, mut response) = next.call(request).await?.map_into_boxed_body().into_parts();
    record.responded(request.match_pattern(), response.status());
    if response.status().is_client_error() || response.status().is_server_error() {
        response = error_response(&response, Language::of(request.headers()), &id, &*state.clock);
    }
    response.headers_mut().insert(REQUEST_ID, id.header());
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(ServiceResponse::new(request, response.map_body(|_, body| RecordedBody::new(body, record))))
}

/// The one shape of every error. A fault of ours is logged here, once, with all its causes.
fn error_response(response: &HttpResponse, language: Language, id: &RequestId, clock: &dyn Clock) -> HttpResponse {
    let of_framework = ApiError::new(ErrorCode::of_status(response.status()));
    let error = response.error().and_then(|error| error.as_error::<ApiError>()).unwrap_or(&of_framework);
    if error.status_code().is_server_error() {
        tracing::error!(request_id = id.0, code = error.code().as_str(), error = error_chain(error), "request failed");
    }
    error.respond(language, clock.now(), &id.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_request_ids_are_taken_over() {
        assert!(is_harmless("a") && is_harmless(&"x".repeat(64)) && is_harmless("Req_1.2-3"));
        for bad in ["", "a b", "a\nb", "가", "a;b", &"x".repeat(65)] {
            assert!(!is_harmless(bad), "{bad:?}");
        }
    }
}
