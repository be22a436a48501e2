//! A throw-away Chroma server.

use std::{
    env, io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::OnceCell,
    time::timeout,
};

use crate::{
    Unavailable,
    launch::launch,
    locate, temp,
    watchdog::{Server, StopSignal, Watchdog},
};

const WHAT: &str = "starting Chroma";
/// It may accept a connection before it answers.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

static SERVER: OnceCell<Result<ChromaServer, Unavailable>> = OnceCell::const_new();

/// A Chroma server for tests, in a temporary directory, without telemetry.
#[derive(Debug)]
pub struct ChromaServer {
    url: String,
    watchdog: Option<Watchdog>,
}

/// The server all tests of this process share: the one of `TEST_CHROMA_URL`, or else one that is started at the first
/// call and ends with the process. Keep to collections whose names begin with a [`prefix`].
///
/// # Errors
/// [`Unavailable::Missing`] when Chroma is not installed, [`Unavailable::Failed`] when it does not start.
pub async fn server() -> Result<&'static ChromaServer, Unavailable> {
    let server = SERVER.get_or_init(ChromaServer::obtain).await;
    server.as_ref().map_err(Clone::clone)
}

/// The beginning of names that no other test uses: lower-case letters, digits and `-`.
pub fn prefix() -> String {
    format!("t-{}", temp::unique().replace('_', "-"))
}

impl ChromaServer {
    async fn obtain() -> Result<Self, Unavailable> {
        match env::var("TEST_CHROMA_URL") {
            Ok(url) if !url.is_empty() => Ok(Self { url, watchdog: None }),
            _ => Self::start().await,
        }
    }

    async fn start() -> Result<Self, Unavailable> {
        let program = find()?;
        let (port, watchdog) =
            launch(WHAT, |port| start_on(port, &program), async |port| answers(port).await.unwrap_or(false)).await?;
        Ok(Self { url: format!("http://127.0.0.1:{port}"), watchdog: Some(watchdog) })
    }

    /// Where to connect to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The directory of a server that was started here.
    pub fn directory(&self) -> Option<&Path> {
        self.watchdog.as_ref().map(Watchdog::directory)
    }
}

fn start_on(port: u16, program: &Path) -> io::Result<Watchdog> {
    let server = Server::new("chroma", None, StopSignal::Terminate)?
        .environment("ANONYMIZED_TELEMETRY", "False")
        .environment("OTEL_SDK_DISABLED", "true");
    let data = server.directory().join("data");
    let mut command = vec![program.to_owned().into_os_string(), "run".into(), "--path".into(), data.into()];
    command.extend(["--host", "127.0.0.1", "--port", &port.to_string()].map(Into::into));
    server.start(command)
}

/// The program of the virtual environment that `scripts/test.sh` makes, else one on `PATH`.
fn find() -> Result<PathBuf, Unavailable> {
    locate::executable(&locate::test_tools().join("chroma/bin"), "chroma")
        .or_else(|| locate::program(&["chroma"], &[]))
        .ok_or_else(|| Unavailable::missing("Chroma", "the Python package chromadb, so that chroma is on PATH"))
}

async fn answers(port: u16) -> io::Result<bool> {
    let asking = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let request = format!("GET /api/v2/heartbeat HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await?;
        Ok(reply.starts_with("HTTP/1.1 200"))
    };
    timeout(ANSWER_LIMIT, asking).await.unwrap_or(Ok(false))
}
