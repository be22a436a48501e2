//! A text that must not be shown.

use std::fmt;

use serde::Deserialize;

/// What stands where a secret would.
const MASK: &str = "***";

/// A URL that may carry a password. `Debug` and `Display` show it as `postgres://app:***@host/db`;
/// only [`Secret::expose`] gives the real text.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The real text, for the driver alone: never log or print it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}

/// The URL without its password. Whatever does not look like a URL is masked as a whole, and in
/// doubt more is masked than need be: a password may hold an unescaped `@`, `/` or `?`.
fn redacted(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return MASK.to_owned();
    };
    if scheme.contains(['@', '?', ':']) {
        return MASK.to_owned();
    }
    match rest.rsplit_once('@') {
        Some((user_info, place)) => {
            let user = user_info.split_once(':').map_or(user_info, |(user, _)| user);
            format!("{scheme}://{user}:{MASK}@{}", without_options(place))
        }
        None => format!("{scheme}://{}", without_options(rest)),
    }
}

/// Drivers take a password as an option too (`?password=`), and under more than one name.
fn without_options(place: &str) -> String {
    match place.split_once('?') {
        Some((place, _)) => format!("{place}?{MASK}"),
        None => place.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_shown_nowhere_and_the_rest_of_the_url_is() {
        for (url, shown) in [
            ("postgres://app:hunter2@db.example:5432/shop", "postgres://app:***@db.example:5432/shop"),
            ("postgres://app@db/shop", "postgres://app:***@db/shop"),
            ("postgres://db/shop", "postgres://db/shop"),
            ("postgres://app:hunter2@h/p@db/shop", "postgres://app:***@db/shop"),
            ("postgres://app:hunter2:x?y@db/shop", "postgres://app:***@db/shop"),
            ("postgres://db/shop?user=app&password=hunter2", "postgres://db/shop?***"),
            ("postgres://app:a@db/shop?password=hunter2", "postgres://app:***@db/shop?***"),
            ("sqlite://data/iyagi.db", "sqlite://data/iyagi.db"),
            ("hunter2", "***"),
            ("app:hunter2@db://x", "***"),
            ("", ""),
        ] {
            let secret = Secret::new(url);
            assert_eq!(secret.to_string(), shown);
            assert_eq!(format!("{secret:?}"), format!("Secret({shown})"));
            assert!(!format!("{secret} {secret:?}").contains("hunter2"));
            assert_eq!(secret.expose(), url);
        }
    }
}
