//! `iyagi import`.

mod arguments;
mod output;

use std::process::ExitCode;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use kernel::StoreId;
use session_import::ports::Source;
use session_import::{Difference, ImportId, Importer, Job, Plan, Report};

pub(crate) use arguments::ImportArguments;

use crate::config::Config;
use crate::wiring::{self, ImportDatabase, open_source};

/// How many differences an error names; the report has all.
const NAMED: usize = 10;

pub(super) async fn run(config: &Config, arguments: ImportArguments) -> anyhow::Result<ExitCode> {
    if arguments.list || arguments.verify.is_some() || arguments.rollback.is_some() {
        let database = ImportDatabase::open(config).await?;
        let outcome = manage(&database.importer(), &arguments).await;
        database.close().await?;
        return outcome;
    }
    let store = match &arguments.store {
        Some(store) => StoreId::new(store.as_str()).context("--store")?,
        None => config.store.default.clone(),
    };
    let namespace = arguments.namespace.clone();
    let plan = Plan { kind: arguments.kind, store, namespace, lifetimes: config.session.lifetimes() };
    let mut source = open_source(&arguments.source()?).await?;
    let database =
        if arguments.dry_run { ImportDatabase::look(config).await? } else { ImportDatabase::open(config).await? };
    let outcome = import(config, &database, &mut *source, plan, &arguments).await;
    let name = database.name().to_owned();
    database.close().await?;
    let report = outcome?;
    output::print(&report, &name, arguments.json)?;
    if let Some(found) = &report.verification {
        same(report.import.id, &found.differences)?;
    }
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn import(
    config: &Config,
    database: &ImportDatabase,
    source: &mut dyn Source,
    plan: Plan,
    arguments: &ImportArguments,
) -> anyhow::Result<Report> {
    let importer = database.importer();
    let mut job = importer.prepare(source, plan).await?;
    let bar = bar(&job)?;
    let mut progress = |rows| bar.inc(rows);
    let report = if arguments.dry_run {
        importer.rehearse(source, &job, &mut progress).await?
    } else {
        if job.import.backup.is_none() && !arguments.no_backup {
            job.import.backup = Some(wiring::back_up(config, job.import.id).await?);
        }
        importer.run(source, &job, &mut progress).await?
    };
    bar.finish_and_clear();
    Ok(report)
}

fn bar(job: &Job) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(job.rows);
    bar.set_style(ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} rows {eta}")?);
    Ok(bar)
}

async fn manage(importer: &Importer, arguments: &ImportArguments) -> anyhow::Result<ExitCode> {
    if let Some(id) = arguments.rollback {
        let report = importer.roll_back(id, arguments.force).await?;
        output::print_rollback(&report, arguments.json)?;
        return Ok(if report.kept.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if let Some(id) = arguments.verify {
        let found = importer.verify(id).await?;
        output::print_verification(&found, arguments.json)?;
        same(id, &found.differences)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::print_list(&importer.list().await?, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

/// An error that names the sessions that differ, if any do.
fn same(import: ImportId, differences: &[Difference]) -> anyhow::Result<()> {
    if differences.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = differences
        .iter()
        .take(NAMED)
        .map(|found| format!("{} ({} in the source): {}", found.session, found.source_id, found.what))
        .collect();
    let more = if differences.len() > NAMED { "; --json lists all" } else { "" };
    anyhow::bail!("{} sessions are not as import {import} brought them: {}{more}", differences.len(), named.join("; "));
}
