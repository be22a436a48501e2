//! The layer of environment variables: `IYAGI__SECTION__KEY` for every key, the names the
//! systems that Iyagi replaces already use, and `NAME_FILE` for secrets.

use std::collections::BTreeMap;
use std::ffi::OsString;

use toml::Value;

use super::database_parts::{DB, POSTGRES, Parts};
use super::error::Problem;
use super::layers::{Layers, Origin, refused};
use super::nearest::{nearest, suggestion};
use super::redis_parts;
use super::schema::{self, FIELDS, Field};

/// The variable that names the environment.
pub(super) const ENVIRONMENT: &str = "IYAGI_ENVIRONMENT";

/// What every key's own variable starts with.
const PREFIX: &str = "IYAGI__";

/// Names of services this version does not talk to yet; a trailing `*` stands for any rest.
const NOT_YET: &[&str] = &["OPENAI_API_KEY", "OPENAI_BASE_URL", "GEMINI_API_KEY", "LANGSMITH_*"];

/// Another name, or names, of a key.
enum Alias {
    /// A variable with the key's own unit and form.
    Same(&'static str),
    /// A variable in milliseconds for a key in seconds, as node-postgres has it; a started second counts.
    Milliseconds(&'static str),
    /// `POSTGRES_POOL_SIZE` and `POSTGRES_MAX_OVERFLOW`, whose sum is the largest pool of `SQLAlchemy`.
    SizeAndOverflow,
    /// The parts of a PostgreSQL URL.
    Parts(&'static Parts),
    /// The parts of a Redis URL.
    RedisParts,
}

/// The other names of a key, the strongest first.
fn aliases(path: &str) -> &'static [Alias] {
    match path {
        "server.port" => &[Alias::Same("PORT")],
        "log.level" => &[Alias::Same("RUST_LOG")],
        "database.url" => &[Alias::Same("DATABASE_URL"), Alias::Parts(&DB), Alias::Parts(&POSTGRES)],
        "database.pool_max" => &[Alias::Same("DB_POOL_MAX"), Alias::SizeAndOverflow],
        "database.pool_min" => &[Alias::Same("DB_POOL_MIN")],
        "database.idle_timeout_seconds" => &[Alias::Milliseconds("DB_IDLE_TIMEOUT")],
        "database.connection_timeout_seconds" => &[Alias::Milliseconds("DB_CONNECTION_TIMEOUT")],
        "redis.url" => &[Alias::Same("REDIS_URL"), Alias::RedisParts],
        "session.expire_hours" => &[Alias::Same("SESSION_EXPIRE_HOURS")],
        "session.hard_delete_after_days" => &[Alias::Same("HARD_DELETE_AFTER_DAYS")],
        "session.cleanup_interval_minutes" => &[Alias::Same("SESSION_CLEANUP_INTERVAL_MINUTES")],
        "sources.s3_endpoint" => &[Alias::Same("AWS_ENDPOINT_URL")],
        "sources.s3_region" => &[Alias::Same("AWS_REGION")],
        "sources.s3_access_key_id" => &[Alias::Same("AWS_ACCESS_KEY_ID")],
        "sources.s3_secret_access_key" => &[Alias::Same("AWS_SECRET_ACCESS_KEY")],
        "sources.notion_token" => &[Alias::Same("NOTION_INTEGRATION_TOKEN")],
        "sources.notion_database" => &[Alias::Same("NOTION_DATABASE_ID")],
        "vectors.api_key" => &[Alias::Same("PINECONE_API_KEY")],
        "vectors.index" => &[Alias::Same("PINECONE_INDEX_NAME")],
        _ => &[],
    }
}

/// The variables that are set. An empty one counts as not set.
#[derive(Debug, Default)]
pub(super) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Takes what is text. A name or value that is not is passed over when it is nothing of ours.
    pub(super) fn new(variables: impl IntoIterator<Item = (OsString, OsString)>, problems: &mut Vec<Problem>) -> Self {
        let mut texts = BTreeMap::new();
        for (name, value) in variables {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => {
                    texts.insert(name, value);
                }
                Err(_) if is_ours(&name) => {
                    problems.push(Problem::of_place(format!("env {name}"), "its value is not UTF-8 text"));
                }
                Err(_) => {}
            }
        }
        Self(texts)
    }

