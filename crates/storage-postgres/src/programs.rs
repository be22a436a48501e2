//! PostgreSQL's own programs for dumping and restoring, where they are installed.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use kernel::RepositoryError;
use sea_orm::sqlx::ConnectOptions;
use sea_orm::sqlx::postgres::PgConnectOptions;
use tokio::process::Command;

use crate::connect::PostgresOptions;
use crate::options;

/// Where Debian keeps a directory of programs for each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The public authorities of a Linux machine, which libpq does not look at by itself.
const SYSTEM_CA: &str = "/etc/ssl/certs/ca-certificates.crt";
/// How much of a program's complaint is kept, in characters.
const COMPLAINT_CHARS: usize = 1_000;

/// A `pg_dump` that can read a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpProgram {
    path: PathBuf,
}

impl DumpProgram {
    /// Writes the custom format of what a snapshot shows.
    pub(crate) async fn dump(
        &self,
        options: &PostgresOptions,
        snapshot: &str,
        file: &Path,
    ) -> Result<(), RepositoryError> {
        let mut command = Command::new(&self.path);
        command.args(["--format=custom", "--no-owner", "--no-privileges"]);
        command.arg(format!("--snapshot={snapshot}")).arg("--file").arg(file);
        run(command, options).await
    }
}

/// The programs of this machine.
pub(crate) struct Programs;

impl Programs {
    /// The first `pg_dump` that is not older than the server: an older one refuses it.
    pub(crate) async fn find_dump(server: u32) -> Option<DumpProgram> {
        for path in candidates("pg_dump") {
            if major(&path).await.is_some_and(|program| program >= server) {
                return Some(DumpProgram { path });
            }
        }
        None
    }

    /// Replaces the tables that the archive holds, all of them or none. The newest program is taken: it reads the
    /// archives of all others.
    pub(crate) async fn restore(options: &PostgresOptions, file: &Path) -> Result<(), RepositoryError> {
        let mut newest: Option<(u32, PathBuf)> = None;
        for path in candidates("pg_restore") {
            if let Some(version) = major(&path).await
                && newest.as_ref().is_none_or(|(other, _)| version > *other)
            {
                newest = Some((version, path));
            }
        }
        let missing = "this archive of pg_dump needs the program pg_restore, which is not installed here";
        let (_, path) = newest.ok_or_else(|| RepositoryError::backend(missing))?;
        let mut command = Command::new(path);
        command.args(["--single-transaction", "--exit-on-error", "--clean", "--if-exists"]);
        command.args(["--no-owner", "--no-privileges"]);
        let connect = options::read(options)?;
        command.arg("--dbname").arg(connect.get_database().unwrap_or_else(|| connect.get_username())).arg(file);
        run(command, options).await
    }
}

fn candidates(name: &str) -> Vec<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut directories: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    if let Ok(versions) = std::fs::read_dir(DEBIAN) {
        directories.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    directories.into_iter().map(|directory| directory.join(name)).filter(|path| path.is_file()).collect()
}

/// The version of a program: `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
async fn major(program: &Path) -> Option<u32> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().await.ok()?;
    major_of(&String::from_utf8_lossy(&output.stdout))
}

fn major_of(text: &str) -> Option<u32> {
    let version = text.split_once("(PostgreSQL) ")?.1;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Runs a program on the database. The password travels in its environment, which only this account can read.
async fn run(mut command: Command, options: &PostgresOptions) -> Result<(), RepositoryError> {
    let connect = options::read(options)?;
    for (name, value) in environment(&connect) {
        command.env(name, value);
    }
    command.env_remove("PGOPTIONS").env_remove("PGSERVICE").kill_on_drop(true);
    let output = command.stdin(Stdio::null()).output().await.map_err(RepositoryError::backend)?;
    if output.status.success() {
        return Ok(());
    }
    let complaint: String = String::from_utf8_lossy(&output.stderr).trim().chars().take(COMPLAINT_CHARS).collect();
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    Err(RepositoryError::backend(format!("{program} failed: {complaint}")))
}

fn environment(connect: &PgConnectOptions) -> Vec<(&'static str, String)> {
    let url = connect.to_url_lossy();
    let host = connect.get_socket().map_or_else(
        || connect.get_host().trim_start_matches('[').trim_end_matches(']').to_owned(),
        |socket| socket.display().to_string(),
    );
    let mut set = vec![
        ("PGHOST", host),
        ("PGPORT", connect.get_port().to_string()),
        ("PGUSER", connect.get_username().to_owned()),
        ("PGDATABASE", connect.get_database().unwrap_or_else(|| connect.get_username()).to_owned()),
    ];
    set.extend(url.password().map(|password| ("PGPASSWORD", percent_decoded(password))));
    let names =
        [("sslmode", "PGSSLMODE"), ("sslrootcert", "PGSSLROOTCERT"), ("sslcert", "PGSSLCERT"), ("sslkey", "PGSSLKEY")];
    for (key, name) in names {
        let found = url.query_pairs().find(|(found, _)| found == key).map(|(_, value)| value.into_owned());
        // The driver says where a certificate lies as "file: /path".
        set.extend(found.map(|value| (name, value.strip_prefix("file: ").map_or(value.clone(), str::to_owned))));
    }
    let verified = set.iter().any(|(name, value)| *name == "PGSSLMODE" && value.starts_with("verify"));
    if verified && !set.iter().any(|(name, _)| *name == "PGSSLROOTCERT") && Path::new(SYSTEM_CA).is_file() {
        set.push(("PGSSLROOTCERT", SYSTEM_CA.to_owned()));
    }
    set
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = |digit: Option<u8>| digit.and_then(|digit| char::from(digit).to_digit(16));
        match byte {
            b'%' => {
                let (high, low) = (hex(rest.next()), hex(rest.next()));
                bytes.extend(high.zip(low).map(|(high, low)| (high * 16 + low) as u8));
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a file begins as the custom format does.
pub fn is_custom_dump(beginning: &[u8]) -> bool {
    beginning.starts_with(b"PGDMP")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_say_of_themselves() {
        for (text, version) in [
            ("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("pg_restore (PostgreSQL) 18beta1\n", Some(18)),
            ("something else", None),
        ] {
            assert_eq!(major_of(text), version, "{text}");
        }
    }

    #[test]
    fn a_program_gets_the_password_and_the_verification_of_the_connection() {
        let options = PostgresOptions {
            tls_ca_file: Some("/etc/ca.pem".into()),
            ..PostgresOptions::new("postgres://a%40b:p%40ss%2F%EB%B9%84@db:6432/shop")
        };
        let set = environment(&options::read(&options).unwrap());
        for (name, value) in [
            ("PGHOST", "db"),
            ("PGPORT", "6432"),
            ("PGUSER", "a@b"),
            ("PGDATABASE", "shop"),
            ("PGPASSWORD", "p@ss/비"),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/etc/ca.pem"),
        ] {
            assert!(set.contains(&(name, value.to_owned())), "{name}: {set:?}");
        }
        let socket = environment(&options::read(&PostgresOptions::new("postgres://a@%2Frun%2Fpg/x")).unwrap());
        assert!(
            socket.contains(&("PGHOST", "/run/pg".into())) && !socket.iter().any(|(name, _)| *name == "PGPASSWORD")
        );
    }
}
