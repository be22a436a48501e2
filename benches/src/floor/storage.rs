//! A bare server over a bare storage: look-ups, last messages and turns, with answers of the real ones' sizes.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use actix_web::error::{ErrorBadRequest, ErrorInternalServerError};
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Result;
use kernel::{IdSource, UuidV7Source};
use rusqlite::Connection;
use serde::Deserialize;
use uuid::Uuid;

use super::postgres::{PostgresFloor, Writing};
use super::sqlite::{self, SqliteFloor};
use super::turns::{TurnIds, Turns};
use super::{WORKERS, listen};

/// PostgreSQL connections of each worker; with two workers, as many as the built-in configuration has.
const CONNECTIONS: usize = 5;

/// How long the answers of the real server are, in bytes.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct BodySizes {
    #[arg(long = "session-bytes")]
    session: usize,
    #[arg(long = "messages-bytes")]
    messages: usize,
    #[arg(long = "chat-bytes")]
    chat: usize,
}

enum Floor {
    Sqlite(Arc<SqliteFloor>),
    Postgres(PostgresFloor),
}

thread_local! {
    /// A reader for each worker: none waits for another.
    static READER: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

/// Serves `database`, a file or a PostgreSQL URL.
pub(crate) fn serve(database: &str, sizes: BodySizes) -> Result<()> {
    let shared = if is_postgres(database) { None } else { Some(Arc::new(SqliteFloor::open(Path::new(database))?)) };
    let database = database.to_owned();
    let listener = listen()?;
    let server = HttpServer::new(move || {
        let (shared, database) = (shared.clone(), database.clone());
        App::new()
            .app_data(web::Data::new(sizes))
            .data_factory(move || open(shared.clone(), database.clone()))
            .route("/api/sessions/{id}", web::get().to(session))
            .route("/api/sessions/{id}/messages", web::get().to(messages))
            .route("/api/chat", web::post().to(chat))
    });
    let server = server.workers(WORKERS).tcp_nodelay(true).listen(listener)?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

fn is_postgres(database: &str) -> bool {
    database.starts_with("postgres://")
}

async fn open(shared: Option<Arc<SqliteFloor>>, url: String) -> Result<Floor> {
    match shared {
        Some(sqlite) => Ok(Floor::Sqlite(sqlite)),
        None => Ok(Floor::Postgres(PostgresFloor::connect(&url, CONNECTIONS, Writing::Transaction).await?)),
    }
}

impl Floor {
    fn read(sqlite: &SqliteFloor, read: impl FnOnce(&Connection) -> Result<Vec<String>>) -> Result<Vec<String>> {
        READER.with_borrow_mut(|slot| match slot {
            Some(reader) => read(reader),
            None => read(slot.insert(sqlite.reader()?)),
        })
    }

    async fn session(&self, id: Uuid) -> Result<Vec<String>> {
        match self {
            Self::Sqlite(sqlite) => Self::read(sqlite, |reader| sqlite::session(reader, id)),
            Self::Postgres(postgres) => postgres.session(id).await,
        }
    }

    async fn messages(&self, id: Uuid) -> Result<Vec<String>> {
        match self {
            Self::Sqlite(sqlite) => Self::read(sqlite, |reader| sqlite::messages(reader, id)),
            Self::Postgres(postgres) => postgres.messages(id).await,
        }
    }

    fn turns(&self) -> &dyn Turns {
        match self {
            Self::Sqlite(sqlite) => &**sqlite,
            Self::Postgres(postgres) => postgres,
        }
    }
}

async fn session(
    id: web::Path<Uuid>,
    floor: web::Data<Floor>,
    sizes: web::Data<BodySizes>,
) -> actix_web::Result<HttpResponse> {
    let texts = floor.session(*id).await.map_err(ErrorInternalServerError)?;
    Ok(answer(&texts, sizes.session))
}

async fn messages(
    id: web::Path<Uuid>,
    floor: web::Data<Floor>,
    sizes: web::Data<BodySizes>,
) -> actix_web::Result<HttpResponse> {
    let texts = floor.messages(*id).await.map_err(ErrorInternalServerError)?;
    Ok(answer(&texts, sizes.messages))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    session_id: Uuid,
}

/// Keeps a question and its answer, each on disk before the next step.
async fn chat(
    body: web::Bytes,
    floor: web::Data<Floor>,
    sizes: web::Data<BodySizes>,
) -> actix_web::Result<HttpResponse> {
    let question: Question = serde_json::from_slice(&body).map_err(ErrorBadRequest)?;
    let ids = fresh(question.session_id);
    floor.turns().open(&ids).await.map_err(ErrorInternalServerError)?;
    floor.turns().close(&ids).await.map_err(ErrorInternalServerError)?;
    Ok(answer(&[], sizes.chat))
}

/// A turn that nobody has asked yet.
pub(crate) fn fresh(session: Uuid) -> TurnIds {
    let id = || UuidV7Source.uuid();
    TurnIds { session, turn: id(), question: id(), answer: id() }
}

/// The texts, cut or filled to the real answer's size.
fn answer(texts: &[String], bytes: usize) -> HttpResponse {
    let mut body = String::with_capacity(bytes + 2);
    body.push_str(r#"{"values":""#);
    for text in texts {
        body.extend(text.bytes().filter(u8::is_ascii_alphanumeric).map(char::from));
    }
    body.truncate(bytes.saturating_sub(2));
    let missing = bytes.saturating_sub(body.len() + 2);
    body.extend(std::iter::repeat_n('-', missing));
    body.push_str("\"}");
    HttpResponse::Ok().content_type("application/json").body(body)
}
