//! A backup by PostgreSQL's own program.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use url::Url;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// `pg_dump` is not installed here.
    #[error("pg_dump is not installed")]
    Missing,
    /// The URL cannot be read.
    #[error("the database URL cannot be read")]
    Url,
    /// It could not be started.
    #[error("pg_dump cannot be run")]
    Start(#[source] std::io::Error),
    /// It failed; with what it said.
    #[error("pg_dump failed: {0}")]
    Failed(String),
}

/// Options of a URL that `pg_dump` knows too, and the variables that it takes them from. Whatever else a
/// driver takes (pool sizes, statement caches) is nothing to a backup.
const OPTIONS: [(&str, &str); 10] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("dbname", "PGDATABASE"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
];

/// Writes a database into a file that `pg_restore` reads. It blocks until that is done. The password goes
/// through the environment: arguments of a program can be seen by everyone on the machine.
///
/// # Errors
/// See [`DumpError`]; no file is left then.
pub fn dump(url: &str, file: &Path) -> Result<(), DumpError> {
    let mut command = Command::new("pg_dump");
    command.args(["--format=custom", "--no-password", "--file"]).arg(file).envs(variables(url)?).stdin(Stdio::null());
    let output = command.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => DumpError::Missing,
        _ => DumpError::Start(error),
    })?;
    if output.status.success() {
        return Ok(());
    }
    // It may have begun to write; what went wrong is said below.
    let _ = std::fs::remove_file(file);
    let said = String::from_utf8_lossy(&output.stderr);
    Err(DumpError::Failed(said.lines().next().unwrap_or("it did not say why").to_owned()))
}

fn variables(url: &str) -> Result<Vec<(&'static str, String)>, DumpError> {
    let url = Url::parse(url).map_err(|_| DumpError::Url)?;
    let mut variables = vec![("PGCONNECT_TIMEOUT", "10".to_owned())];
    let mut set = |name, value: &str| {
        if !value.is_empty() {
            variables.push((name, decoded(value)));
        }
    };
    set("PGHOST", url.host_str().unwrap_or_default().trim_matches(['[', ']']));
    set("PGPORT", &url.port().map(|port| port.to_string()).unwrap_or_default());
    set("PGDATABASE", url.path().trim_start_matches('/'));
    set("PGUSER", url.username());
    set("PGPASSWORD", url.password().unwrap_or_default());
    for (key, value) in url.query_pairs() {
        let key = key.replace('-', "");
        if let Some((_, name)) = OPTIONS.iter().find(|(option, _)| *option == key) {
            variables.push((name, value.into_owned()));
        }
    }
    Ok(variables)
}

/// Text with its `%XX` read.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_becomes_variables_and_none_of_the_drivers_own_options() {
        let url = "postgres://app:p%40ss@[::1]:6432/shop?sslmode=require&statement-cache-capacity=0";
        let mut found = variables(url).unwrap();
        found.sort_unstable();
        let expected = [
            ("PGCONNECT_TIMEOUT", "10"),
            ("PGDATABASE", "shop"),
            ("PGHOST", "::1"),
            ("PGPASSWORD", "p@ss"),
            ("PGPORT", "6432"),
            ("PGSSLMODE", "require"),
            ("PGUSER", "app"),
        ];
        assert_eq!(found, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn text_is_decoded_and_a_lone_percent_sign_is_itself() {
        assert_eq!(decoded("%2Ftmp%2Fsocket 100%"), "/tmp/socket 100%");
    }
}
