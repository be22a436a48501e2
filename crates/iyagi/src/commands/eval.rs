use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use rag_pipeline::evaluation::{
    Asked, Case, CaseResult, Comparing, Comparison, Evaluation, Report, Split, parse_cases, parse_squad,
};
use rag_pipeline::ingest::NewDocument;
use rag_pipeline::model::{Collection, Scope};
use serde::Serialize;

use crate::cli::Eval;
use crate::config::{Config, DataConfig};
use crate::wiring::{self, Storage};
use crate::{ingestion, samples};

/// `iyagi eval`: takes the documents into a database of its own, asks every question the way a customer
/// would, and prints how good retrieval and answers were.
pub(super) async fn run(config: &Config, arguments: Eval) -> anyhow::Result<ExitCode> {
    match &arguments.squad {
        Some(file) => passages(config, file, &arguments).await?,
        None => answers(config, &arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What is known of questions with answers.
#[derive(Serialize)]
struct Answers {
    #[serde(flatten)]
    report: Report,
    retrieval: Comparison,
}

/// Measures answers, and every method of retrieval, on cases.
async fn answers(config: &Config, arguments: &Eval) -> anyhow::Result<()> {
    let (cases, documents) = match &arguments.cases {
        Some(file) => (parse_cases(&text(file)?)?, ingestion::read_all(&arguments.documents)?),
        None if arguments.hard => (parse_cases(samples::HARD_CASES)?, samples::documents()),
        None => (parse_cases(samples::CASES)?, samples::documents()),
    };
    let laboratory = Laboratory::open(config, documents, arguments.cases.is_none()).await?;
    let results = laboratory.ask(&cases).await?;
    let asked: Vec<Asked> = cases.iter().zip(&results).filter_map(|(case, result)| Asked::of(case, result)).collect();
    let retrieval = laboratory.compare(&asked).await?;
    laboratory.close().await?;
    print(&Answers { report: Report::of(&results), retrieval }, arguments.json)?;
    if arguments.misses {
        print_misses(&results, &cases);
    }
    Ok(())
}

/// What is known of questions about passages.
#[derive(Serialize)]
struct OfPassages {
    passages: usize,
    unanswerable: usize,
    #[serde(flatten)]
    retrieval: Comparison,
}

/// Measures how every method finds the passages that questions were asked about.
async fn passages(config: &Config, file: &Path, arguments: &Eval) -> anyhow::Result<()> {
    let squad = parse_squad(&text(file)?).with_context(|| format!("{} cannot be used", file.display()))?;
    let squad = squad.sample(arguments.limit.unwrap_or(usize::MAX));
    let laboratory = Laboratory::open(config, squad.documents(), true).await?;
    let retrieval = laboratory.compare(&squad.asked()).await?;
    laboratory.close().await?;
    print(&OfPassages { passages: squad.passages.len(), unanswerable: squad.unanswerable, retrieval }, arguments.json)
}

fn text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// A database of its own, gone when it is dropped, that holds the documents that questions are about.
struct Laboratory {
    config: Config,
    storage: Storage,
    scope: Scope,
    _folder: tempfile::TempDir,
}

impl Laboratory {
    /// `plain` documents are text, and read by this process; others may be of any kind.
    async fn open(config: &Config, documents: Vec<NewDocument>, plain: bool) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("a temporary folder cannot be made")?;
        let config = Config {
            data: DataConfig { dir: folder.path().to_owned() },
            database: config.database.embedded(),
            vectors: config.vectors.embedded(),
            ..config.clone()
        };
        let storage = Storage::open(&config).await?;
        let (store, collection) = (config.store.default.clone(), Collection::new("help")?);
        let documents_of = storage.documents();
        let ingestor =
            if plain { documents_of.trusting_ingestor(&config) } else { documents_of.ingestor(&config).await? };
        let mut failure = None;
        let tally = ingestion::ingest_all(&ingestor, &store, &collection, documents, |result| {
            failure = failure.take().or_else(|| result.as_ref().err().map(ToString::to_string));
        })
        .await?;
        anyhow::ensure!(
            tally.failed == 0,
            "documents could not be taken in: {tally}; the first: {}",
            failure.unwrap_or_default()
        );
        let scope = Scope { store, collections: Vec::new() };
        Ok(Self { config, storage, scope, _folder: folder })
    }

    async fn ask(&self, cases: &[Case]) -> anyhow::Result<Vec<CaseResult>> {
        let evaluation = Evaluation::new(
            self.storage.planner(&self.config),
            wiring::model(),
            wiring::clock(),
            self.scope.clone(),
            self.config.store.instructions.clone(),
        );
        let bar = bar(cases.len(), "questions")?;
        let results = evaluation.run(cases, |_| bar.inc(1)).await?;
        bar.finish_and_clear();
        Ok(results)
    }

    async fn compare(&self, asked: &[Asked]) -> anyhow::Result<Comparison> {
        let comparing = Comparing::new(self.storage.documents().retriever(), wiring::clock(), self.scope.clone());
        let bar = bar(asked.len(), "questions, by every method")?;
        let comparison = comparing.run(asked, || bar.inc(1)).await?;
        bar.finish_and_clear();
        Ok(comparison)
    }

    async fn close(self) -> anyhow::Result<()> {
        self.storage.close().await
    }
}

fn bar(length: usize, of_what: &'static str) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(length as u64);
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    bar.set_message(of_what);
    Ok(bar)
}

impl std::fmt::Display for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}", self.report.table(), self.retrieval.table().trim_end())
    }
}

impl std::fmt::Display for OfPassages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { passages, unanswerable, retrieval } = self;
        let questions = retrieval.questions;
        writeln!(f, "{questions} questions about {passages} passages; {unanswerable} unanswerable ones left out\n")?;
        write!(f, "{}", retrieval.table().trim_end())
    }
}

fn print<T: Serialize + std::fmt::Display>(figures: &T, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(figures)?);
    } else {
        println!("{figures}");
    }
    Ok(())
}

/// Says what went wrong with the cases that rules may be chosen by.
fn print_misses(results: &[CaseResult], cases: &[Case]) {
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
