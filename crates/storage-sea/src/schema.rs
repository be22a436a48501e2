//! Looking at a database without bringing its schema up to date.

use kernel::RepositoryError;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::error::repository_error;

/// Whether a database has our tables; a writer would make them.
///
/// # Errors
/// [`RepositoryError::Corrupt`] when they are of an older version, so that they cannot be read yet.
pub async fn has_schema<C: ConnectionTrait>(connection: &C) -> Result<bool, RepositoryError> {
    let imports = has_table(connection, "import_sessions").await?;
    if !imports && has_table(connection, "chat_sessions").await? {
        let message = "its tables are of an older version; start this version on it once, then try again";
        return Err(RepositoryError::Corrupt(message.to_owned()));
    }
    Ok(imports)
}

async fn has_table<C: ConnectionTrait>(connection: &C, name: &str) -> Result<bool, RepositoryError> {
    let backend = connection.get_database_backend();
    let sql = match backend {
        DbBackend::Sqlite => "SELECT 1 AS there FROM sqlite_schema WHERE type = 'table' AND name = $1",
        _ => "SELECT 1 AS there WHERE to_regclass($1) IS NOT NULL",
    };
    let statement = Statement::from_sql_and_values(backend, sql, [name.into()]);
    Ok(connection.query_one_raw(statement).await.map_err(repository_error)?.is_some())
}
