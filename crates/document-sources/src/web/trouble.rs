//! What went wrong below HTTP.

use std::error::Error;
use std::io;

use rag_pipeline::model::SourceError;

use super::rules::Refusal;
use crate::failure::{not_allowed, permanent, transient};

/// Classifies an error of the HTTP client. Its own text is not used: it holds the address with its query.
pub(super) fn trouble(url: &str, error: reqwest::Error) -> SourceError {
    let error = error.without_url();
    let mut innermost = None;
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = next {
        if let Some(refusal) = cause.downcast_ref::<Refusal>() {
            return not_allowed(url, refusal.0.clone());
        }
        if let Some(rustls::Error::InvalidCertificate(why)) = cause.downcast_ref() {
            return permanent(url, format!("its certificate is not trusted ({why})"));
        }
        innermost = Some(cause.to_string());
        next = within(cause).or_else(|| cause.source());
    }
    let what = if error.is_timeout() {
        "no connection in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the server broke off or answered what is not HTTP"
    };
    transient(url, innermost.map_or_else(|| what.to_owned(), |why| format!("{what} ({why})")))
}

/// The error that an I/O error was made of: `source` skips it.
fn within<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    Some(inner)
}
