use std::process::ExitCode;

use anyhow::Context;

use super::backup::rows_bar;
use crate::backup_file::{Format, Manifest};
use crate::cli::Restore;
use crate::config::Config;
use crate::wiring::Database;

/// `iyagi db restore FILE`.
pub(super) async fn run(config: &Config, arguments: Restore) -> anyhow::Result<ExitCode> {
    let file = &arguments.file;
    let format = Format::of(file)?;
    let manifest = Manifest::verified(file, format)?;
    if manifest.is_none() {
        let place = Manifest::place(file);
        tracing::warn!(manifest = %place.display(), "there is no manifest: what was backed up cannot be compared");
    }
    let bar = rows_bar(manifest.as_ref().map_or(0, |manifest| manifest.rows.values().sum()))?;
    let restored = Database::restore(config, file, format, || bar.inc(1)).await;
    bar.finish_and_clear();
    let rows = restored.with_context(|| format!("{} was not restored", file.display()))?;
    if let Some(manifest) = manifest {
        manifest.compare(&rows)?;
    }
    println!("{} rows restored from {} ({})", rows.values().sum::<u64>(), file.display(), format.name());
    Ok(ExitCode::SUCCESS)
}
