//! The turns that are being answered, counted in a table for all processes that share the database.

use std::time::Duration;

use async_trait::async_trait;
use kernel::RepositoryError;
use sea_orm::sqlx::postgres::PgPool;
use sea_orm::sqlx::{query, query_scalar};
use session_core::ports::{LiveStream, SlotTaking, StreamLimit, StreamLimits, StreamSlots};
use storage_sea::driver_error;

use crate::storage::PostgresStorage;

/// Counts live turns in PostgreSQL, by its clock: one trip to take a slot, one to hold it, one to give it back. No
/// trip waits for the disk.
#[derive(Debug, Clone)]
pub struct PostgresStreamSlots {
    driver: PgPool,
}

impl PostgresStorage {
    /// The slots of the turns that are answered over this database.
    pub fn stream_slots(&self) -> PostgresStreamSlots {
        PostgresStreamSlots { driver: self.driver.clone() }
    }
}

fn millis(lease: Duration) -> i64 {
    i64::try_from(lease.as_millis()).unwrap_or(i64::MAX)
}

#[async_trait]
impl StreamSlots for PostgresStreamSlots {
    async fn take(
        &self,
        stream: &LiveStream,
        limits: StreamLimits,
        lease: Duration,
    ) -> Result<SlotTaking, RepositoryError> {
        let taking = query_scalar::<_, i32>("SELECT take_live_stream($1, $2, $3, $4, $5, $6)")
            .bind(stream.turn.as_uuid())
            .bind(stream.store.as_str())
            .bind(stream.user.as_str())
            .bind(millis(lease))
            .bind(i64::from(limits.per_user))
            .bind(i64::from(limits.per_store));
        match taking.fetch_one(&self.driver).await.map_err(driver_error)? {
            0 => Ok(SlotTaking::Taken),
            1 => Ok(SlotTaking::Full(StreamLimit::PerUser)),
            2 => Ok(SlotTaking::Full(StreamLimit::PerStore)),
            other => Err(RepositoryError::Corrupt(format!("taking a slot answered {other}"))),
        }
    }

    async fn hold(&self, stream: &LiveStream, lease: Duration) -> Result<(), RepositoryError> {
        let update = query(
            "UPDATE live_streams SET lease_until = clock_timestamp() + $3 * interval '1 millisecond' \
             WHERE turn_id = $1 AND store_id = $2",
        );
        let update = update.bind(stream.turn.as_uuid()).bind(stream.store.as_str()).bind(millis(lease));
        if update.execute(&self.driver).await.map_err(driver_error)?.rows_affected() > 0 {
            return Ok(());
        }
        // Not in one statement: one that is under way when its turn ends must not bring back a slot that is released.
        let insert = query(
            "INSERT INTO live_streams (turn_id, store_id, user_id, lease_until) \
             VALUES ($1, $2, $3, clock_timestamp() + $4 * interval '1 millisecond') ON CONFLICT DO NOTHING",
        );
        let insert = insert.bind(stream.turn.as_uuid()).bind(stream.store.as_str()).bind(stream.user.as_str());
        insert.bind(millis(lease)).execute(&self.driver).await.map(|_| ()).map_err(driver_error)
    }

    async fn release(&self, stream: &LiveStream) -> Result<(), RepositoryError> {
        let delete = query("DELETE FROM live_streams WHERE turn_id = $1 AND store_id = $2");
        let delete = delete.bind(stream.turn.as_uuid()).bind(stream.store.as_str());
        delete.execute(&self.driver).await.map(|_| ()).map_err(driver_error)
    }
}