    /// The value of a variable that is set and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of a secret: `NAME`, or the trimmed content of the file that `NAME_FILE` names.
    /// `Some` also when one of them is wrong. With it comes the name of the variable that was used.
    pub(super) fn secret(&self, name: &str) -> Option<Read<String>> {
        let file_name = format!("{name}_FILE");
        match (self.get(name), self.get(&file_name)) {
            (None, None) => None,
            (Some(value), None) => Some(Read { from: name.to_owned(), value: Ok(value.to_owned()) }),
            (None, Some(path)) => {
                let value = match std::fs::read_to_string(path) {
                    Ok(text) if text.trim().is_empty() => Err(format!("the file {path} is empty")),
                    Ok(text) => Ok(text.trim().to_owned()),
                    Err(error) => Err(format!("the file {path} cannot be read: {error}")),
                };
                Some(Read { from: file_name, value })
            }
            (Some(_), Some(_)) => Some(Read {
                from: format!("{name}, {file_name}"),
                value: Err(format!("both are set; set {name} or {file_name}, not both")),
            }),
        }
    }
}

/// What was read and from which variable, or what is wrong with it.
pub(super) struct Read<T> {
    pub(super) from: String,
    pub(super) value: Result<T, String>,
}

/// Sets what the variables say, and notes what they say in vain.
pub(super) fn apply(variables: &Variables, layers: &mut Layers) {
    for field in FIELDS {
        apply_field(field, variables, layers);
    }
    for name in variables.0.keys() {
        note_unknown(name, layers);
        if variables.get(name).is_some() && is_not_yet(name) {
            layers.warnings.push(format!("{name} is set, but this version does not use it yet"));
        }
    }
}

/// A key takes the strongest of its names that is set; the others are said to lose.
fn apply_field(field: &'static Field, variables: &Variables, layers: &mut Layers) {
    let own = named(field, &field.variable(), variables);
    let others = aliases(field.path).iter().filter_map(|alias| read_alias(field, alias, variables));
    let mut found = own.into_iter().chain(others);
    let Some(first) = found.next() else { return };
    for other in found {
        let warning = format!("{}: without effect, since {} sets {}", other.from, first.from, field.path);
        layers.warnings.push(warning);
    }
    let origin = Origin::Variable(first.from);
    match first.value {
        Ok(value) => layers.set(field, value, origin),
        Err(problems) => {
            let problems = problems.into_iter().map(|refusal| match refusal {
                Refusal::Value(shown) => refused(field, &shown, &origin),
                Refusal::Other(place, message) => Problem::of_key(field.path, format!("env {place}"), message),
            });
            layers.problems.extend(problems);
        }
    }
}

/// Why a variable's value cannot be taken.
pub(super) enum Refusal {
    /// The key does not accept it; what is shown of it.
    Value(String),
    /// Another reason: the variables it is about, and the reason.
    Other(String, String),
}

/// What a name of a key gave.
pub(super) struct Found {
    pub(super) from: String,
    pub(super) value: Result<Value, Vec<Refusal>>,
}

fn read_alias(field: &Field, alias: &Alias, variables: &Variables) -> Option<Found> {
    match alias {
        Alias::Same(name) => named(field, name, variables),
        Alias::Milliseconds(name) => milliseconds(field, name, variables),
        Alias::SizeAndOverflow => size_and_overflow(variables),
        Alias::Parts(parts) => parts.read(field, variables),
        Alias::RedisParts => redis_parts::read(field, variables),
    }
}

fn named(field: &Field, name: &str, variables: &Variables) -> Option<Found> {
    let read = if field.is_secret() {
        variables.secret(name)?
    } else {
        Read { from: name.to_owned(), value: Ok(variables.get(name)?.to_owned()) }
    };
    let value = match read.value {
        Ok(text) => {
            let shown = || vec![Refusal::Value(format!("\"{}\"", schema::shorten(&text, 80)))];
            field.parse(&text).ok_or_else(shown)
        }
        Err(message) => Err(vec![Refusal::Other(read.from.clone(), message)]),
    };
    Some(Found { from: read.from, value })
}

