//! Which addresses belong to a site, and when two are one.

use std::collections::HashSet;

use rag_pipeline::model::SourceUrl;
use url::Url;

/// The part of a host that is listed: everything below an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    root: Url,
    /// Without a slash at the end.
    folder: String,
}

impl Scope {
    /// Everything below `root`: `/docs` holds `/docs`, `/docs/a` and not `/docs-old`; `/docs/index.html` stands for
    /// `/docs`.
    pub(super) fn below(root: &Url) -> Self {
        let path = root.path();
        let (parents, last) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = if last.contains('.') { parents } else { path };
        Self { root: root.clone(), folder: folder.trim_end_matches('/').to_owned() }
    }

    /// Whether `url` is on the same host, by the same scheme and port, and below the folder.
    pub(super) fn holds(&self, url: &Url) -> bool {
        if url.as_str().len() > SourceUrl::MAX_BYTES {
            return false;
        }
        let below = url.path().strip_prefix(&self.folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        url.origin() == self.root.origin() && below
    }

    /// What everything is below.
    pub(super) const fn root(&self) -> &Url {
        &self.root
    }
}

/// One spelling for an address: no fragment, no user, no empty query. The rest is `url`'s: lower-case host, no default
/// port, no dots in the path.
pub(super) fn normal(mut url: Url) -> Url {
    url.set_fragment(None);
    if url.query() == Some("") {
        url.set_query(None);
    }
    url
}

/// What was seen already, each once.
#[derive(Debug, Default)]
pub(super) struct Seen(HashSet<String>);

impl Seen {
    /// Whether it is new.
    pub(super) fn add(&mut self, url: &Url) -> bool {
        self.0.insert(url.as_str().to_owned())
    }

    /// How many there were.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// As an address of a document; `None` when it is too long for one or holds a user.
pub(super) fn as_source(url: &Url) -> Option<SourceUrl> {
    (url.username().is_empty() && url.password().is_none()).then(|| SourceUrl::new(url.as_str()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_site_is_what_lies_below_its_root() {
        for (root, holds, leaves) in [
            ("https://a.example", vec!["https://a.example/", "https://A.example:443/b?c"], vec!["http://a.example/"]),
            (
                "https://a.example/docs",
                vec!["https://a.example/docs", "https://a.example/docs/a"],
                vec!["https://a.example/docs-old", "https://a.example/"],
            ),
            (
                "https://a.example/docs/",
                vec!["https://a.example/docs", "https://a.example/docs/a"],
                vec!["https://a.example/docsa"],
            ),
            ("https://a.example/docs/index.html", vec!["https://a.example/docs/a"], vec!["https://a.example/a"]),
            (
                "https://a.example:8443/",
                vec!["https://a.example:8443/b"],
                vec!["https://a.example/b", "https://www.a.example:8443/b", "https://a.example.evil.example:8443/b"],
            ),
        ] {
            let scope = Scope::below(&url(root));
            assert!(holds.iter().all(|inside| scope.holds(&url(inside))), "{root}");
            assert!(!leaves.iter().any(|outside| scope.holds(&url(outside))), "{root}");
        }
    }

    #[test]
    fn one_address_is_one_however_it_is_written() {
        let mut seen = Seen::default();
        assert!(seen.add(&normal(url("https://a.example/b"))));
        for same in ["https://a.example/b#c", "HTTPS://A.example:443/x/../b", "https://a.example/b?"] {
            assert!(!seen.add(&normal(url(same))), "{same}");
        }
        assert!(seen.add(&normal(url("https://a.example/b?c"))) && seen.add(&normal(url("https://a.example/b/"))));
    }
}
