use std::process::ExitCode;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use rag_pipeline::evaluation::{Case, CaseResult, Evaluation, Report, Split, parse_cases};
use rag_pipeline::model::{Collection, Scope};

use crate::cli::Eval;
use crate::config::{Config, DataConfig};
use crate::wiring::{self, Storage};
use crate::{ingestion, samples};

/// `iyagi eval`: takes the documents into a database of its own, asks every question the way a customer
/// would, and prints how good retrieval and answers were.
pub(super) async fn run(config: &Config, arguments: Eval) -> anyhow::Result<ExitCode> {
    let (cases, documents) = match &arguments.cases {
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
            (parse_cases(&text)?, ingestion::read_all(&arguments.documents)?)
        }
        None if arguments.hard => (parse_cases(samples::HARD_CASES)?, samples::documents()),
        None => (parse_cases(samples::CASES)?, samples::documents()),
    };
    let folder = tempfile::tempdir().context("a temporary folder cannot be made")?;
    let config = Config {
        data: DataConfig { dir: folder.path().to_owned() },
        database: config.database.embedded(),
        ..config.clone()
    };
    let storage = Storage::open(&config).await?;
    let (store, collection) = (config.store.default.clone(), Collection::new("help")?);
    let tally =
        ingestion::ingest_all(&storage.documents().trusting_ingestor(&config), &store, &collection, documents, |_| {})
            .await?;
    anyhow::ensure!(tally.failed == 0, "documents could not be taken in: {tally}");
    let scope = Scope { store, collections: Vec::new() };
    let evaluation = Evaluation::new(
        storage.planner(&config),
        wiring::model(),
        wiring::clock(),
        scope,
        config.store.instructions.clone(),
    );
    let results = ask(&evaluation, &cases).await?;
    storage.close().await?;
    print(&results, &cases, &arguments)?;
    Ok(ExitCode::SUCCESS)
}

async fn ask(evaluation: &Evaluation, cases: &[Case]) -> anyhow::Result<Vec<CaseResult>> {
    let bar = ProgressBar::new(cases.len() as u64);
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} questions")?);
    let results = evaluation.run(cases, |_| bar.inc(1)).await?;
    bar.finish_and_clear();
    Ok(results)
}

fn print(results: &[CaseResult], cases: &[Case], arguments: &Eval) -> anyhow::Result<()> {
    let report = Report::of(results);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{}", report.table().trim_end());
    }
    if arguments.misses {
        let missed = results.iter().zip(cases).filter(|(result, _)| result.split == Split::Dev && !result.right());
        for (result, case) in missed {
            println!(
                "\n{} {} {}\n  rank {:?}, {}/{} facts{}\n  {}",
                result.id,
                result.kind.name(),
                case.question,
                result.rank,
                result.facts_found,
                result.facts,
                if result.refused { ", refused" } else { "" },
                result.answer.replace('\n', "\n  ")
            );
        }
    }
    Ok(())
}
