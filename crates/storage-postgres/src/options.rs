//! What the driver is told: where, as whom, how protected, within which limits.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use kernel::RepositoryError;
use sea_orm::sqlx::ConnectOptions;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::connect::{PostgresOptions, TlsMode};

/// PostgreSQL cuts an application's name here, in bytes.
const MAX_NAME_BYTES: usize = 63;

/// The driver's options.
pub(crate) fn read(options: &PostgresOptions) -> Result<PgConnectOptions, RepositoryError> {
    // The parser's error repeats parts of the URL, so it is not kept as the source.
    let connect = PgConnectOptions::from_str(&options.url)
        .map_err(|_| RepositoryError::backend("the database URL cannot be read"))?
        .application_name(&application_name(&options.instance))
        .disable_statement_logging();
    Ok(limited(protected(connect, options), options))
}

fn application_name(instance: &str) -> String {
    let mut name = if instance.is_empty() { "iyagi".to_owned() } else { format!("iyagi {instance}") };
    name.truncate(name.floor_char_boundary(MAX_NAME_BYTES));
    name
}

fn protected(connect: PgConnectOptions, options: &PostgresOptions) -> PgConnectOptions {
    let mode = match options.tls {
        Some(mode) => ssl_mode(mode),
        None if says_how(&options.url) || std::env::var_os("PGSSLMODE").is_some() => connect.get_ssl_mode(),
        None if is_local(&connect) => PgSslMode::Disable,
        None => PgSslMode::VerifyFull,
    };
    let connect = connect.ssl_mode(mode);
    match &options.tls_ca_file {
        Some(file) => connect.ssl_root_cert(file),
        None => connect,
    }
}

const fn ssl_mode(mode: TlsMode) -> PgSslMode {
    match mode {
        TlsMode::VerifyFull => PgSslMode::VerifyFull,
        TlsMode::Require => PgSslMode::Require,
        TlsMode::Disable => PgSslMode::Disable,
    }
}

/// Whether the URL has an `sslmode` of its own.
fn says_how(url: &str) -> bool {
    let options = url.split_once('?').map_or("", |(_, options)| options);
    options.split('&').any(|option| option.starts_with("sslmode=") || option.starts_with("ssl-mode="))
}

/// Whether nothing on the way leaves this machine: a socket, a loopback address, or the name of one.
pub(crate) fn is_local(connect: &PgConnectOptions) -> bool {
    let host = connect.get_host();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    connect.get_socket().is_some()
        || host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A limit that the URL sets itself stays.
fn limited(connect: PgConnectOptions, options: &PostgresOptions) -> PgConnectOptions {
    let own = connect.get_options().unwrap_or_default().to_owned();
    let limits = [
        ("statement_timeout", options.statement_timeout),
        ("lock_timeout", options.lock_timeout),
        ("idle_in_transaction_session_timeout", options.idle_in_transaction_timeout),
    ];
    let set = limits.into_iter().filter(|(name, _)| !own.contains(name));
    let set: Vec<(&str, u128)> =
        set.filter_map(|(name, limit)| Some((name, limit.map(|limit: Duration| limit.as_millis())?))).collect();
    if set.is_empty() { connect } else { connect.options(set) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str, tls: Option<TlsMode>) -> String {
        let read = read(&PostgresOptions { tls, ..PostgresOptions::new(url) }).unwrap();
        format!("{:?}", read.get_ssl_mode())
    }

    #[test]
    fn what_leaves_the_machine_is_verified_and_what_stays_is_plain_unless_told_otherwise() {
        for url in ["postgres://a@db/x", "postgres://a@10.0.0.7:6432/x", "postgres://a@[fd00::7]/x"] {
            assert_eq!(mode(url, None), "VerifyFull", "{url}");
        }
        for url in [
            "postgres://a@localhost/x",
            "postgres://a@127.0.0.1/x",
            "postgres://a@[::1]:5432/x",
            "postgres://a@%2Frun%2Fpg/x",
            "postgres:///x?host=/run/pg",
        ] {
            assert_eq!(mode(url, None), "Disable", "{url}");
        }
    }

    #[test]
    fn the_url_is_heard_before_the_rule_and_the_setting_before_the_url() {
        assert_eq!(mode("postgres://a@db/x?sslmode=prefer", None), "Prefer");
        assert_eq!(mode("postgres://a@localhost/x?a=b&sslmode=verify-ca", None), "VerifyCa");
        assert_eq!(mode("postgres://a@db/x?sslmode=disable", Some(TlsMode::VerifyFull)), "VerifyFull");
        assert_eq!(mode("postgres://a@db/x", Some(TlsMode::Disable)), "Disable");
        assert_eq!(mode("postgres://a@localhost/x", Some(TlsMode::Require)), "Require");
    }

    #[test]
    fn limits_are_sent_in_milliseconds_and_leave_those_of_the_url_alone() {
        let limited = |url: &str| {
            let options = PostgresOptions {
                statement_timeout: Some(Duration::from_secs(30)),
                lock_timeout: Some(Duration::from_millis(1500)),
                ..PostgresOptions::new(url)
            };
            read(&options).unwrap().get_options().unwrap_or_default().to_owned()
        };
        assert_eq!(limited("postgres://a@db/x"), "-c statement_timeout=30000 -c lock_timeout=1500");
        assert_eq!(
            limited("postgres://a@db/x?options=-c%20statement_timeout%3D5s"),
            "-c statement_timeout=5s -c lock_timeout=1500"
        );
        assert_eq!(read(&PostgresOptions::new("postgres://a@db/x")).unwrap().get_options(), None);
    }

    #[test]
    fn the_name_tells_the_instance_and_is_cut_between_letters() {
        assert_eq!(application_name(""), "iyagi");
        assert_eq!(application_name("web-1:7"), "iyagi web-1:7");
        let long = application_name(&"가".repeat(30));
        assert!(long.len() <= MAX_NAME_BYTES && long.starts_with("iyagi 가"), "{long}");
    }
}
