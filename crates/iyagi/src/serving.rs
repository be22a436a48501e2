//! A running server, from its first connection to its last.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api_actix::{ApiSettings, ApiState, Check, DocumentDesk, Readiness, RunningServer, ServerOptions, WebSocketLimits};
use async_trait::async_trait;
use futures::future::join_all;
use kernel::error_chain;
use metrics_exporter_prometheus::PrometheusHandle;
use rag_pipeline::model::Task;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::upkeep::Upkeep;
use crate::wiring::{self, Ingestion, Services, Storage, worker_name};
use crate::workers::{self, Outcome};

/// How long until workers are tried again that could not begin.
const AGAIN: Duration = Duration::from_secs(30);

/// Takes the address. Done before documents are taken in, so that a taken port is told at once.
pub(crate) fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let (host, port) = (config.server.host.as_str(), config.server.port);
    TcpListener::bind((host, port)).with_context(|| {
        format!("cannot listen on {host}:{port}; is another server running? choose another with --port")
    })
}

/// Serves until a signal to stop, then ends within the configured time: live answers get half of it to
/// finish, are interrupted then, and what they said is kept.
pub(crate) async fn serve(
    config: &Config,
    storage: Storage,
    listener: TcpListener,
    metrics: PrometheusHandle,
) -> anyhow::Result<()> {
    let services = wiring::services(config, &storage)?;
    let chat = services.chat.clone();
    let upkeep = Upkeep {
        chat: chat.clone(),
        spool: storage.spool(),
        maintenance: services.maintenance.clone(),
        metrics: metrics.clone(),
        cleanup: config.session.cleanup_interval(),
    };
    // Before anything is written: the others have to hear of this process for as long as it writes.
    let remembering = storage.remembering().clone();
    let remembering = tokio::spawn(async move { remembering.run().await });
    upkeep.begin(storage.owns_sessions()).await?;
    let upkeep = tokio::spawn(upkeep.run());
    let leaving = watch::Sender::new(false);
    let readiness = Arc::new(Staying { storage: storage.readiness(), leaving: leaving.subscribe() });
    let told = Arc::new(Notify::new());
    let taking_in = taking_in(config, &storage, told.clone());
    let state = Arc::new(ApiState { readiness, ..state(config, services, &storage, metrics, told) });
    let RunningServer { stop, future } =
        api_actix::server(state, listener, server_options(config)).context("the server cannot start")?;
    let mut running = tokio::spawn(future);
    let stopped = tokio::select! {
        ended = &mut running => Some(ended),
        signal = stop_signal() => {
            tracing::info!(signal = signal?, "stopping");
            leave(&leaving, config.server.leave()).await?;
            None
        }
    };
    upkeep.abort();
    // What it was taking in is begun again by the next process, from where it stood.
    taking_in.abort();
    // It ends by being aborted.
    drop(taking_in.await);
    if let Err(error) = storage.documents().release(&worker_name()).await {
        tracing::warn!(error = error_chain(&error), "tasks wait until their leases end");
    }
    if let Some(ended) = stopped {
        ended.context("the server crashed")??;
        anyhow::bail!("the server ended by itself");
    }
    let left = chat.drain(config.server.shutdown() / 4).await;
    if left > 0 {
        tracing::warn!(turns = left, "turns could not be closed in time; the next start closes them");
    }
    stop.stop(true).await;
    running.await.context("the server crashed")??;
    // The last turns were closed: until then the others had to hear of this process, and it of what they write.
    remembering.abort();
    storage.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Takes documents in beside the answers, as many at once as configured.
fn taking_in(config: &Config, storage: &Storage, told: Arc<Notify>) -> JoinHandle<()> {
    let (config, documents, alone) = (config.clone(), storage.documents().clone(), storage.owns_sessions());
    tokio::spawn(async move {
        if config.documents.workers == 0 {
            return;
        }
        let worker = loop {
            match documents.worker(&config, &Ingestion::Shared).await {
                Ok(worker) => break worker,
                Err(error) => tracing::error!(error = format!("{error:#}"), "no documents are taken in"),
            }
            tokio::time::sleep(AGAIN).await;
        };
        // Nobody else has the data folder: whoever had tasks is gone.
        if alone && let Err(error) = worker.release("").await {
            tracing::warn!(error = error_chain(&error), "tasks of an earlier run wait for their leases to end");
        }
        let each = |_: &Task, _: &Outcome| {};
        let rest = || documents.rest();
        let workers = (0..config.documents.workers).map(|number| {
            workers::work(worker.clone(), format!("{}{number}", worker_name()), told.clone(), each, rest)
        });
        tokio::join!(join_all(workers), workers::keep_up(worker.clone()));
    })
}

/// Makes `/ready` fail, and goes on serving until whoever sends customers here has noticed.
async fn leave(leaving: &watch::Sender<bool>, grace: Duration) -> anyhow::Result<()> {
    leaving.send_replace(true);
    if !grace.is_zero() {
        tokio::select! {
            () = tokio::time::sleep(grace) => {}
            signal = stop_signal() => tracing::info!(signal = signal?, "stopping at once"),
        }
    }
    Ok(())
}

/// Ready as long as the storage is, and the server is not about to stop.
struct Staying {
    storage: Arc<dyn Readiness>,
    leaving: watch::Receiver<bool>,
}

#[async_trait]
impl Readiness for Staying {
    async fn check(&self) -> Vec<Check> {
        let mut checks = self.storage.check().await;
        if *self.leaving.borrow() {
            checks.push(Check { name: "staying".into(), ok: false, detail: Some("the server is stopping".into()) });
        }
        checks
    }
}

fn server_options(config: &Config) -> ServerOptions {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = if config.server.workers == 0 { cores } else { config.server.workers };
    ServerOptions { workers, shutdown_timeout: config.server.shutdown() / 2 }
}

fn state(
    config: &Config,
    services: Services,
    storage: &Storage,
    metrics: PrometheusHandle,
    told: Arc<Notify>,
) -> ApiState {
    let health = storage.health();
    ApiState {
        chat: services.chat,
        sessions: services.sessions,
        renderings: services.renderings,
        shares: services.shares,
        contexts: services.contexts,
        turns: services.turns,
        search: services.search,
        feedback: services.feedback,
        documents: DocumentDesk {
            service: storage.documents().service(config, &Ingestion::Shared),
            retriever: storage.documents().retriever(),
            told: Arc::new(move || told.notify_one()),
        },
        clock: wiring::clock(),
        ids: wiring::ids(),
        runtime: tokio::runtime::Handle::current(),
        readiness: storage.readiness(),
        database: health.clone(),
        cache: Arc::new(storage.remembering().clone()),
        advisor: services.advisor,
        metrics: Arc::new(move || {
            health.record_connections();
            metrics.render()
        }),
        settings: ApiSettings {
            default_store: config.store.default.clone(),
            max_message_chars: config.chat.max_message_chars,
            heartbeat: config.chat.heartbeat(),
            body_limit: config.server.body_limit_bytes,
            websocket: WebSocketLimits { messages_per_minute: config.chat.websocket_messages_per_minute },
            version: env!("CARGO_PKG_VERSION").into(),
        },
    }
}

async fn stop_signal() -> anyhow::Result<&'static str> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    })
}
