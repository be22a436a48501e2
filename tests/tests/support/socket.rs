//! A WebSocket client.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// What a server may take to say something, on the worst day.
const LIMIT: Duration = Duration::from_mins(1);

/// A connection to a session.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Pings heard so far.
    pub(crate) pings: usize,
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With this code.
    Closed(u16),
    /// Without a word.
    Broken,
}

impl Socket {
    /// Connects, and hears that the session is ready.
    pub(crate) async fn connect(base: &str, session: &str, query: &str) -> Self {
        let mut socket = Self::try_connect(base, session, query).await.unwrap();
        let ready = socket.next().await;
        assert_eq!((&ready["type"], &ready["sessionId"]), (&"ready".into(), &session.into()), "{ready}");
        socket
    }

    /// Connects, or gives the status and the body of the refusal.
    pub(crate) async fn try_connect(base: &str, session: &str, query: &str) -> Result<Self, (u16, Value)> {
        let address = format!("{}/ws/{session}{query}", base.replace("http://", "ws://"));
        match connect_async(address).await {
            Ok((stream, _)) => Ok(Self { stream, pings: 0 }),
            Err(Error::Http(refusal)) => {
                let body = refusal.body().as_deref().unwrap_or_default();
                Err((refusal.status().as_u16(), serde_json::from_slice(body).unwrap_or_default()))
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn say(&mut self, said: &Value) {
        self.send(Message::text(said.to_string())).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        tokio::time::timeout(LIMIT, self.stream.send(message)).await.expect("the server reads nothing").unwrap();
    }

    /// The next text.
    pub(crate) async fn next(&mut self) -> Value {
        match self.heard().await {
            Ok(text) => text,
            Err(ended) => panic!("the connection ended: {ended:?}"),
        }
    }

    /// The next text, or how the connection ended.
    pub(crate) async fn heard(&mut self) -> Result<Value, Ended> {
        tokio::time::timeout(LIMIT, self.text()).await.expect("nothing was heard but pings")
    }

    async fn text(&mut self) -> Result<Value, Ended> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_))) => self.pings += 1,
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map_or(Ended::Broken, |frame| Ended::Closed(frame.code.into())));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(Ended::Broken),
            }
        }
    }

    /// Reads to the end of the connection.
    pub(crate) async fn ended(&mut self) -> Ended {
        loop {
            if let Err(ended) = self.heard().await {
                return ended;
            }
        }
    }

    /// Reads up to and with the first text of a kind.
    pub(crate) async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            let text = self.next().await;
            let found = text["type"] == kind;
            heard.push(text);
            if found {
                return heard;
            }
        }
    }
}
