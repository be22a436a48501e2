//! `iyagi demo` on a data directory and a free port of its own.

use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};

use tempfile::TempDir;
use test_support::wait::wait_for;
use tokio::net::TcpSocket;

use super::{Api, Process, command, data, http, send_signal};

/// Ingesting in a debug build on a busy machine takes a while; this is for the worst day.
const START_LIMIT: Duration = Duration::from_mins(3);
/// How long an ended process is waited for before the test gives up; what a test demands is its own affair.
const STOP_LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    process: Process,
    base: String,
    data: Data,
    variables: Vec<(String, String)>,
}

/// Where a server keeps its data.
enum Data {
    /// Removed with the server.
    Own(TempDir),
    Lent(PathBuf),
}

impl Data {
    fn path(&self) -> &Path {
        match self {
            Self::Own(directory) => directory.path(),
            Self::Lent(directory) => directory,
        }
    }
}

impl Server {
    /// A server with the sample documents.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with environment variables of its own, kept over restarts.
    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Self {
        Self::launch_on(Data::Own(data::ingested().await), variables).await
    }

    /// A server on a data directory that somebody else keeps.
    pub(crate) async fn start_on(data: &Path, variables: &[(&str, &str)]) -> Self {
        Self::launch_on(Data::Lent(data.to_owned()), variables).await
    }

    async fn launch_on(data: Data, variables: &[(&str, &str)]) -> Self {
        let variables: Vec<_> = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let (process, base) = launch(data.path(), &variables).await;
        Self { process, base, data, variables }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn api(&self) -> Api {
        Api::new(&self.base)
    }

    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn stderr(&self) -> String {
        self.process.stderr()
    }

    /// Ends the server without any chance to tidy up.
    pub(crate) fn kill9(&mut self) {
        self.process.kill();
    }

    /// Asks the server to stop and waits until it has.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        send_signal("TERM", self.id());
        self.wait()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.process.wait(STOP_LIMIT)
    }

    /// Starts an ended server again on the same data; it may listen elsewhere.
    pub(crate) async fn restart(&mut self) {
        assert!(self.process.ended().is_some(), "the server still runs");
        (self.process, self.base) = launch(self.data.path(), &self.variables).await;
    }

    /// Starts an ended server again on the same data, where it listened before.
    pub(crate) async fn restart_there(&mut self) {
        assert!(self.process.ended().is_some(), "the server still runs");
        let port = self.base.rsplit_once(':').unwrap().1.parse().unwrap();
        let reserved = reserve(port);
        if cfg!(not(target_os = "linux")) {
            // Only Linux lets a server listen where another socket is bound and does not.
            drop(reserved);
        }
        (self.process, self.base) = launch_at(self.data.path(), port, &self.variables).await;
    }
}

/// A socket that is bound and does not listen: whoever connects is refused, and no connection that is made meanwhile
/// gets the port for its own end.
fn reserve(port: u16) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(([127, 0, 0, 1], port).into()).unwrap();
    socket
}

/// The arguments of a demo server on some data and a free port.
pub(crate) fn arguments(data: &Path) -> [String; 9] {
    arguments_at(data, 0)
}

fn arguments_at(data: &Path, port: u16) -> [String; 9] {
    let (data, port) = (data.to_str().unwrap(), port.to_string());
    ["demo", "--data", data, "--host", "127.0.0.1", "--port", &port, "--log", "json"].map(str::to_owned)
}

/// Starts a demo server on a free port and waits until it is ready; gives where it listens.
pub(crate) async fn launch(data: &Path, variables: &[(String, String)]) -> (Process, String) {
    launch_at(data, 0, variables).await
}

async fn launch_at(data: &Path, port: u16, variables: &[(String, String)]) -> (Process, String) {
    let variables = variables.iter().map(|(name, value)| (name, value));
    let mut process = Process::start(command(&arguments_at(data, port), data).envs(variables));
    let client = http::client();
    let base = wait_for(START_LIMIT, || {
        let (ended, stdout) = (process.ended(), process.stdout());
        assert!(ended.is_none(), "the server ended: {ended:?}\n{stdout}\n{}", process.stderr());
        let client = client.clone();
        async move {
            let base = address(&stdout)?;
            let ready = client.get(format!("{base}/ready")).send().await.ok()?;
            ready.status().is_success().then_some(base)
        }
    });
    let base = base.await.unwrap_or_else(|late| {
        panic!("the server is not ready: {late}\n{}\n{}", process.stdout(), process.stderr());
    });
    (process, base)
}

/// `http://127.0.0.1:port` out of a line that tells where the server listens.
fn address(stdout: &str) -> Option<String> {
    const SCHEME: &str = "http://127.0.0.1:";
    let line = stdout.lines().find(|line| line.contains(SCHEME))?;
    let port: String = line.split(SCHEME).nth(1)?.chars().take_while(char::is_ascii_digit).collect();
    (!port.is_empty()).then(|| format!("{SCHEME}{port}"))
}
