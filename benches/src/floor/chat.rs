//! Recorded event streams, sent again from memory.

use std::path::Path;

use actix_web::error::ErrorNotFound;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Result;
use futures::stream;

use super::{WORKERS, listen};

type Streams = Vec<Vec<web::Bytes>>;

/// Serves the recording: for each question, its events as JSON strings.
pub(crate) fn serve(recording: &Path) -> Result<()> {
    let recording: Vec<Vec<String>> = serde_json::from_slice(&std::fs::read(recording)?)?;
    let streams: Streams =
        recording.into_iter().map(|events| events.into_iter().map(web::Bytes::from).collect()).collect();
    let streams = web::Data::new(streams);
    let listener = listen()?;
    let server =
        HttpServer::new(move || App::new().app_data(streams.clone()).route("/{question}", web::post().to(replay)));
    let server = server.workers(WORKERS).tcp_nodelay(true).listen(listener)?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

/// Takes the question whole, as the real server must, and sends one chunk for each event.
async fn replay(
    question: web::Path<usize>,
    _body: web::Bytes,
    streams: web::Data<Streams>,
) -> actix_web::Result<HttpResponse> {
    let events = streams.get(*question).ok_or_else(|| ErrorNotFound("no such recording"))?.clone();
    let events = stream::iter(events.into_iter().map(Ok::<_, actix_web::Error>));
    Ok(HttpResponse::Ok().content_type("text/event-stream").streaming(events))
}
