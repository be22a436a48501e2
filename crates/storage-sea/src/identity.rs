//! Telling one database from another.

use kernel::RepositoryError;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::error::repository_error;

/// A database's file, and a server's start with the number of the database in it.
const SQLITE: &str = "SELECT file AS identity FROM pragma_database_list WHERE name = 'main'";
const POSTGRES: &str = "SELECT oid::text || ' ' || pg_postmaster_start_time()::text AS identity \
                        FROM pg_database WHERE datname = current_database()";

/// What no other database has: equal for two connections only when both lead to the same one.
///
/// # Errors
/// When it cannot be asked.
pub(crate) async fn database_identity<C: ConnectionTrait>(connection: &C) -> Result<String, RepositoryError> {
    let backend = connection.get_database_backend();
    let sql = if backend == DbBackend::Sqlite { SQLITE } else { POSTGRES };
    let statement = Statement::from_string(backend, sql);
    let row = connection.query_one_raw(statement).await.map_err(repository_error)?;
    let row = row.ok_or_else(|| RepositoryError::backend("the database has no name"))?;
    let name: String = row.try_get("", "identity").map_err(repository_error)?;
    if backend == DbBackend::Sqlite {
        let file = std::fs::canonicalize(&name).map_err(RepositoryError::backend)?;
        return Ok(format!("sqlite {}", file.display()));
    }
    Ok(format!("postgres {name}"))
}
