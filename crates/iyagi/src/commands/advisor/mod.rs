//! `iyagi advisor`: asks the running server whether adding Redis would pay. Only the server knows what it measures.

mod client;
mod locale;
mod table;

use std::net::IpAddr;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::Value;

use crate::config::Config;
use locale::Locale;

const PATH: &str = "/api/admin/advisor";

/// What can be typed after `iyagi advisor`.
#[derive(Debug, Clone, Args)]
pub(crate) struct AdvisorArguments {
    /// Where the server answers [default: the configured host and port, 127.0.0.1:8000]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Print what the server says, as JSON
    #[arg(long)]
    json: bool,
}

/// Asks and prints.
pub(super) async fn run(config: &Config, arguments: AdvisorArguments) -> anyhow::Result<ExitCode> {
    let base = match arguments.url {
        Some(url) => url,
        None => configured(&config.server.host, config.server.port)?,
    };
    let locale = Locale::of_process();
    let answer = client::get(&format!("{}{PATH}", base.trim_end_matches('/')), locale).await?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        println!("{}", shown(answer, locale)?);
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(answer: Value, locale: Locale) -> anyhow::Result<String> {
    let advice =
        serde_json::from_value(answer).context("the server's answer cannot be read; is it another version?")?;
    Ok(table::table(&advice, locale))
}

/// Where the configured server is reached from this machine.
fn configured(host: &str, port: u16) -> anyhow::Result<String> {
    ensure!(port != 0, "the configured port is 0, a free one: say with --url where the server listens");
    Ok(match host.parse::<IpAddr>() {
        // It listens on all addresses.
        Ok(address) if address.is_unspecified() => format!("http://127.0.0.1:{port}"),
        Ok(IpAddr::V6(address)) => format!("http://[{address}]:{port}"),
        _ => format!("http://{host}:{port}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configured_server_is_asked_where_it_can_be_reached() {
        for (host, url) in [
            ("127.0.0.1", "http://127.0.0.1:9000"),
            ("0.0.0.0", "http://127.0.0.1:9000"),
            ("::", "http://127.0.0.1:9000"),
            ("::1", "http://[::1]:9000"),
            ("shop.local", "http://shop.local:9000"),
        ] {
            assert_eq!(configured(host, 9000).unwrap(), url);
        }
        assert!(configured("127.0.0.1", 0).unwrap_err().to_string().contains("--url"));
    }
}
