//! One row by primary key, and an answer of the same size.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use actix_web::error::{ErrorBadRequest, ErrorInternalServerError};
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Result;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::{WORKERS, listen};

struct Table {
    database: PathBuf,
    body_bytes: usize,
}

thread_local! {
    /// A connection for each worker: none waits for another.
    static CONNECTION: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

pub(crate) fn serve(database: &Path, body_bytes: usize) -> Result<()> {
    let table = web::Data::new(Table { database: database.to_owned(), body_bytes });
    let listener = listen()?;
    let server =
        HttpServer::new(move || App::new().app_data(table.clone()).route("/api/sessions/{id}", web::get().to(session)));
    let server = server.workers(WORKERS).tcp_nodelay(true).listen(listener)?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

async fn session(id: web::Path<String>, table: web::Data<Table>) -> actix_web::Result<HttpResponse> {
    let key = blob_of(&id).ok_or_else(|| ErrorBadRequest("not a UUID"))?;
    let body = read(&table, &id, &key).map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().content_type("application/json").body(body))
}

/// Reads every column of the row, as the real server does, and pads the answer to the real one's size.
fn read(table: &Table, id: &str, key: &[u8]) -> rusqlite::Result<String> {
    CONNECTION.with_borrow_mut(|slot| {
        let connection = match slot {
            Some(connection) => connection,
            None => slot.insert(Connection::open_with_flags(&table.database, OpenFlags::SQLITE_OPEN_READ_ONLY)?),
        };
        let mut query = connection.prepare_cached("SELECT * FROM chat_sessions WHERE id = ?1")?;
        let columns = query.column_count();
        query.query_row([key], |row| {
            let mut body = format!(r#"{{"id":"{id}","values":""#);
            for column in 0..columns {
                if let ValueRef::Text(text) = row.get_ref(column)? {
                    body.extend(text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(|&byte| char::from(byte)));
                }
            }
            body.truncate(table.body_bytes.saturating_sub(2));
            let missing = table.body_bytes.saturating_sub(body.len() + 2);
            body.extend(std::iter::repeat_n('-', missing));
            body.push_str("\"}");
            Ok(body)
        })
    })
}

/// The 16 bytes under which the table keeps a UUID.
fn blob_of(id: &str) -> Option<Vec<u8>> {
    let digits = id.replace('-', "");
    if digits.len() != 32 || !digits.is_ascii() {
        return None;
    }
    (0..32).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_sixteen_bytes_and_anything_else_is_refused() {
        let blob = blob_of("019a0000-0000-7000-8000-0000000000ff").unwrap();
        assert_eq!((blob.len(), blob[0], blob[15]), (16, 0x01, 0xff));
        assert_eq!(blob_of("019a"), None);
        assert_eq!(blob_of("가나다라마바사아자차12"), None);
    }
}
