//! What went wrong with a request, and what the caller should make of it.

use std::error::Error;
use std::io;
use std::iter::successors;
use std::time::Duration;

use rag_pipeline::model::VectorError;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// How much of a server's message is repeated.
const MESSAGE_CHARS: usize = 300;

/// A request that was not answered as it should be. No message has a key in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It may pass by itself.
    Transient { message: String, retry_after: Option<Duration> },
    /// The server refused, and will again.
    Refused { status: StatusCode, message: String },
    /// What came was not an answer of such a server.
    Garbled(String),
}

impl Failure {
    /// Whether the server knows no such thing.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: StatusCode::NOT_FOUND, .. })
    }

    /// A request that ended without an answer.
    pub(crate) fn unanswered(store: &str, error: reqwest::Error) -> Self {
        let what = if error.is_timeout() { "did not answer in time" } else { "cannot be reached" };
        let error = error.without_url();
        let message = format!("{store} {what}: {}", innermost(&error));
        if is_untrusted(&error) { Self::Garbled(message) } else { Self::Transient { message, retry_after: None } }
    }

    /// An answer that is not a success.
    pub(crate) fn answered(store: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let said = shortened(&servers_words(body));
        let said =
            if said.is_empty() { status.canonical_reason().unwrap_or("no reason given").to_owned() } else { said };
        let message = format!("{store} answered {}: {said}", status.as_u16());
        if may_pass(status) {
            return Self::Transient { message, retry_after: retry_after(headers) };
        }
        if status.is_redirection() {
            // The key is not carried to wherever a redirect points to.
            return Self::Garbled(format!("{store} answered {}: set the address it is really at", status.as_u16()));
        }
        Self::Refused { status, message }
    }

    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Transient { .. })
    }
}

impl From<Failure> for VectorError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Transient { message, retry_after } => {
                Self::Transient { message, retry_after: retry_after.map(|wait| wait.as_secs()) }
            }
            Failure::Refused { message, .. } | Failure::Garbled(message) => Self::Permanent(message),
        }
    }
}

/// An error and what led to it, the outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&error: &&'a (dyn Error + 'static)| {
        // An I/O error does not name what it wraps as its source.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| inner as &'a (dyn Error + 'static)).or_else(|| error.source())
    })
}

/// The innermost cause of an error, which says most.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}

/// Whether the server is not who it should be, as far as its certificate tells.
fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))))
}

/// What passes by waiting. 501 and 505 say that the server cannot do it at all.
fn may_pass(status: StatusCode) -> bool {
    match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED => false,
        other => other.is_server_error(),
    }
}

/// The wait that a server asks for: seconds, or a date, counted from the date of the answer itself.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let asked = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = OffsetDateTime::parse(asked, &Rfc2822).ok()?;
    let now = OffsetDateTime::parse(headers.get(DATE)?.to_str().ok()?, &Rfc2822).ok()?;
    Some(Duration::try_from(until - now).unwrap_or(Duration::ZERO))
}

/// The message in an error body of Qdrant (`status.error`), Pinecone (`message`, `error.message`) or Chroma
/// (`message`), else the body as it is.
fn servers_words(body: &[u8]) -> String {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let at = |path| parsed.as_ref().and_then(|body| body.pointer(path)).and_then(Value::as_str);
    let message = ["/status/error", "/error/message", "/message", ""].into_iter().find_map(at);
    message.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned)
}

/// One line of bounded length.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    if line.chars().count() <= MESSAGE_CHARS {
        return line;
    }
    line.chars().take(MESSAGE_CHARS).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn headers(pairs: &[(reqwest::header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_wait_is_read_as_seconds_or_as_a_date() {
        assert_eq!(retry_after(&headers(&[(RETRY_AFTER, "7")])), Some(Duration::from_secs(7)));
        let date = (RETRY_AFTER, "Wed, 21 Oct 2026 07:28:30 GMT");
        let answered = |at| headers(&[date.clone(), (DATE, at)]);
        assert_eq!(retry_after(&answered("Wed, 21 Oct 2026 07:28:00 GMT")), Some(Duration::from_secs(30)));
        assert_eq!(retry_after(&answered("Wed, 21 Oct 2026 07:29:00 GMT")), Some(Duration::ZERO));
        assert_eq!(retry_after(&headers(&[date])), None);
        assert_eq!(retry_after(&headers(&[(RETRY_AFTER, "soon")])), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn the_message_of_each_server_is_found() {
        let cases: [(&str, &str); 6] = [
            (r#"{"status":{"error":"Wrong input"},"time":0.1}"#, "Wrong input"),
            (r#"{"error":"NotFoundError","message":"no such collection"}"#, "no such collection"),
            (r#"{"code":3,"message":"bad vector","details":[]}"#, "bad vector"),
            (r#"{"error":{"code":"NOT_FOUND","message":"no index"},"status":404}"#, "no index"),
            (r#""Unauthorized""#, "Unauthorized"),
            ("Invalid API key or JWT", "Invalid API key or JWT"),
        ];
        for (body, expected) in cases {
            assert_eq!(servers_words(body.as_bytes()), expected);
        }
    }

    #[test]
    fn a_page_of_html_is_cut_to_one_short_line() {
        let page = format!("<html>\n  <body>\u{7}{}", "가".repeat(1_000));
        let line = shortened(&page);
        assert!(line.starts_with("<html> <body>가") && line.chars().count() == MESSAGE_CHARS + 1, "{line}");
    }

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        for passes in [408, 425, 429, 500, 502, 503, 504, 507] {
            assert!(may_pass(StatusCode::from_u16(passes).unwrap()), "{passes}");
        }
        for stays in [400, 401, 403, 404, 409, 413, 422, 501, 505] {
            assert!(!may_pass(StatusCode::from_u16(stays).unwrap()), "{stays}");
        }
    }
}
