//! What a request carries, read strictly: what is not understood is refused with its name.

mod document;
mod id;
mod json;
mod query;
mod upload;
mod user;

pub(crate) use document::DocumentPath;
pub(crate) use id::Id;
pub(crate) use json::{ApiJson, OptionalJson, from_json};
pub(crate) use query::ApiQuery;
pub(crate) use upload::{FormFields, Upload, UploadedFile};
pub(crate) use user::PathUser;
