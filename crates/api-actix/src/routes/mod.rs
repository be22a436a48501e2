//! The routes, one file for each family. Every row of [`table`] is in the OpenAPI document.

pub(crate) mod advisor;
pub(crate) mod ai;
pub(crate) mod chat;
pub(crate) mod documentation;
pub(crate) mod documents;
pub(crate) mod export;
pub(crate) mod feedback;
pub(crate) mod lives;
pub(crate) mod operations;
pub(crate) mod pages;
pub(crate) mod search;
pub(crate) mod session_chat;
pub(crate) mod sessions;
pub(crate) mod shares;
pub(crate) mod turns;
pub(crate) mod users;
pub(crate) mod websocket;

use crate::endpoint::Endpoint;
use crate::error::ErrorCode;

/// What reading a JSON body may end in.
const BODY: &[ErrorCode] = &[
    ErrorCode::BadRequest,
    ErrorCode::InvalidJson,
    ErrorCode::InvalidBody,
    ErrorCode::InvalidCharacters,
    ErrorCode::BodyTooLarge,
    ErrorCode::UnsupportedMediaType,
];
/// What working with the storage may end in.
const STORAGE: &[ErrorCode] = &[ErrorCode::InternalError, ErrorCode::StorageUnavailable];

/// Every endpoint. Where two paths fit, the earlier one is taken.
pub(crate) fn table() -> Vec<&'static Endpoint> {
    [
        // What is asked for most comes first: paths are tried one by one.
        sessions::ENDPOINTS,
        session_chat::ENDPOINTS,
        chat::ENDPOINTS,
        turns::ENDPOINTS,
        websocket::ENDPOINTS,
        lives::ENDPOINTS,
        export::ENDPOINTS,
        shares::ENDPOINTS,
        search::ENDPOINTS,
        documents::ENDPOINTS,
        ai::ENDPOINTS,
        feedback::ENDPOINTS,
        users::ENDPOINTS,
        advisor::ENDPOINTS,
        operations::ENDPOINTS,
        documentation::ENDPOINTS,
        pages::ENDPOINTS,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Every endpoint as (method, path).
pub fn endpoints() -> Vec<(String, &'static str)> {
    table().iter().map(|endpoint| (endpoint.method.to_string(), endpoint.path)).collect()
}
