//! A way to the server that can break.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How much of a stream comes through while streams are held: its beginning, and a few events.
const BEGINNING: usize = 1_500;

/// What the answer that is a stream begins with, as the server writes it.
const STREAM: &[u8] = b"content-type: text/event-stream";

/// Passes connections on to a server, until told otherwise.
pub(crate) struct Proxy {
    base: String,
    held: watch::Sender<bool>,
    connections: Arc<Mutex<JoinSet<()>>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn to(base: &str) -> Self {
        let server = base.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let held = watch::Sender::new(false);
        let connections: Arc<Mutex<JoinSet<()>>> = Arc::default();
        let accepting = tokio::spawn({
            let (connections, held) = (Arc::clone(&connections), held.clone());
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let pass = pass(client, server.clone(), held.subscribe());
                    connections.lock().unwrap().spawn(pass);
                }
            }
        });
        Self { base, held, connections, accepting }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Lets only the beginning of each stream through from now on, and nothing more of those that are open.
    pub(crate) fn hold_streams(&self) {
        self.held.send_replace(true);
    }

    /// Lets streams through again; those that were held are broken off, as is every other connection.
    pub(crate) fn cut(&self) {
        self.held.send_replace(false);
        self.connections.lock().unwrap().abort_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(client: TcpStream, server: String, held: watch::Receiver<bool>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let there = async { drop(tokio::io::copy(&mut from_client, &mut to_server).await) };
    let back = async {
        let (mut buffer, mut streamed) = (vec![0; 4_096], None);
        while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
            let part = &buffer[..read];
            if part.windows(STREAM.len()).any(|bytes| bytes == STREAM) {
                streamed = Some(0);
            }
            let Some(passed) = &mut streamed else {
                if to_client.write_all(part).await.is_err() {
                    return;
                }
                continue;
            };
            let now = if *held.borrow() { part.len().min(BEGINNING.saturating_sub(*passed)) } else { part.len() };
            *passed += now;
            if to_client.write_all(&part[..now]).await.is_err() || now < part.len() {
                // What is held back is lost: this connection has nothing more to say.
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! { () = there => {}, () = back => {} }
}
