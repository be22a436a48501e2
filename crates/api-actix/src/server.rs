use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;

use crate::app::app;
use crate::state::ApiState;

/// How long an idle connection stays open: longer than proxies and clients keep theirs. Were it the server that
/// closes first, a question could be under way on a connection that is just being closed, and nobody would know
/// what became of it.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How to serve.
#[derive(Debug, Clone, Copy)]
pub struct ServerOptions {
    /// Threads that handle requests, at least one.
    pub workers: usize,
    /// How long a graceful stop waits for responses under way, streams among them. Whole seconds; a rest is cut off.
    pub shutdown_timeout: Duration,
}

/// A server that accepts connections as soon as its future is polled.
pub struct RunningServer {
    /// Stops it, from anywhere.
    pub stop: StopHandle,
    /// Ends when the server has stopped. Dropping it does not stop the server.
    pub future: Pin<Box<dyn Future<Output = io::Result<()>> + Send>>,
}

/// Stops a server.
#[derive(Clone)]
pub struct StopHandle(ServerHandle);

impl StopHandle {
    /// Stops accepting, and returns when the server has stopped. Graceful: responses under way are finished first,
    /// but never longer than [`ServerOptions::shutdown_timeout`]; then their connections are cut.
    pub async fn stop(&self, graceful: bool) {
        self.0.stop(graceful).await;
    }
}

/// Begins to serve on a bound listener. Call it within a tokio runtime. Signals are the caller's to handle.
///
/// # Errors
/// When the listener cannot be used.
pub fn server(state: Arc<ApiState>, listener: TcpListener, options: ServerOptions) -> io::Result<RunningServer> {
    let server = HttpServer::new(move || app(state.clone()))
        .workers(options.workers.max(1))
        .shutdown_timeout(options.shutdown_timeout.as_secs())
        .tcp_nodelay(true)
        .keep_alive(KEEP_ALIVE)
        // A reader who closes the connection is noticed at once, not at the next heartbeat.
        .h1_allow_half_closed(false)
        .disable_signals()
        .listen(listener)?
        .run();
    Ok(RunningServer { stop: StopHandle(server.handle()), future: Box::pin(server) })
}
