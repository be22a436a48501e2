//! What happens to a test whose server is not there: a loud skip on a developer's machine, a
//! failure where skipping would hide a regression.

use std::{
    env,
    fmt::Display,
    fs::OpenOptions,
    io::{self, Write},
};

/// Why a test server cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The program is not installed on this machine.
    #[error("{what} is missing; {how}")]
    Missing {
        /// The program or package, as a person would call it.
        what: String,
        /// How to get it.
        how: String,
    },
    /// The program is there but did not do its work.
    #[error("{what} failed: {reason}")]
    Failed {
        /// What was attempted.
        what: String,
        /// The cause, with the end of the server's log where there is one.
        reason: String,
    },
}

impl Unavailable {
    pub(crate) fn missing(what: &str, packages: &str) -> Self {
        Self::Missing { what: what.to_owned(), how: format!("run ./scripts/test.sh, or install {packages}") }
    }

    pub(crate) fn failed(what: &str, reason: &dyn Display) -> Self {
        Self::Failed { what: what.to_owned(), reason: reason.to_string() }
    }
}

/// Unwraps a server, or leaves the test: with a loud line on stderr when the server is not
/// installed, with a panic when it failed to start or when servers are required (`CI=true`,
/// `IYAGI_TEST_REQUIRE_SERVERS=1`).
///
/// Works in functions that return `()`.
#[macro_export]
macro_rules! require {
    ($server:expr) => {
        match $server {
            Ok(server) => server,
            Err(unavailable) => {
                $crate::skip_or_panic(&unavailable);
                return;
            }
        }
    };
}

/// The part of [`require!`] that decides; returns when the test is to be skipped.
///
/// # Panics
/// When the server failed to start, or when servers are required.
#[track_caller]
pub fn skip_or_panic(unavailable: &Unavailable) {
    let required = is_set(env::var("CI").ok()) || is_set(env::var("IYAGI_TEST_REQUIRE_SERVERS").ok());
    assert!(may_skip(unavailable, required), "a test cannot run: {unavailable}");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let line = format!("SKIPPED {test}: {unavailable}");
    let told = say(&line).and_then(|()| record(&line));
    assert!(told.is_ok(), "a skipped test could not be told: {told:?}");
}

fn may_skip(unavailable: &Unavailable, required: bool) -> bool {
    matches!(unavailable, Unavailable::Missing { .. }) && !required
}

fn is_set(value: Option<String>) -> bool {
    value.is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// Writes past the test harness, which would swallow `eprintln!` of a test that passes.
pub(crate) fn say(line: &str) -> io::Result<()> {
    // One write: lines of tests that run side by side must not mix.
    io::stderr().write_all(format!("{line}\n").as_bytes())
}

/// Notes a skipped test for the summary that `scripts/test.sh` ends with.
fn record(line: &str) -> io::Result<()> {
    match env::var_os("IYAGI_TEST_SKIPPED") {
        None => Ok(()),
        Some(file) => {
            let mut file = OpenOptions::new().create(true).append(true).open(file)?;
            file.write_all(format!("{line}\n").as_bytes())
        }
    }
}

/// For destructors, which have nobody to return an error to.
pub(crate) fn complain(what: &str, error: &dyn Display) {
    // Where stderr is closed nobody is left to hear it.
    let _ = say(&format!("{what}: {error}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_server_is_skipped_and_only_where_servers_are_optional() {
        let missing = Unavailable::missing("a server", "a package");
        let failed = Unavailable::failed("a server", &"no");
        assert!(may_skip(&missing, false));
        assert!(!may_skip(&missing, true));
        assert!(!may_skip(&failed, false));
    }

    #[test]
    fn a_switch_is_on_unless_it_is_empty_zero_or_false() {
        for off in ["", "0", "false"] {
            assert!(!is_set(Some(off.to_owned())), "{off:?}");
        }
        assert!(!is_set(None));
        assert!(is_set(Some("true".to_owned())));
        assert!(is_set(Some("1".to_owned())));
    }

    #[test]
    fn a_missing_server_says_what_and_how() {
        let text = Unavailable::missing("PostgreSQL", "postgresql").to_string();
        assert_eq!(text, "PostgreSQL is missing; run ./scripts/test.sh, or install postgresql");
    }
}
