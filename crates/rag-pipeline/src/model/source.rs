//! Where documents come from.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::RawDocument;

/// The address of a document: `https://…`, `http://…`, `s3://bucket/key`, `file:///path`, `notion://page/<id>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceUrl(String);

/// An address that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an address of a document: write it as https://…, http://…, s3://bucket/key or file:///path")]
pub struct InvalidSource(String);

impl SourceUrl {
    /// The longest address, in bytes.
    pub const MAX_BYTES: usize = 2_048;

    /// Checks and wraps an address: a scheme of lower-case letters and digits, `://`, and more after it, without white
    /// space or control characters, at most [`MAX_BYTES`](Self::MAX_BYTES) long.
    ///
    /// # Errors
    /// [`InvalidSource`] otherwise.
    pub fn new(url: impl Into<String>) -> Result<Self, InvalidSource> {
        let url = url.into();
        let sound = url.split_once("://").is_some_and(|(scheme, rest)| {
            let named = scheme.starts_with(|c: char| c.is_ascii_lowercase())
                && scheme.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            named && !rest.is_empty() && !rest.chars().any(|c| c.is_whitespace() || c.is_control())
        });
        if sound && url.len() <= Self::MAX_BYTES {
            Ok(Self(url))
        } else {
            Err(InvalidSource(url.chars().take(80).collect()))
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before `://`.
    pub fn scheme(&self) -> &str {
        self.0.split_once("://").map_or("", |(scheme, _)| scheme)
    }
}

impl fmt::Display for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SourceUrl {
    type Error = InvalidSource;
    fn try_from(url: String) -> Result<Self, InvalidSource> {
        Self::new(url)
    }
}

impl From<SourceUrl> for String {
    fn from(url: SourceUrl) -> Self {
        url.0
    }
}

/// A document as fetched.
#[derive(Debug, Clone)]
pub struct FetchedDocument {
    /// The file.
    pub raw: RawDocument,
    /// A title the source knows that may not be in the file.
    pub title: Option<String>,
    /// Where a customer can read it, when that is not the address it was fetched from.
    pub url: Option<String>,
}

/// A document that a catalogue found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSource {
    /// Its address.
    pub url: SourceUrl,
    /// Its title, when the catalogue knows it.
    pub title: Option<String>,
}

/// Why a document could not be fetched. Messages hold neither credentials nor the query part of an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The configuration or the rules of the net forbid this address.
    #[error("{url} may not be fetched: {reason}")]
    NotAllowed {
        /// The address, without its query.
        url: String,
        /// Which rule, and how to allow it where that is possible.
        reason: String,
    },
    /// There is nothing at the address.
    #[error("there is nothing at {url}")]
    NotFound {
        /// The address, without its query.
        url: String,
    },
    /// It is larger than allowed.
    #[error("{url} is larger than {limit} bytes")]
    TooLarge {
        /// The address, without its query.
        url: String,
        /// The most it may have, in bytes.
        limit: u64,
    },
    /// Trying again later may help: no answer in time, a server that is busy.
    #[error("{url} cannot be fetched for now: {reason}")]
    Transient {
        /// The address, without its query.
        url: String,
        /// What happened.
        reason: String,
        /// How long the server asked to wait, in seconds.
        retry_after: Option<u64>,
    },
    /// It will not help.
    #[error("{url} cannot be fetched: {reason}")]
    Permanent {
        /// The address, without its query.
        url: String,
        /// What happened.
        reason: String,
    },
}

impl SourceError {
    /// A stable name: `source_not_allowed`, `source_not_found` …
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed { .. } => "source_not_allowed",
            Self::NotFound { .. } => "source_not_found",
            Self::TooLarge { .. } => "source_too_large",
            Self::Transient { .. } => "source_unavailable",
            Self::Permanent { .. } => "source_failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_and_something_after_it() {
        for sound in ["https://a.example/b?c=d", "s3://bucket/키", "file:///tmp/a.pdf", "notion://page/1"] {
            assert_eq!(SourceUrl::new(sound).unwrap().as_str(), sound);
        }
        assert_eq!(SourceUrl::new("s3://bucket/key").unwrap().scheme(), "s3");
        for wrong in ["", "a.pdf", "https://", "HTTP://a", "://a", "https://a b", "https://a\n", "java script://a"] {
            assert!(SourceUrl::new(wrong).is_err(), "{wrong}");
        }
        assert!(SourceUrl::new(format!("https://{}", "a".repeat(2_048))).is_err());
    }
}
