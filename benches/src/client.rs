//! HTTP/1.1 over one loopback connection, with nothing between the socket and the clock: the client shares
//! the machine with the server, so what it costs is missing from the server's figure.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest wait for any part of an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A keep-alive connection with at most one request under way.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    body: Body,
    line: String,
}

/// What is still to come of the answer under way.
#[derive(Debug, Clone, Copy)]
enum Body {
    Sized(usize),
    Chunked,
    Done,
}

impl Connection {
    pub(crate) async fn open(server: SocketAddr) -> Result<Self> {
        let stream = timeout(PATIENCE, TcpStream::connect(server)).await??;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), body: Body::Done, line: String::new() })
    }

    /// Asks for `path` and reads the whole answer: its status and body.
    pub(crate) async fn get(&mut self, path: &str) -> Result<(u16, Vec<u8>)> {
        let status = self.send(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")).await?;
        Ok((status, self.rest().await?))
    }

    /// Asks for `path` and reads the head of the answer; the body follows with [`Self::piece`].
    pub(crate) async fn start_get(&mut self, path: &str) -> Result<u16> {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")).await
    }

    /// Sends JSON and reads the whole answer.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Result<(u16, Vec<u8>)> {
        let status = self.start_post(path, body).await?;
        Ok((status, self.rest().await?))
    }

    /// Sends JSON and reads the head of the answer; the body follows with [`Self::piece`].
    pub(crate) async fn start_post(&mut self, path: &str, body: &Value) -> Result<u16> {
        let body = body.to_string();
        let length = body.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    /// The next piece of the body as it comes in; `None` at its end.
    pub(crate) async fn piece(&mut self) -> Result<Option<Vec<u8>>> {
        match self.body {
            Body::Done => Ok(None),
            Body::Sized(length) => {
                self.body = Body::Done;
                Ok(Some(self.bytes(length).await?))
            }
            Body::Chunked => {
                let length = usize::from_str_radix(self.line().await?, 16).context("not the size of a chunk")?;
                let piece = self.bytes(length).await?;
                ensure!(self.line().await?.is_empty(), "a chunk is longer than it said");
                if length == 0 {
                    self.body = Body::Done;
                }
                Ok((length > 0).then_some(piece))
            }
        }
    }

    async fn rest(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(piece) = self.piece().await? {
            body.extend(piece);
        }
        Ok(body)
    }

    async fn send(&mut self, request: &str) -> Result<u16> {
        ensure!(matches!(self.body, Body::Done), "the answer before was not read to its end");
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let status = self.line().await?.split(' ').nth(1).context("no status line")?.parse()?;
        self.body = Body::Sized(0);
        loop {
            let header = self.line().await?;
            if header.is_empty() {
                return Ok(status);
            }
            let (name, value) = header.split_once(':').context("a header without a colon")?;
            if name.eq_ignore_ascii_case("content-length") {
                self.body = Body::Sized(value.trim().parse()?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                self.body = Body::Chunked;
            }
        }
    }

    async fn line(&mut self) -> Result<&str> {
        self.line.clear();
        if timeout(PATIENCE, self.stream.read_line(&mut self.line)).await?? == 0 {
            bail!("the server closed the connection");
        }
        Ok(self.line.trim_end())
    }

    async fn bytes(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        timeout(PATIENCE, self.stream.read_exact(&mut bytes)).await??;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// The peer must be kept: a socket that is dropped resets the connection.
    async fn connection_answered_with(answer: &'static str) -> (Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connection = Connection::open(address).await.unwrap();
        let (mut peer, _) = listener.accept().await.unwrap();
        peer.write_all(answer.as_bytes()).await.unwrap();
        (connection, peer)
    }

    #[tokio::test]
    async fn a_chunked_body_arrives_piece_by_piece_and_the_connection_goes_on() {
        let answers = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\u{ac00}\r\na\r\n0123456789\r\n0\r\n\r\n\
                       HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno";
        let (mut connection, _peer) = connection_answered_with(answers).await;
        assert_eq!(connection.start_post("/", &Value::Null).await.unwrap(), 200);
        assert_eq!(connection.piece().await.unwrap().unwrap(), "\u{ac00}".as_bytes());
        assert_eq!(connection.piece().await.unwrap().unwrap(), b"0123456789");
        assert_eq!(connection.piece().await.unwrap(), None);
        assert_eq!(connection.get("/").await.unwrap(), (404, b"no".to_vec()));
    }

    #[tokio::test]
    async fn a_second_request_before_the_end_of_the_first_is_refused() {
        let (mut connection, _peer) = connection_answered_with("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx").await;
        connection.start_post("/", &Value::Null).await.unwrap();
        assert!(connection.get("/").await.is_err());
    }
}
