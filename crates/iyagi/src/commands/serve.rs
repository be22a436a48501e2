use std::io::Write;
use std::net::TcpListener;
use std::process::ExitCode;

use anyhow::Context;
use kernel::error_chain;
use metrics_exporter_prometheus::PrometheusHandle;
use rag_pipeline::ingest::{IngestError, Ingested};
use rag_pipeline::model::Collection;

use crate::config::Config;
use crate::wiring::Storage;
use crate::{ingestion, samples, serving};

/// `iyagi demo`: the sample shop, taken in unless it is there already.
pub(super) async fn demo(config: &Config, metrics: PrometheusHandle) -> anyhow::Result<ExitCode> {
    let listener = serving::listen(config)?;
    let storage = Storage::open(config).await?;
    let mut failures = Vec::new();
    let each = |result: &Result<Ingested, IngestError>| {
        if let Err(error) = result {
            failures.push(error_chain(error));
        }
    };
    let help = Collection::new("help")?;
    let ingestor = storage.documents().trusting_ingestor(config);
    let tally = ingestion::ingest_all(&ingestor, &config.store.default, &help, samples::documents(), each).await?;
    storage.documents().rest();
    anyhow::ensure!(failures.is_empty(), "sample documents could not be taken in: {}", failures.join("; "));
    announce(&listener, &format!("{} — sample documents: {tally}", config.store.name))?;
    serving::serve(config, storage, listener, metrics).await?;
    Ok(ExitCode::SUCCESS)
}

/// `iyagi serve`.
pub(super) async fn serve(config: &Config, metrics: PrometheusHandle) -> anyhow::Result<ExitCode> {
    let listener = serving::listen(config)?;
    let storage = Storage::open(config).await?;
    announce(&listener, &config.store.name)?;
    serving::serve(config, storage, listener, metrics).await?;
    Ok(ExitCode::SUCCESS)
}

/// Says where to look. Flushed at once: whoever started the server may be reading a pipe.
fn announce(listener: &TcpListener, what: &str) -> anyhow::Result<()> {
    let address = listener.local_addr().context("the address is not known")?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "Iyagi · {what}\n")?;
    writeln!(out, "  chat      http://{address}/")?;
    writeln!(out, "  API docs  http://{address}/docs")?;
    writeln!(out, "  metrics   http://{address}/metrics\n")?;
    writeln!(out, "Ctrl-C stops it; everything said is kept.")?;
    Ok(out.flush()?)
}
