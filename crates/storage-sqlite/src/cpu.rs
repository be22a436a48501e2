use std::time::Instant;

use async_trait::async_trait;
use chat_analytics::advisor::{DatabaseCpu, Reading, Unreadable};
use kernel::RepositoryError;
use storage_sea::cpu::{Process, SAMPLE, is_readable, percent};

/// How busy SQLite is: it works within this process, so that it cannot be told from the rest of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SqliteCpu;

#[async_trait]
impl DatabaseCpu for SqliteCpu {
    async fn percent(&self) -> Result<Reading, RepositoryError> {
        if !is_readable() {
            return Ok(Reading::Unreadable(Unreadable::NoProc));
        }
        let (before, begun) = (Process::this(), Instant::now());
        tokio::time::sleep(SAMPLE).await;
        let after = Process::this();
        Ok(match (before, after) {
            (Some(before), Some(after)) => Reading::Value(percent(&[before], &[after], begun.elapsed())),
            _ => Reading::Unreadable(Unreadable::HiddenProcesses),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_share_of_this_process_is_between_nothing_and_all() {
        let share = SqliteCpu.percent().await.unwrap().value().unwrap();
        assert!((0.0..=100.0).contains(&share), "{share}");
    }
}
