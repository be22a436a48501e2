use kernel::RepositoryError;
use sea_orm::sqlx::Error as SqlxError;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// Classifies a driver's error by what the caller should do.
pub fn repository_error(error: DbErr) -> RepositoryError {
    if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
        return RepositoryError::Conflict;
    }
    if is_unavailable(&error) { RepositoryError::unavailable(error) } else { RepositoryError::backend(error) }
}

fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => is_driver_unavailable(cause),
        _ => false,
    }
}

/// The same for what the driver says itself.
pub fn driver_error(error: SqlxError) -> RepositoryError {
    if is_driver_unavailable(&error) { RepositoryError::unavailable(error) } else { RepositoryError::backend(error) }
}

fn is_driver_unavailable(error: &SqlxError) -> bool {
    match error {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => true,
        SqlxError::Database(refusal) => refusal.code().is_some_and(|code| means_unavailable(&code)),
        _ => false,
    }
}

/// PostgreSQL's classes 08 (connection), 40 (rolled back to be tried again), 53 (resources) and 57P (shutdown, starting up, cancelled by
/// an administrator), and its limits of time: 57014 (a statement), 55P03 (waiting for a lock) and 25P03
/// (a transaction that lay idle); SQLite's primary codes 5 (busy), 6 (locked), 10 (disk I/O), 13 (disk full) and
/// 14 (cannot open), whose extended codes carry them in the low byte.
fn means_unavailable(code: &str) -> bool {
    if code.len() == 5 {
        let out_of_time = ["57014", "55P03", "25P03"].contains(&code);
        return out_of_time || ["08", "40", "53", "57P"].iter().any(|class| code.starts_with(class));
    }
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_pass_are_told_from_those_that_stay() {
        for code in [
            "08006", "40P01", "40001", "53300", "57P01", "57P03", "57014", "55P03", "25P03", "5", "517", "6", "13",
            "3850",
        ] {
            assert!(means_unavailable(code), "{code}");
        }
        for code in ["23505", "42P01", "1", "19", "2067"] {
            assert!(!means_unavailable(code), "{code}");
        }
    }
}
