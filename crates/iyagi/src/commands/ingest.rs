use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use kernel::{StoreId, error_chain};
use rag_pipeline::model::{Collection, SourceUrl};
use rag_pipeline::ports::SourceCatalogue;

use crate::cli::Ingest;
use crate::config::Config;
use crate::ingestion::{self, Found, Tally};
use crate::wiring::{self, Ingestion, Storage};
use crate::workers::{self, Outcome};

/// How often watched files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// `iyagi ingest PATH…`. Fails when a document failed; the others are taken in all the same.
pub(super) async fn run(config: &Config, arguments: Ingest) -> anyhow::Result<ExitCode> {
    let store = match &arguments.store {
        Some(store) => StoreId::new(store.as_str()).context("--store")?,
        None => config.store.default.clone(),
    };
    let collection = Collection::new(arguments.collection.as_str()).context("--collection")?;
    let files = find(config, &arguments).await?;
    let storage = Storage::open(config).await?;
    let documents = storage.documents();
    let which = Ingestion::OfThisMachine;
    let (service, worker) = (documents.service(config, &which), documents.worker(config, &which).await?);
    if storage.owns_sessions() {
        // Nobody else has the data folder: whoever had tasks is gone.
        worker.release("").await?;
    }
    let at_once = config.documents.workers.max(1);
    let each = |name: &str, outcome: &Outcome| println!("{}", line(name, outcome, arguments.json));
    let take =
        async |files| ingestion::ingest_files(&service, &worker, &store, &collection, files, at_once, each).await;
    let upkeep = workers::keep_up(worker.clone());
    let mut seen = ingestion::watched(&arguments.paths);
    let work = async {
        let tally = take(files).await?;
        if !arguments.json {
            println!("{tally}");
        }
        if !arguments.watch {
            return anyhow::Ok(tally);
        }
        loop {
            tokio::time::sleep(LOOK).await;
            let now = ingestion::watched(&arguments.paths);
            let changed =
                now.iter().filter(|(file, state)| seen.get(file) != Some(state)).map(|(file, _)| file.clone());
            let changed: Vec<Found> = changed.collect();
            seen = now;
            if !changed.is_empty() {
                take(changed).await?;
            }
        }
    };
    let tally = tokio::select! {
        tally = work => tally?,
        () = upkeep => Tally::default(),
        _ = tokio::signal::ctrl_c() => {
            eprintln!("stopped; what waits is taken in by the next iyagi ingest");
            return Ok(ExitCode::FAILURE);
        }
    };
    storage.close().await?;
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is named, and what is below the sites that are.
async fn find(config: &Config, arguments: &Ingest) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    if !arguments.paths.is_empty() {
        found = ingestion::find(&arguments.paths)?;
    }
    for root in &arguments.site {
        let root = match root.as_str() {
            "notion" => {
                let database = &config.sources.notion_database;
                anyhow::ensure!(
                    !database.is_empty(),
                    "which database? set sources.notion_database (NOTION_DATABASE_ID)"
                );
                SourceUrl::new(format!("notion://database/{database}"))?
            }
            address => SourceUrl::new(address).context("--site")?,
        };
        let listed = wiring::catalogue(config)?.list(&root, arguments.limit).await?;
        found.extend(listed.into_iter().map(|source| Found::at(source.url)));
    }
    anyhow::ensure!(!found.is_empty(), "there is nothing to take in: name files, folders, addresses or --site");
    Ok(found)
}

fn line(name: &str, outcome: &Outcome, json: bool) -> String {
    match (outcome, json) {
        (Ok(done), true) => serde_json::json!({
            "id": done.id.as_str(),
            "title": done.title,
            "chunks": done.chunks,
            "outcome": done.outcome.name(),
            "source": name,
        })
        .to_string(),
        (Err(error), true) => {
            let code = error.code();
            serde_json::json!({"outcome": "failed", "code": code, "error": error_chain(error), "source": name})
                .to_string()
        }
        (Ok(done), false) => format!("{:<9} {} ({}, {} chunks)", done.outcome.name(), done.title, done.id, done.chunks),
        (Err(error), false) => format!("failed    {name}: {}", error_chain(error)),
    }
}
