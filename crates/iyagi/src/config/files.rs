//! The layers that are TOML files.

use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Problem;
use super::layers::{Layers, Origin, refused};
use super::nearest::{nearest, suggestion};
use super::schema;

/// The default file, as it was when the binary was built.
const BUILT_IN: &str = include_str!("../../../../config/default.toml");

/// Reads the built-in defaults.
pub(super) fn read_built_in(layers: &mut Layers) {
    File { text: BUILT_IN, name: "the built-in default.toml", origin: &Origin::Default }.read(layers);
}

/// Reads a file. One that is not there is passed over, unless it is `required`: then its absence
/// is the problem that `required` states.
pub(super) fn read(path: &Path, required: Option<&str>, layers: &mut Layers) {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => File { text: &text, name: &name, origin: &Origin::File(name.clone()) }.read(layers),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if let Some(reason) = required {
                layers.problems.push(Problem::of_place(name, reason));
            }
        }
        Err(error) => layers.problems.push(Problem::of_place(name, format!("it cannot be read: {error}"))),
    }
}

struct File<'a> {
    text: &'a str,
    name: &'a str,
    origin: &'a Origin,
}

impl File<'_> {
    fn read(&self, layers: &mut Layers) {
        let (table, mut errors) = DeTable::parse_recoverable(self.text);
        errors.sort_by_key(|error| error.span().map(|span| span.start));
        if !errors.is_empty() {
            // The error's own text quotes the line, which may hold a secret; its message does not.
            layers.problems.extend(errors.iter().map(|error| {
                let place = error.span().map_or_else(|| self.name.to_owned(), |span| self.line(span.start));
                Problem::of_place(place, format!("it is not TOML: {}", error.message()))
            }));
            return;
        }
        for (key, value) in table.into_inner() {
            let section = key.get_ref();
            match value.into_inner() {
                DeValue::Table(keys) if schema::is_section(section) || !keys.is_empty() => {
                    for (key, value) in keys {
                        let path = format!("{section}.{}", key.get_ref());
                        self.read_key(&path, key.span().start, value, layers);
                    }
                }
                _ => layers.problems.push(stray(section, self.line(key.span().start))),
            }
        }
    }

    fn read_key(&self, path: &str, start: usize, value: Spanned<DeValue<'_>>, layers: &mut Layers) {
        let place = self.line(start);
        let Some(field) = schema::find(path) else {
            let message = format!("unknown key{}", suggestion(nearest(path)));
            return layers.problems.push(Problem::of_key(path, place, message));
        };
        // An error here is a number that no TOML integer or float can hold.
        let value = toml::Value::deserialize(value.into_deserializer()).ok();
        let shown = value.as_ref().map_or_else(|| "the value".to_owned(), schema::show);
        match value.and_then(|value| field.accept(value)) {
            Some(value) => layers.set(field, value, self.origin.clone()),
            None => layers.problems.push(refused(field, &shown, &place)),
        }
    }

    /// The place of a byte of the text.
    fn line(&self, at: usize) -> String {
        let before = self.text.as_bytes().iter().take(at);
        format!("{} line {}", self.name, before.filter(|byte| **byte == b'\n').count() + 1)
    }
}

/// A top-level key that is no section.
fn stray(key: &str, place: String) -> Problem {
    let message = if schema::is_section(key) {
        format!("it is a section: write [{key}] and its keys below")
    } else {
        format!("unknown key{}", suggestion(nearest(key)))
    };
    Problem::of_key(key, place, message)
}
