use std::process::ExitCode;

use serde_json::{Value, json};
use storage_sea::{Counting, DatabaseFacts};

use crate::cli::Output;
use crate::config::{Config, DatabaseTarget};
use crate::wiring::{Database, content_name};

/// `iyagi db test`. Fails when the database cannot be reached, read or written, or is newer than this program.
pub(super) async fn test(config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    match tried(config).await {
        Ok(facts) => {
            if output.json {
                println!("{}", serde_json::to_string_pretty(&test_json(&facts))?);
            } else {
                println!("{}", test_table(config, &facts));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if output.json => {
            println!("{}", serde_json::to_string_pretty(&json!({"ok": false, "error": format!("{error:#}")}))?);
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error),
    }
}

async fn tried(config: &Config) -> anyhow::Result<DatabaseFacts> {
    let database = Database::open(config).await?;
    let facts = database.facts(Counting::Cheap).await?;
    facts.migrations.steps()?;
    database.try_write().await?;
    database.close().await?;
    Ok(facts)
}

/// `iyagi db info`.
pub(super) async fn info(config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let database = Database::open(config).await?;
    let facts = database.facts(Counting::Exact).await?;
    database.close().await?;
    if output.json {
        println!("{}", serde_json::to_string_pretty(&info_json(config, &facts))?);
    } else {
        println!("{}", info_table(config, &facts));
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the database is; a password in it is masked.
fn place(config: &Config) -> String {
    match config.database() {
        DatabaseTarget::Sqlite(file) => file.display().to_string(),
        DatabaseTarget::Postgres(url) => url.to_string(),
    }
}

fn latency_ms(facts: &DatabaseFacts) -> f64 {
    (facts.latency.as_secs_f64() * 1e6).round() / 1e3
}

fn kind(facts: &DatabaseFacts) -> String {
    let encrypted = if facts.encrypted { ", encrypted" } else { "" };
    format!("{} {}{encrypted}", facts.backend, facts.version)
}

fn schema(facts: &DatabaseFacts) -> String {
    format!("{} migrations applied, {} pending", facts.migrations.applied.len(), facts.migrations.pending.len())
}

fn test_json(facts: &DatabaseFacts) -> Value {
    json!({
        "ok": true,
        "backend": facts.backend,
        "version": facts.version,
        "encrypted": facts.encrypted,
        "latencyMs": latency_ms(facts),
        "migrations": {"applied": facts.migrations.applied.len(), "pending": facts.migrations.pending.len()},
        "write": true,
    })
}

fn test_table(config: &Config, facts: &DatabaseFacts) -> String {
    [
        ("database", kind(facts)),
        ("place", place(config)),
        ("latency", format!("{:.3} ms", latency_ms(facts))),
        ("schema", schema(facts)),
        ("writing", "works (and was taken back)".to_owned()),
    ]
    .map(|(name, value)| format!("{name:<9} {value}"))
    .join("\n")
}

fn info_json(config: &Config, facts: &DatabaseFacts) -> Value {
    let rows: serde_json::Map<String, Value> =
        facts.rows.iter().map(|table| (content_name(&table.table), json!(table.rows))).collect();
    json!({
        "backend": facts.backend,
        "version": facts.version,
        "place": place(config),
        "encrypted": facts.encrypted,
        "sizeBytes": facts.size_bytes,
        "latencyMs": latency_ms(facts),
        "migrations": {"applied": facts.migrations.applied, "pending": facts.migrations.pending},
        "rows": rows,
        "pool": pool(config, facts).into_iter().map(|(name, value)| (name.to_owned(), json!(value)))
            .collect::<serde_json::Map<String, Value>>(),
    })
}

/// The connections that a server may open. SQLite has a number of its own.
fn pool(config: &Config, facts: &DatabaseFacts) -> Vec<(&'static str, u64)> {
    let mut pool = vec![("max", u64::from(facts.pool.max))];
    if let DatabaseTarget::Postgres(_) = config.database() {
        let database = &config.database;
        pool.extend([
            ("min", u64::from(database.pool_min)),
            ("idleTimeoutSeconds", database.idle_timeout_seconds),
            ("connectionTimeoutSeconds", database.connection_timeout_seconds),
            ("statementTimeoutSeconds", database.statement_timeout_seconds),
            ("lockTimeoutSeconds", database.lock_timeout_seconds),
            ("idleInTransactionTimeoutSeconds", database.idle_in_transaction_timeout_seconds),
        ]);
    }
    pool
}

fn info_table(config: &Config, facts: &DatabaseFacts) -> String {
    let mut lines = vec![
        format!("{:<9} {}", "database", kind(facts)),
        format!("{:<9} {}", "place", place(config)),
        format!("{:<9} {:.1} MiB", "size", facts.size_bytes as f64 / f64::from(1 << 20)),
        format!("{:<9} {}", "schema", schema(facts)),
    ];
    lines.extend(facts.migrations.pending.iter().map(|name| format!("{:<9} pending: {name}", "")));
    lines.push("rows".to_owned());
    lines.extend(facts.rows.iter().map(|table| format!("  {:<16} {:>12}", content_name(&table.table), table.rows)));
    lines.push("connections".to_owned());
    lines.extend(pool(config, facts).into_iter().map(|(name, value)| format!("  {name:<32} {value:>5}")));
    lines.join("\n")
}
