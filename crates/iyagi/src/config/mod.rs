//! Layered configuration. A later layer wins:
//!
//! 1. the defaults built into the binary (`config/default.toml` of the project),
//! 2. `default.toml` in the configuration directory, if it is there,
//! 3. `{environment}.toml` in the same directory,
//! 4. environment variables,
//! 5. command-line flags.
//!
//! Every value remembers where it came from, and everything that is wrong is said at once.

mod check;
mod database_parts;
mod document_settings;
mod environment;
mod error;
mod files;
mod layers;
mod model;
mod nearest;
mod redis_parts;
mod schema;
mod secret;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use toml::{Table, Value};

pub(crate) use check::check;
pub(crate) use document_settings::{OcrConfig, OcrEngine, VectorStoreKind, VectorsConfig};
pub(crate) use error::{ConfigErrors, Problem};
pub(crate) use layers::Origin;
pub(crate) use model::{Busy, Config, DataConfig, DatabaseConfig, DatabaseTarget, LogFormat, Tls};
pub(crate) use secret::Secret;

use environment::Variables;
use layers::Layers;

/// The environment when none is named.
const DEFAULT_ENVIRONMENT: &str = "production";

/// A value given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flag {
    /// The key it sets, as `section.key`.
    pub(crate) key: &'static str,
    /// Its value as typed.
    pub(crate) value: String,
    /// How it is called: `--port`.
    pub(crate) name: &'static str,
}

/// Where to read the configuration from.
#[derive(Debug, Clone)]
pub(crate) struct LoadOptions {
    /// The environment's name as `--environment` gives it; `None` leaves it to `IYAGI_ENVIRONMENT`.
    pub(crate) environment: Option<String>,
    /// The directory of `default.toml` and `{environment}.toml`.
    pub(crate) config_dir: PathBuf,
    /// The environment variables.
    pub(crate) variables: Vec<(OsString, OsString)>,
    /// The command-line flags.
    pub(crate) flags: Vec<Flag>,
}

impl LoadOptions {
    /// Reads this process's variables and the directory `config` beside its working directory.
    pub(crate) fn from_process(environment: Option<String>, flags: Vec<Flag>) -> Self {
        Self { environment, config_dir: PathBuf::from("config"), variables: std::env::vars_os().collect(), flags }
    }
}

/// A configuration in which everything is right.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    /// The settings.
    pub(crate) config: Config,
    /// The environment they are for.
    pub(crate) environment: String,
    /// Where each key's value came from, by `section.key`.
    pub(crate) origins: BTreeMap<&'static str, Origin>,
    /// Things an operator should know that are not wrong, such as a variable that has no effect.
    pub(crate) warnings: Vec<String>,
}

/// Reads all layers.
///
/// # Errors
/// Everything that is wrong with any layer, at once.
pub(crate) fn load(options: &LoadOptions) -> Result<Loaded, ConfigErrors> {
    let (environment, layers) = read_layers(options);
    if !layers.problems.is_empty() {
        return Err(ConfigErrors { problems: layers.problems });
    }
    let config = typed(&layers).map_err(|problem| ConfigErrors { problems: vec![problem] })?;
    let origins = layers.settings.into_iter().map(|(path, setting)| (path, setting.origin)).collect();
    Ok(Loaded { config, environment, origins, warnings: layers.warnings })
}

/// The environment's name, and what all layers say.
fn read_layers(options: &LoadOptions) -> (String, Layers) {
    let mut layers = Layers::default();
    let variables = Variables::new(options.variables.iter().cloned(), &mut layers.problems);
    files::read_built_in(&mut layers);
    files::read(&options.config_dir.join("default.toml"), None, &mut layers);
    let environment = read_environment(options, &variables, &mut layers);
    environment::apply(&variables, &mut layers);
    for flag in &options.flags {
        let origin = Origin::Flag(flag.name.to_owned());
        match schema::find(flag.key) {
            Some(field) => layers.set_text(field, &flag.value, origin),
            None => layers.problems.push(Problem::of_key(flag.key, origin, "unknown key")),
        }
    }
    check_pool(&mut layers);
    (environment, layers)
}

/// Reads `{environment}.toml`. An environment that somebody named must have its file.
fn read_environment(options: &LoadOptions, variables: &Variables, layers: &mut Layers) -> String {
    let by_flag = options.environment.as_deref().map(|name| (name, "flag --environment".to_owned()));
    let by_variable =
        || variables.get(environment::ENVIRONMENT).map(|name| (name, format!("env {}", environment::ENVIRONMENT)));
    let (name, required) = match by_flag.or_else(by_variable) {
        Some((name, place)) => {
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                let name = schema::shorten(name, 80);
                let message = format!("\"{name}\" is no environment; it takes letters, digits, `-` and `_`");
                layers.problems.push(Problem::of_place(place, message));
                return name;
            }
            (name, Some(format!("there is no such file, but {place} names the environment `{name}`")))
        }
        None => (DEFAULT_ENVIRONMENT, None),
    };
    files::read(&options.config_dir.join(format!("{name}.toml")), required.as_deref(), layers);
    name.to_owned()
}

/// The one rule that concerns two keys.
fn check_pool(layers: &mut Layers) {
    let setting =
        |path| layers.settings.get(path).and_then(|setting| Some((setting.value.as_integer()?, &setting.origin)));
    let (Some((min, place)), Some((max, other))) = (setting("database.pool_min"), setting("database.pool_max")) else {
        return;
    };
    if min > max {
        let message = format!("{min} is more than database.pool_max, which is {max} ({other})");
        layers.problems.push(Problem::of_key("database.pool_min", place, message));
    }
}

/// The settings as typed structs. Every value was checked before, so a failure here means that the
/// list of keys and the structs disagree, or that the built-in defaults lack a key.
fn typed(layers: &Layers) -> Result<Config, Problem> {
    let mut sections = Table::new();
    for (path, setting) in &layers.settings {
        if let Some((section, key)) = path.split_once('.') {
            let section = sections.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(keys) = section {
                keys.insert(key.to_owned(), setting.value.clone());
            }
        }
    }
    sections.try_into().map_err(|error: toml::de::Error| Problem::of_place("the configuration", error.message()))
}
