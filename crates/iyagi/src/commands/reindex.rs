use std::process::ExitCode;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use kernel::StoreId;
use rag_pipeline::model::Collection;
use rag_pipeline::reindex::Reindexed;

use crate::cli::Reindex;
use crate::config::Config;
use crate::wiring::Storage;

/// `iyagi reindex`. A server on the same database goes on searching the old vectors until each collection is done.
pub(super) async fn run(config: &Config, arguments: Reindex) -> anyhow::Result<ExitCode> {
    let store = arguments.store.map(StoreId::new).transpose().context("--store")?;
    let collection = arguments.collection.map(Collection::new).transpose().context("--collection")?;
    let storage = Storage::open(config).await?;
    let reindexer = storage.documents().reindexer();
    let bar = ProgressBar::no_length();
    bar.set_style(ProgressStyle::with_template("{spinner} {pos} chunks {msg}")?);
    let mut done = 0;
    for info in reindexer.outdated(store.as_ref(), collection.as_ref(), arguments.all).await? {
        bar.set_message(format!("{}/{}", info.store, info.name.as_str()));
        let Reindexed { documents, chunks } = reindexer.reindex(&info, |chunks| bar.inc(chunks)).await?;
        bar.suspend(|| println!("{}/{}: {documents} documents, {chunks} chunks", info.store, info.name.as_str()));
        done += 1;
    }
    bar.finish_and_clear();
    if done == 0 {
        println!("every collection is embedded as the configuration says");
    }
    storage.close().await?;
    Ok(ExitCode::SUCCESS)
}
