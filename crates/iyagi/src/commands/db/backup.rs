use std::process::ExitCode;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use storage_sea::Counting;

use crate::backup_file::NewBackup;
use crate::cli::Backup;
use crate::config::Config;
use crate::wiring::{self, Database};

/// `iyagi db backup FILE`.
pub(super) async fn run(config: &Config, arguments: Backup) -> anyhow::Result<ExitCode> {
    let backup = NewBackup::begin(&arguments.file, arguments.force)?;
    let database = Database::open(config).await?;
    let facts = database.facts(Counting::Cheap).await?;
    let bar = rows_bar(facts.rows.iter().map(|table| table.rows).sum())?;
    let made = database.back_up(backup.path(), arguments.portable, || bar.inc(1)).await;
    bar.finish_and_clear();
    let (format, rows) = made.context("the backup failed")?;
    database.close().await?;
    let manifest = backup.finish(format, rows, wiring::clock().now())?;
    println!(
        "{}: {}, {} rows, {} bytes, sha256 {}",
        arguments.file.display(),
        format.name(),
        manifest.rows.values().sum::<u64>(),
        manifest.bytes,
        manifest.sha256
    );
    Ok(ExitCode::SUCCESS)
}

/// A bar that shows on a terminal only; it keeps turning where rows cannot be counted one by one.
pub(super) fn rows_bar(rows: u64) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(rows);
    bar.set_style(ProgressStyle::with_template("{spinner} {bar:30} {pos}/{len} rows {elapsed}")?);
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    Ok(bar)
}
