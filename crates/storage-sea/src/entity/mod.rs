//! Rows as they are stored. Enumerations are text; `CHECK` constraints guard them in the database, and
//! reading an unknown one is `Corrupt`.

pub(crate) mod chunk_sweep;
pub(crate) mod collection;
pub(crate) mod document;
pub(crate) mod document_chunk;
pub(crate) mod document_text;
pub(crate) mod feedback;
pub(crate) mod import;
pub(crate) mod import_session;
pub(crate) mod job_lease;
pub(crate) mod message;
pub(crate) mod session;
pub(crate) mod share_access;
pub(crate) mod share_link;
pub(crate) mod task;
pub(crate) mod task_part;
pub(crate) mod turn;
pub(crate) mod user_context;
pub(crate) mod vector_removal;

use kernel::RepositoryError;
use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Expr, ExprTrait};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads an enumeration from its stored name.
pub(crate) fn named<T: DeserializeOwned>(column: &str, name: &str) -> Result<T, RepositoryError> {
    serde_json::from_value(serde_json::Value::String(name.to_owned()))
        .map_err(|_| RepositoryError::Corrupt(format!("unknown {column} \"{name}\"")))
}

/// The stored name of an enumeration's value.
pub(crate) fn name_of<T: Serialize>(value: &T) -> Result<String, RepositoryError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        Ok(other) => Err(RepositoryError::Corrupt(format!("{other} is not a name"))),
        Err(error) => Err(RepositoryError::backend(error)),
    }
}

/// That a column holds a name of ours. The name is written into the statement: an index of such rows only is of use
/// to a plan that PostgreSQL makes for any values just when the name is not one of them.
pub(crate) fn is<C: ColumnTrait>(column: C, name: &'static str) -> Expr {
    Expr::col(column.as_column_ref()).eq(Expr::Constant(name.into()))
}

/// Reads a value kept as JSON.
pub(crate) fn from_json<T: DeserializeOwned>(column: &str, json: serde_json::Value) -> Result<T, RepositoryError> {
    serde_json::from_value(json).map_err(|error| RepositoryError::Corrupt(format!("{column}: {error}")))
}

/// A value as JSON.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<serde_json::Value, RepositoryError> {
    serde_json::to_value(value).map_err(RepositoryError::backend)
}

/// A count from its column, which is signed in both databases.
pub(crate) fn count<T: TryFrom<i64>>(column: &str, value: i64) -> Result<T, RepositoryError> {
    T::try_from(value).map_err(|_| RepositoryError::Corrupt(format!("{column} is {value}")))
}
