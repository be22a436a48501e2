//! A way to Redis that can be cut, or made slow.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch::{Receiver, Sender};
use tokio::task::JoinHandle;

/// Passes bytes on between a client and a server, until it is cut; what the server says comes later by a delay.
pub(crate) struct Wire {
    pub(crate) url: String,
    pub(crate) cut: Sender<bool>,
    pub(crate) delay: Sender<Duration>,
    running: JoinHandle<()>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Wire {
    pub(crate) async fn to(url: &str) -> Self {
        let server = url.trim_start_matches("redis://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cut = Sender::new(false);
        let cuts = cut.clone();
        let delay = Sender::new(Duration::ZERO);
        let delays = delay.clone();
        let running = tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let (server, mut cut, delay) = (server.clone(), cuts.subscribe(), delays.subscribe());
                tokio::spawn(async move {
                    if *cut.borrow() {
                        return;
                    }
                    let (mut asked, mut asking) = client.split();
                    let mut server = TcpStream::connect(server).await.unwrap();
                    let (mut answered, mut answering) = server.split();
                    tokio::select! {
                        _ = tokio::io::copy(&mut asked, &mut answering) => {}
                        _ = late(&mut answered, &mut asking, delay) => {}
                        _ = cut.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        Self { url: format!("redis://{address}/"), cut, delay, running }
    }
}

/// Passes on what is read, later by a delay.
async fn late(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    delay: Receiver<Duration>,
) -> std::io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let read = from.read(&mut bytes).await?;
        if read == 0 {
            return Ok(());
        }
        let delay = *delay.borrow();
        tokio::time::sleep(delay).await;
        to.write_all(&bytes[..read]).await?;
    }
}
