//! HTTP/1.1 on a socket, as much of it as our client speaks: requests with a length, connections that are used again.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// A request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// A header by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body in the only form that is understood, with no field too many.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, String> {
        if self.header("content-type") != Some("application/json") {
            return Err("the body is not said to be JSON".into());
        }
        serde_json::from_slice(&self.body).map_err(|error| error.to_string())
    }

    /// Method and path, for a `match`.
    pub(crate) fn route(&self) -> (&str, Vec<&str>) {
        (&self.method, self.path.split('/').skip(1).collect())
    }
}

/// What a server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Says(u16, Vec<(&'static str, String)>, String),
    /// Promises a longer body than it sends.
    Breaks(String),
    /// Closes the connection.
    HangsUp,
    /// Never answers.
    IsSilent,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::Says(status, vec![("Content-Type", "application/json".into())], body.to_string())
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::Says(status, Vec::new(), body.into())
    }
}

/// Whoever answers.
pub(crate) trait Peer: Send + Sync + 'static {
    fn answer(&self, asked: &Asked) -> Reply;
}

impl<F: Fn(&Asked) -> Reply + Send + Sync + 'static> Peer for F {
    fn answer(&self, asked: &Asked) -> Reply {
        self(asked)
    }
}

/// A peer on a port of the loopback interface, until it is dropped.
pub(crate) struct Served {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: AbortHandle,
}

impl Served {
    pub(crate) async fn new(peer: Arc<impl Peer>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let heard = asked.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (peer, heard) = (peer.clone(), heard.clone());
                // A client that goes away in the middle is no matter.
                tokio::spawn(async move { converse(stream, peer.as_ref(), &heard).await.ok() });
            }
        });
        Self { url, asked, task: task.abort_handle() }
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).clone()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn converse(stream: TcpStream, peer: &impl Peer, heard: &Mutex<Vec<Asked>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read(&mut stream).await? {
        lock(heard).push(asked.clone());
        match peer.answer(&asked) {
            Reply::HangsUp => return Ok(()),
            Reply::IsSilent => return std::future::pending().await,
            Reply::Breaks(body) => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len() + 100);
                return stream.write_all(head.as_bytes()).await;
            }
            Reply::Says(status, headers, body) => {
                let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let length = body.len();
                let head = format!("HTTP/1.1 {status} -\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
                stream.write_all(head.as_bytes()).await?;
            }
        }
    }
    Ok(())
}

/// The next request; `None` at the end of the connection.
async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Asked>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ');
    let mut next = || words.next().unwrap_or_default().to_owned();
    let (method, target) = (next(), next());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut asked = Asked { method, path: path.into(), query: query.into(), ..Asked::default() };
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        asked.headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    asked.body = vec![0; length];
    stream.read_exact(&mut asked.body).await?;
    Ok(Some(asked))
}
