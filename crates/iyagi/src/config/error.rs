//! What is wrong with a configuration: all of it at once.

use std::fmt;

/// One thing that is wrong. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The key, as `section.key`; `None` when a whole file or the environment's name is meant.
    pub(crate) key: Option<String>,
    /// Where it stands: `config/production.toml line 3`, `env PORT`, `flag --port`.
    pub(crate) place: String,
    /// What is wrong, and what is accepted.
    pub(crate) message: String,
}

impl Problem {
    pub(super) fn of_key(key: impl Into<String>, place: impl fmt::Display, message: impl Into<String>) -> Self {
        Self { key: Some(key.into()), place: place.to_string(), message: message.into() }
    }

    pub(super) fn of_place(place: impl fmt::Display, message: impl Into<String>) -> Self {
        Self { key: None, place: place.to_string(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{key} ({}): {}", self.place, self.message),
            None => write!(f, "{}: {}", self.place, self.message),
        }
    }
}

/// Everything that is wrong with a configuration; at least one problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigErrors {
    /// The problems, in the order of the layers.
    pub(crate) problems: Vec<Problem>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => f.write_str("the configuration has a problem:")?,
            count => write!(f, "the configuration has {count} problems:")?,
        }
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ConfigErrors {}
