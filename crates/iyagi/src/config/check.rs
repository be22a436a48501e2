//! What `iyagi config check` says: every value, where it came from, and what is wrong.

use serde_json::json;
use toml::Value;

use super::error::Problem;
use super::layers::{Origin, Setting};
use super::schema::{self, FIELDS, Field};
use super::secret::Secret;
use super::{LoadOptions, read_layers, typed};

/// The longest value shown in the table, in characters.
const SHOWN_CHARS: usize = 60;

/// One key of a [`Report`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReportedSetting {
    /// `section.key`.
    pub(crate) key: &'static str,
    /// Its value; a secret is masked.
    pub(crate) value: serde_json::Value,
    /// Where the value came from.
    pub(crate) origin: Origin,
}

/// A configuration as it stands. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Report {
    /// The environment it is for.
    pub(crate) environment: String,
    /// Every key, in the order of `config/default.toml`. A key whose value was refused shows what
    /// holds without that value.
    pub(crate) settings: Vec<ReportedSetting>,
    /// Things an operator should know that are not wrong.
    pub(crate) warnings: Vec<String>,
    /// What is wrong; empty when the server would start.
    pub(crate) problems: Vec<Problem>,
}

/// Reads all layers and reports on them. It also reads the price book that `prices.file` names.
pub(crate) fn check(options: &LoadOptions) -> Report {
    let (environment, mut layers) = read_layers(options);
    match typed(&layers) {
        Ok(config) => {
            if let Err(error) = config.prices.book() {
                let place = layers.settings.get("prices.file").map_or(&Origin::Default, |setting| &setting.origin);
                layers.problems.push(Problem::of_key("prices.file", place, format!("{error:#}")));
            }
        }
        Err(problem) => layers.problems.push(problem),
    }
    let settings =
        FIELDS.iter().filter_map(|field| layers.settings.get(field.path).map(|setting| reported(field, setting)));
    Report { environment, settings: settings.collect(), warnings: layers.warnings, problems: layers.problems }
}

fn reported(field: &Field, setting: &Setting) -> ReportedSetting {
    let value = match &setting.value {
        Value::String(text) if field.is_secret() => json!(Secret::new(text).to_string()),
        Value::String(text) => json!(text),
        Value::Integer(number) => json!(number),
        Value::Array(items) => json!(items.iter().filter_map(Value::as_str).collect::<Vec<_>>()),
        other => json!(schema::show(other)),
    };
    ReportedSetting { key: field.path, value, origin: setting.origin.clone() }
}

impl Report {
    /// Whether the server would start.
    pub(crate) fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    /// The report for people. Values stand last because their width on a terminal is not known.
    pub(crate) fn to_table(&self) -> String {
        let rows: Vec<[String; 3]> = self
            .settings
            .iter()
            .map(|setting| [setting.key.to_owned(), setting.origin.to_string(), shown(&setting.value)])
            .collect();
        let width = |column: usize, title: &str| {
            rows.iter().map(|row| row[column].chars().count()).chain([title.len()]).max().unwrap_or_default()
        };
        let (keys, origins) = (width(0, "SETTING"), width(1, "FROM"));
        let mut table = format!("environment: {}\n\n", self.environment);
        let title = ["SETTING", "FROM", "VALUE"].map(str::to_owned);
        for [key, origin, value] in std::iter::once(&title).chain(&rows) {
            let line = format!("{key:keys$}  {origin:origins$}  {value}");
            push_line(&mut table, line.trim_end());
        }
        if !self.warnings.is_empty() {
            push_line(&mut table, "\nwarnings:");
            self.warnings.iter().for_each(|warning| push_line(&mut table, &format!("  {warning}")));
        }
        if !self.problems.is_empty() {
            push_line(&mut table, "\nproblems:");
            self.problems.iter().for_each(|problem| push_line(&mut table, &format!("  {problem}")));
        }
        table
    }

    /// The report for programs.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let settings = self
            .settings
            .iter()
            .map(|setting| json!({"key": setting.key, "value": setting.value, "from": setting.origin.to_string()}));
        let problems = self
            .problems
            .iter()
            .map(|problem| json!({"key": problem.key, "place": problem.place, "message": problem.message}));
        json!({
            "environment": self.environment,
            "valid": self.is_valid(),
            "settings": settings.collect::<Vec<_>>(),
            "warnings": self.warnings,
            "problems": problems.collect::<Vec<_>>(),
        })
    }
}

fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        serde_json::Value::String(text) => schema::shorten(text, SHOWN_CHARS),
        other => schema::shorten(&other.to_string(), SHOWN_CHARS),
    }
}

fn push_line(table: &mut String, line: &str) {
    table.push_str(line);
    table.push('\n');
}
