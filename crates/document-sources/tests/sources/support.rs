//! A web server that answers as a test says and remembers what it was asked, and names that lead where a test says.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use document_sources::{FetchLimits, HttpOptions, NameLookup, NetRules, WebOptions};
use kernel::Clock;
use kernel::testing::ManualClock;
use rag_pipeline::model::SourceUrl;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

/// What is answered: pieces, each sent at once, and whether the connection then stays open without a word.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pieces: Vec<Vec<u8>>,
    pause: Duration,
    stalls: bool,
}

impl Answer {
    pub(crate) fn new(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut head = head(status, headers);
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        Self { pieces: vec![[head.as_bytes(), body].concat()], pause: Duration::ZERO, stalls: false }
    }

    pub(crate) fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::new(200, &[], body)
    }

    pub(crate) fn html(body: &str) -> Self {
        Self::new(200, &[("content-type", "text/html; charset=utf-8")], body)
    }

    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::new(status, &[("content-type", "application/json")], body)
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::new(status, &[], "")
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::new(302, &[("location", to)], "")
    }

    /// A body without a length, in `pieces`, one each `pause`.
    pub(crate) fn pieces(pieces: usize, piece: &[u8], pause: Duration) -> Self {
        let mut all = vec![format!("{}\r\n", head(200, &[])).into_bytes()];
        all.extend(std::iter::repeat_n(piece.to_vec(), pieces));
        Self { pieces: all, pause, stalls: false }
    }

    /// Exactly these bytes.
    pub(crate) fn raw(bytes: &[u8]) -> Self {
        Self { pieces: vec![bytes.to_vec()], pause: Duration::ZERO, stalls: false }
    }

    /// The same, and then not a word more.
    pub(crate) fn stalling(mut self) -> Self {
        self.stalls = true;
        self
    }
}

fn head(status: u16, headers: &[(&str, &str)]) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status} Told\r\nconnection: close\r\n{headers}")
}

pub(crate) type Handler = dyn Fn(&Asked) -> Answer + Send + Sync;

/// A server on a port of its own; gone when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(handler: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (handler, log): (Arc<Handler>, _) = (Arc::new(handler), Arc::clone(&asked));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&handler), Arc::clone(&log)));
            }
        });
        Self { address, asked, _tasks: tasks }
    }

    /// Answers each path as the table says, and 404 to any other.
    pub(crate) async fn of(table: &[(&str, Answer)]) -> Self {
        let table: HashMap<String, Answer> =
            table.iter().map(|(path, answer)| ((*path).to_owned(), answer.clone())).collect();
        Self::start(move |asked| table.get(&asked.path).cloned().unwrap_or_else(|| Answer::status(404))).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The address of `path` under another name for this server.
    pub(crate) fn named(&self, name: &str, path: &str) -> String {
        format!("http://{name}:{}{path}", self.address.port())
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.path).collect()
    }
}

pub(crate) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    handler: Arc<Handler>,
    log: Arc<Mutex<Vec<Asked>>>,
) {
    let Some(asked) = request(&mut stream).await else { return };
    log.lock().unwrap().push(asked.clone());
    let answer = handler(&asked);
    for piece in &answer.pieces {
        if stream.write_all(piece).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        if !answer.pause.is_zero() {
            tokio::time::sleep(answer.pause).await;
        }
    }
    if answer.stalls {
        std::future::pending::<()>().await;
    }
    stream.shutdown().await.ok();
}

async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap_or(0));
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Asked { method, path, headers, body: String::from_utf8_lossy(&body).into_owned(), at: Instant::now() })
}

/// Names that lead where a test says, and how often they were asked for.
#[derive(Default)]
pub(crate) struct Names {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    pub(crate) asked: Mutex<Vec<String>>,
}

impl Names {
    /// Each name with its answers, one after another; the last one is given again.
    pub(crate) fn of(table: &[(&str, &[&[&str]])]) -> Arc<Self> {
        let parse = |addresses: &&[&str]| addresses.iter().map(|address| address.parse().unwrap()).collect();
        let answers = table.iter().map(|(name, answers)| ((*name).to_owned(), answers.iter().map(parse).collect()));
        Arc::new(Self { answers: Mutex::new(answers.collect()), asked: Mutex::default() })
    }
}

#[async_trait]
impl NameLookup for Names {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let mut answers = self.answers.lock().unwrap();
        match answers.get_mut(host) {
            Some(answers) if answers.len() > 1 => Ok(answers.remove(0)),
            Some(answers) => Ok(answers[0].clone()),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "no such name")),
        }
    }
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::new())
}

pub(crate) fn url(text: impl Into<String>) -> SourceUrl {
    SourceUrl::new(text).unwrap()
}

/// Limits that a test can wait for.
pub(crate) fn short() -> FetchLimits {
    let (total, idle) = (Duration::from_secs(20), Duration::from_secs(10));
    FetchLimits { max_bytes: 10_000, total, idle, connect: Duration::from_secs(5) }
}

pub(crate) fn web() -> WebOptions {
    WebOptions { limits: short(), ..WebOptions::default() }
}

/// Options that open what is named.
pub(crate) fn opened(allowed: &[&str]) -> HttpOptions {
    let allowed = allowed.iter().map(|text| text.parse().unwrap()).collect();
    HttpOptions { web: web(), rules: NetRules { allow_private: false, allowed }, ..HttpOptions::default() }
}

/// Options that open this machine.
pub(crate) fn local() -> HttpOptions {
    opened(&["127.0.0.1"])
}
