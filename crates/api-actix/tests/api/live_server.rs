use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use api_actix::{ServerOptions, server};

use crate::support::{QUESTION, Script, Setup};

/// Sends the question and waits until the stream has begun.
fn open_stream(address: std::net::SocketAddr) -> (TcpStream, String) {
    let body = format!(r#"{{"message":"{QUESTION}"}}"#);
    let head = "POST /api/chat/stream HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json";
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(connection, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let (mut text, mut piece) = (String::new(), [0; 4096]);
    while !text.contains("답변 생성 중") {
        let read = connection.read(&mut piece).unwrap();
        assert!(read > 0, "{text}");
        text.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    (connection, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_stream_delays_the_stop_no_longer_than_the_limit() {
    let api = Setup { script: Script::Hang, ..Setup::default() }.api().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let options = ServerOptions { workers: 1, shutdown_timeout: Duration::from_secs(1) };
    let running = server(api.state.clone(), listener, options).unwrap();
    let stopped = tokio::spawn(running.future);

    let (mut connection, text) = tokio::task::spawn_blocking(move || open_stream(address)).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.contains("x-request-id:"), "{text}");

    let asked_at = Instant::now();
    running.stop.stop(true).await;
    stopped.await.unwrap().unwrap();
    assert!(asked_at.elapsed() < Duration::from_secs(4), "{:?}", asked_at.elapsed());
    let mut rest = Vec::new();
    let _cut_or_closed = connection.read_to_end(&mut rest);
    assert!(TcpStream::connect(address).is_err());
}
