use std::process::ExitCode;

use anyhow::Context;
use kernel::{StoreId, error_chain};
use rag_pipeline::ingest::{IngestError, Ingested};
use rag_pipeline::model::Collection;

use crate::cli::Ingest;
use crate::config::Config;
use crate::ingestion;
use crate::wiring::Storage;

/// `iyagi ingest PATH…`. Fails when a document failed; the others are taken in all the same.
pub(super) async fn run(config: &Config, arguments: Ingest) -> anyhow::Result<ExitCode> {
    let store = match &arguments.store {
        Some(store) => StoreId::new(store.as_str()).context("--store")?,
        None => config.store.default.clone(),
    };
    let collection = Collection::new(arguments.collection.as_str()).context("--collection")?;
    let documents = ingestion::read_paths(&arguments.paths)?;
    let storage = Storage::open(config).await?;
    let mut lines = Vec::new();
    let each = |result: &Result<Ingested, IngestError>| lines.push(line(result, arguments.json));
    let tally = ingestion::ingest(&storage.ingestor(), &store, &collection, documents, each).await?;
    storage.close().await?;
    for line in lines {
        println!("{line}");
    }
    if !arguments.json {
        println!("{tally}");
    }
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(result: &Result<Ingested, IngestError>, json: bool) -> String {
    match (result, json) {
        (Ok(done), true) => serde_json::json!({
            "id": done.id.as_str(),
            "title": done.title,
            "chunks": done.chunks,
            "outcome": format!("{:?}", done.outcome).to_lowercase(),
        })
        .to_string(),
        (Err(error), true) => serde_json::json!({"outcome": "failed", "error": error_chain(error)}).to_string(),
        (Ok(done), false) => {
            format!("{:<9} {} ({}, {} chunks)", format!("{:?}", done.outcome), done.title, done.id, done.chunks)
        }
        (Err(error), false) => format!("failed    {}", error_chain(error)),
    }
}
