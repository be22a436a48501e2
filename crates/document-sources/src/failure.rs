//! The errors of sources, with addresses as they may be shown.

use rag_pipeline::model::SourceError;

/// The longest address that an error shows, in characters.
const SHOWN_CHARS: usize = 300;

/// An address without what may be secret in it: user and password, query and fragment.
pub(crate) fn shown(url: &str) -> String {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    let shown = match plain.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.find(['/', '\\']).map_or((rest, ""), |at| rest.split_at(at));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        None => plain.to_owned(),
    };
    shown.chars().take(SHOWN_CHARS).collect()
}

pub(crate) fn not_allowed(url: &str, reason: impl Into<String>) -> SourceError {
    SourceError::NotAllowed { url: shown(url), reason: reason.into() }
}

pub(crate) fn not_found(url: &str) -> SourceError {
    SourceError::NotFound { url: shown(url) }
}

pub(crate) fn too_large(url: &str, limit: u64) -> SourceError {
    SourceError::TooLarge { url: shown(url), limit }
}

pub(crate) fn transient(url: &str, reason: impl Into<String>) -> SourceError {
    transient_for(url, reason, None)
}

pub(crate) fn transient_for(url: &str, reason: impl Into<String>, retry_after: Option<u64>) -> SourceError {
    SourceError::Transient { url: shown(url), reason: reason.into(), retry_after }
}

pub(crate) fn permanent(url: &str, reason: impl Into<String>) -> SourceError {
    SourceError::Permanent { url: shown(url), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        for (url, told) in [
            ("https://a.example/b?token=geheim#c", "https://a.example/b"),
            ("https://user:geheim@a.example/b", "https://a.example/b"),
            ("https://user:ge@heim@a.example/b@c", "https://a.example/b@c"),
            ("https://user:geheim@a.example?x", "https://a.example"),
            ("https://user:geheim@a.example\\b", "https://a.example\\b"),
            ("s3://bucket/키", "s3://bucket/키"),
            ("no address", "no address"),
        ] {
            assert_eq!(shown(url), told);
        }
        assert_eq!(shown(&format!("https://a.example/{}", "x".repeat(2_000))).len(), SHOWN_CHARS);
    }
}
