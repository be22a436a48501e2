use std::time::{Duration, Instant};

use async_trait::async_trait;
use chat_analytics::advisor::{DatabaseCpu, Reading, Unreadable};
use kernel::RepositoryError;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{Row, query};
use storage_sea::cpu::{Process, SAMPLE, is_readable, percent};
use storage_sea::driver_error;

use crate::options;
use crate::storage::PostgresStorage;

/// The name of the server's processes.
const PROGRAM: &str = "postgres";
/// How far apart the server and this machine may be about the age of a process: both count it from its start, so
/// that no clock comes into it.
const SAME_AGE: Duration = Duration::from_secs(2);

/// The process of our own connection, and how many seconds it has been there.
const OWN: &str = "SELECT pid, EXTRACT(epoch FROM clock_timestamp() - backend_start)::float8 \
     FROM pg_stat_activity WHERE pid = pg_backend_pid()";
const ALL: &str = "SELECT pid FROM pg_stat_activity WHERE pid IS NOT NULL";

impl PostgresStorage {
    async fn looked_on(&self) -> Result<Reading, RepositoryError> {
        if !options::read(&self.options).is_ok_and(|connect| options::is_local(&connect)) {
            return Ok(Reading::Unreadable(Unreadable::RemoteServer));
        }
        if !is_readable() {
            return Ok(Reading::Unreadable(Unreadable::NoProc));
        }
        let Some((before, begun)) = self.processes().await? else {
            return Ok(Reading::Unreadable(Unreadable::HiddenProcesses));
        };
        // No connection is held meanwhile.
        tokio::time::sleep(SAMPLE).await;
        let after: Vec<Process> = before.iter().filter_map(|process| Process::of(process.pid)).collect();
        Ok(Reading::Value(percent(&before, &after, begun.elapsed())))
    }

    /// The server's processes and when they were looked at, if they are the ones that are here.
    async fn processes(&self) -> Result<Option<(Vec<Process>, Instant)>, RepositoryError> {
        let mut connection = self.driver.acquire().await.map_err(driver_error)?;
        let Some(own) = own_process(&mut connection).await? else {
            return Ok(None);
        };
        let rows = query(ALL).fetch_all(&mut *connection).await.map_err(driver_error)?;
        let begun = Instant::now();
        let mut found = Vec::new();
        for row in rows {
            let process = Process::of(row.try_get(0).map_err(driver_error)?);
            found.extend(process.filter(|process| process.parent == own.parent));
        }
        Ok(Some((found, begun)))
    }
}

async fn own_process(connection: &mut PgConnection) -> Result<Option<Process>, RepositoryError> {
    let row = query(OWN).fetch_one(connection).await.map_err(driver_error)?;
    let pid: i32 = row.try_get(0).map_err(driver_error)?;
    let age: f64 = row.try_get(1).map_err(driver_error)?;
    Ok(Process::of(pid).filter(|process| is_same(process, age)))
}

/// Whether a process of this machine is the one that the server tells of.
fn is_same(process: &Process, age: f64) -> bool {
    let told = Duration::try_from_secs_f64(age.max(0.0)).unwrap_or_default();
    process.name.starts_with(PROGRAM) && process.age().is_some_and(|here| here.abs_diff(told) <= SAME_AGE)
}

/// How busy the server keeps this machine. Numbers of processes mean nothing on another machine or in another
/// container, so they are read only when the server is reached without leaving this machine, and the process of our
/// own connection is here under the name and with the age that the server tells. Of the others, those are counted that
/// have the same parent.
#[async_trait]
impl DatabaseCpu for PostgresStorage {
    async fn percent(&self) -> Result<Reading, RepositoryError> {
        self.looked_on().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_of_another_program_is_none_of_the_servers() {
        let this = Process::this().unwrap();
        let age = this.age().unwrap().as_secs_f64();
        assert!(!is_same(&this, age));
        let mut named = this;
        PROGRAM.clone_into(&mut named.name);
        assert!(is_same(&named, age));
        assert!(!is_same(&named, age + 60.0));
    }
}