fn milliseconds(field: &Field, name: &str, variables: &Variables) -> Option<Found> {
    let text = variables.get(name)?;
    let seconds = text.trim().parse::<u32>().ok().map(|millis| i64::from(millis.div_ceil(1_000)));
    let value = seconds.and_then(|seconds| field.accept(Value::Integer(seconds))).ok_or_else(|| {
        let message = format!(
            "\"{}\" is not accepted; it takes milliseconds that make, in seconds, {}",
            schema::shorten(text, 80),
            field.accepts()
        );
        vec![Refusal::Other(name.to_owned(), message)]
    });
    Some(Found { from: name.to_owned(), value })
}

fn size_and_overflow(variables: &Variables) -> Option<Found> {
    let [size, overflow] = ["POSTGRES_POOL_SIZE", "POSTGRES_MAX_OVERFLOW"].map(|name| (name, variables.get(name)));
    let set: Vec<&str> = [size, overflow].iter().filter(|(_, text)| text.is_some()).map(|(name, _)| *name).collect();
    if set.is_empty() {
        return None;
    }
    // What SQLAlchemy takes for the one that is not set: 5 and 10.
    let mut refusals = Vec::new();
    let mut number = |(name, text): (&str, Option<&str>), min: i64, default: i64| match text {
        None => default,
        Some(text) => text.trim().parse().ok().filter(|number| (min..=5_000).contains(number)).unwrap_or_else(|| {
            let text = schema::shorten(text, 80);
            let message = format!("\"{text}\" is not accepted; it takes a whole number from {min} to 5000");
            refusals.push(Refusal::Other(name.to_owned(), message));
            default
        }),
    };
    let sum = number(size, 1, 5) + number(overflow, 0, 10);
    let value = if refusals.is_empty() { Ok(Value::Integer(sum)) } else { Err(refusals) };
    Some(Found { from: set.join(", "), value })
}

fn note_unknown(name: &str, layers: &mut Layers) {
    if name == ENVIRONMENT || is_own_name(name) {
        return;
    }
    let path_of = |rest: &str| rest.to_lowercase().replace("__", ".");
    let variable_of = |path: &str| nearest(path).and_then(schema::find).map(Field::variable);
    if let Some(rest) = name.strip_prefix(PREFIX) {
        let path = path_of(rest);
        let message = format!("unknown key{}", suggestion(variable_of(&path)));
        layers.problems.push(Problem::of_key(path, format!("env {name}"), message));
    } else if let Some(meant) = name.strip_prefix("IYAGI_").and_then(|rest| variable_of(&path_of(rest))) {
        layers.warnings.push(format!("{name} is not a name of Iyagi; did you mean `{meant}`?"));
    }
}

/// Whether a name is `IYAGI__SECTION__KEY` of a key, or its `_FILE` form.
fn is_own_name(name: &str) -> bool {
    FIELDS.iter().any(|field| {
        let own = field.variable();
        name == own || (field.is_secret() && name.strip_suffix("_FILE") == Some(&own))
    })
}

fn is_not_yet(name: &str) -> bool {
    let plain = name.strip_suffix("_FILE").unwrap_or(name);
    NOT_YET.iter().any(|known| match known.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => plain == *known,
    })
}

/// Whether Iyagi reads a variable.
fn is_ours(name: &str) -> bool {
    let plain = name.strip_suffix("_FILE").unwrap_or(name);
    let is_alias = |alias: &Alias| match alias {
        Alias::Same(known) | Alias::Milliseconds(known) => plain == *known,
        Alias::SizeAndOverflow => ["POSTGRES_POOL_SIZE", "POSTGRES_MAX_OVERFLOW"].contains(&plain),
        Alias::Parts(parts) => parts.names().contains(&plain),
        Alias::RedisParts => redis_parts::NAMES.contains(&plain),
    };
    name == ENVIRONMENT || name.starts_with(PREFIX) || FIELDS.iter().flat_map(|field| aliases(field.path)).any(is_alias)
}
