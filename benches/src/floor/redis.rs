//! A bare server with one `GET` of Redis for each request.

use actix_web::error::{ErrorInternalServerError, ErrorNotFound};
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Result;
use redis::aio::MultiplexedConnection;

use super::{WORKERS, listen};

/// The key of a value.
pub(crate) fn key(kind: &str, id: &str) -> String {
    format!("floor:{kind}:{id}")
}

/// Serves what is under the keys, as it is. One connection for each worker: none waits for another's.
pub(crate) fn serve(url: &str) -> Result<()> {
    let client = redis::Client::open(url)?;
    let listener = listen()?;
    let server = HttpServer::new(move || {
        let client = client.clone();
        App::new()
            .data_factory(move || {
                let client = client.clone();
                async move { client.get_multiplexed_async_connection().await }
            })
            .route("/{kind}/{id}", web::get().to(value))
    });
    let server = server.workers(WORKERS).tcp_nodelay(true).listen(listener)?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

async fn value(
    path: web::Path<(String, String)>,
    connection: web::Data<MultiplexedConnection>,
) -> actix_web::Result<HttpResponse> {
    let mut connection = connection.get_ref().clone();
    let asked = redis::cmd("GET").arg(key(&path.0, &path.1)).query_async::<Option<Vec<u8>>>(&mut connection).await;
    let found = asked.map_err(ErrorInternalServerError)?.ok_or_else(|| ErrorNotFound("no such value"))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(found))
}
