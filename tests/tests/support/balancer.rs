//! One address before several servers.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// How long it rests when no server takes a connection, before it asks all of them again.
const PAUSE: Duration = Duration::from_millis(20);

/// Gives each connection to the next server in turn; one that refuses is passed over. A connection lives as long as
/// its server's end does.
pub(crate) struct Balancer {
    base: String,
    accepting: JoinHandle<()>,
}

impl Balancer {
    pub(crate) async fn over(bases: impl IntoIterator<Item = &str>) -> Self {
        let servers: Arc<[String]> =
            bases.into_iter().map(|base| base.strip_prefix("http://").unwrap().to_owned()).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        Self { base, accepting: tokio::spawn(accept(listener, servers)) }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, servers: Arc<[String]>) {
    // They end with this.
    let mut connections = JoinSet::new();
    let mut turn = 0;
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(pass(client, Arc::clone(&servers), turn));
        turn = (turn + 1) % servers.len();
        while connections.try_join_next().is_some() {}
    }
}

async fn pass(client: TcpStream, servers: Arc<[String]>, turn: usize) {
    let server = reach(&servers, turn).await;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    // Whichever end goes, the other one hears of it: nobody waits for what a dead server was going to say.
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        _ = copy(&mut from_server, &mut to_client) => {}
    }
}

/// The first server from `turn` on that takes a connection.
async fn reach(servers: &[String], turn: usize) -> TcpStream {
    loop {
        for server in servers.iter().cycle().skip(turn).take(servers.len()) {
            if let Ok(connection) = TcpStream::connect(server).await {
                return connection;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
