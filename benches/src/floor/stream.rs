//! An upstream alone: tokens at a pace, as server-sent events, from a server that does nothing else.

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Result;
use futures::stream::{self, StreamExt};

use super::{WORKERS, listen};
use crate::fleet::pace::{Pace, TOKEN};

/// Serves streams at the pace that each request asks for.
pub(crate) fn serve() -> Result<()> {
    let listener = listen()?;
    let server = HttpServer::new(|| App::new().route("/api/chat/stream", web::post().to(tokens)));
    let server = server.workers(WORKERS).tcp_nodelay(true).listen(listener)?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

async fn tokens(question: web::Json<serde_json::Value>) -> HttpResponse {
    let pace = question.0["message"].as_str().and_then(Pace::read).unwrap_or_default();
    let event = |number: u32, data: serde_json::Value| web::Bytes::from(format!("id: {number}\ndata: {data}\n\n"));
    let token = move |number| event(number, serde_json::json!({"type": "token", "content": TOKEN}));
    let done = event(pace.tokens + 1, serde_json::json!({"type": "done"}));
    let tokens = stream::iter(1..=pace.tokens).then(move |number| async move {
        pace.wait().await;
        token(number)
    });
    let events = tokens.chain(stream::iter([done])).map(Ok::<_, actix_web::Error>);
    HttpResponse::Ok().content_type("text/event-stream").streaming(Box::pin(events))
}
