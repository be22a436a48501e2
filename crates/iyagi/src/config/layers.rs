//! The values found so far and where each came from; a later layer replaces an earlier one's.

use std::collections::BTreeMap;
use std::fmt;

use toml::Value;

use super::error::Problem;
use super::schema::{self, Field};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The file built into the binary.
    Default,
    /// A file, by its path.
    File(String),
    /// An environment variable, or those a value was made of.
    Variable(String),
    /// A command-line flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => f.write_str(path),
            Self::Variable(name) => write!(f, "env {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// A value and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// The outcome of reading layers.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// By `section.key`.
    pub(super) settings: BTreeMap<&'static str, Setting>,
    pub(super) problems: Vec<Problem>,
    /// Things an operator should know that are not wrong.
    pub(super) warnings: Vec<String>,
}

impl Layers {
    /// Sets a key, replacing what an earlier layer said.
    pub(super) fn set(&mut self, field: &'static Field, value: Value, origin: Origin) {
        self.settings.insert(field.path, Setting { value, origin });
    }

    /// Sets a key from a text, or notes why not.
    pub(super) fn set_text(&mut self, field: &'static Field, text: &str, origin: Origin) {
        match field.parse(text) {
            Some(value) => self.set(field, value, origin),
            None => self.problems.push(refused(field, &format!("\"{}\"", schema::shorten(text, 80)), &origin)),
        }
    }
}

/// The problem of a value that a key does not accept; a secret value is not shown.
pub(super) fn refused(field: &Field, shown: &str, place: &impl fmt::Display) -> Problem {
    let value = if field.is_secret() { "the value (not shown)" } else { shown };
    Problem::of_key(field.path, place, format!("{value} is not accepted; it takes {}", field.accepts()))
}
