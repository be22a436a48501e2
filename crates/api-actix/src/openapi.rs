//! The OpenAPI document: operations and schemas from the code, error responses from the route table.

use std::collections::BTreeMap;

use actix_web::http::{Method, StatusCode};
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{ContentBuilder, PathItem, Ref, ResponseBuilder};

use crate::dto::{BusinessBody, StreamEvent};
use crate::endpoint::Endpoint;
use crate::error::{ErrorBody, ErrorCode};
use crate::routes::{
    self, advisor, ai, chat, documentation, documents, export, feedback, lives, operations, pages, search,
    session_chat, sessions, shares, turns, users, websocket,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Iyagi",
        description = "A session-aware RAG chat server for the support teams of online shops.\n\n\
            Every response carries `x-request-id`. Every error has the body `ErrorBody`; its text is Korean, or \
            English when Accept-Language prefers that. Unknown fields and parameters are refused. Lists answer \
            `items` and `nextCursor`. Where `storeId` may be left out it is the configured default store.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "chat", description = "Questions and answers"),
        (name = "sessions", description = "Conversations"),
        (name = "shares", description = "Links to read a conversation"),
        (name = "session-chat", description = "The interface of stage 1, as its clients know it: it ignores what it \
            does not know, and finds a session's store by the session's id"),
        (name = "documents", description = "What answers are made from"),
        (name = "files", description = "The file pipeline, as its clients know it: it ignores what it does not know"),
        (name = "feedback", description = "What customers think of answers"),
        (name = "users", description = "What stores remember of their users"),
        (name = "administration", description = "For who runs the server: figures only, no personal data"),
        (name = "operations", description = "Health and metrics"),
        (name = "documentation", description = "This document"),
        (name = "pages", description = "The chat page")
    ),
    paths(
        chat::stream,
        chat::ask,
        turns::stream,
        turns::cancel,
        turns::regenerate,
        sessions::create,
        sessions::list,
        sessions::active_count,
        sessions::get,
        sessions::messages,
        lives::change,
        lives::delete,
        lives::validate,
        lives::extend,
        lives::end,
        lives::stats,
        export::export,
        shares::share,
        shares::revoke,
        shares::read,
        websocket::connect,
        session_chat::create,
        session_chat::get,
        session_chat::ask,
        session_chat::stream,
        session_chat::stats,
        search::search,
        documents::submit,
        documents::list,
        documents::search,
        documents::get,
        documents::delete,
        documents::text,
        documents::chunks,
        ai::extract,
        ai::embed,
        ai::task,
        ai::cancel,
        feedback::give,
        users::context,
        users::put_context,
        advisor::advise,
        operations::live,
        operations::ready,
        operations::database,
        operations::metrics,
        operations::health,
        operations::ping,
        documentation::document,
        documentation::redirect,
        documentation::page,
        documentation::file,
        pages::index,
        pages::asset
    ),
    components(schemas(StreamEvent, ErrorBody, ErrorCode, BusinessBody))
)]
struct Document;

/// The OpenAPI document of the server, as indented JSON.
pub fn openapi_json() -> String {
    let mut document = Document::openapi();
    for endpoint in routes::table() {
        let item = document.paths.paths.get_mut(endpoint.path);
        if let Some(operation) = item.and_then(|item| operation_of(item, &endpoint.method)) {
            add_errors(operation, endpoint);
        }
    }
    // A document of names, texts and numbers always has a JSON form.
    document.to_pretty_json().unwrap_or_default()
}

fn operation_of<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    match *method {
        Method::GET => item.get.as_mut(),
        Method::POST => item.post.as_mut(),
        Method::PUT => item.put.as_mut(),
        Method::PATCH => item.patch.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        _ => None,
    }
}

fn add_errors(operation: &mut Operation, endpoint: &Endpoint) {
    let mut by_status: BTreeMap<StatusCode, Vec<ErrorCode>> = BTreeMap::new();
    for code in endpoint.errors.iter().copied().flatten() {
        by_status.entry(code.status()).or_default().push(*code);
    }
    for (status, codes) in by_status {
        let texts: Vec<String> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
        let response = ResponseBuilder::new().description(texts.join(", ")).content("application/json", content);
        operation.responses.responses.insert(status.as_u16().to_string(), response.build().into());
    }
}
