//! What a request carries, read strictly: what is not understood is refused with its name.

mod id;
mod json;
mod query;
mod user;

pub(crate) use id::Id;
pub(crate) use json::{ApiJson, OptionalJson, from_json};
pub(crate) use query::ApiQuery;
pub(crate) use user::PathUser;
