//! Runs a throw-away PostgreSQL and Redis until it is stopped, for work by hand.
//!
//! Prints a line for each server: its name, its URL and its directory.

use std::{
    io::{self, Write},
    path::Path,
};

use test_support::{postgres, redis};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let postgres = postgres::server().await?;
    show("postgres", postgres.url(), postgres.directory())?;
    let redis = redis::server().await?;
    show("redis", redis.url(), redis.directory())?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}

fn show(name: &str, url: &str, directory: Option<&Path>) -> io::Result<()> {
    let directory = directory.map_or_else(|| "-".into(), Path::to_string_lossy);
    writeln!(io::stdout(), "{name} {url} {directory}")
}
