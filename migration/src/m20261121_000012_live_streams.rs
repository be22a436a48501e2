//! The turns that are being answered, counted for the limits of streams.

use sea_orm_migration::{
    prelude::*,
    schema::{text, timestamp_with_time_zone, uuid},
    sea_orm::DbBackend,
};

use crate::create;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum LiveStreams {
    Table,
    TurnId,
    StoreId,
    UserId,
    /// Until when it counts, unless it is held for longer.
    LeaseUntil,
}

const BY_USER: &str = "ix_live_streams_store_user";
const BY_STORE: &str = "ix_live_streams_store_lease_until";

/// What is lost with a crash of the server is written again by the turns that go on, so that a commit need not wait
/// for the disk.
const UNLOGGED: &str = "ALTER TABLE live_streams SET UNLOGGED";

/// A function, because each of its statements sees what was committed while the one before it waited for the lock;
/// within one statement nobody would see those that waited together. Answers 0: taken; 1: the user has as many as
/// allowed; 2: the store has. Locks are taken in one order, of two kinds, so that nobody waits in a circle. The
/// limit bounds what is read of a store.
const TAKE: &str = "CREATE OR REPLACE FUNCTION take_live_stream(
    the_turn uuid, the_store text, the_user text, lease_ms bigint, per_user bigint, per_store bigint
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    instant timestamptz;
BEGIN
    IF per_store > 0 THEN
        PERFORM pg_advisory_xact_lock(1818850164, hashtext(the_store));
    END IF;
    IF per_user > 0 THEN
        PERFORM pg_advisory_xact_lock(1818850165, hashtext(the_store || chr(31) || the_user));
    END IF;
    instant := clock_timestamp();
    DELETE FROM live_streams WHERE turn_id IN (
        SELECT turn_id FROM live_streams WHERE store_id = the_store AND lease_until <= instant
        ORDER BY lease_until LIMIT 100 FOR UPDATE SKIP LOCKED);
    IF per_user > 0 AND per_user <= (
        SELECT count(*) FROM live_streams WHERE store_id = the_store AND user_id = the_user
        AND lease_until > instant AND turn_id <> the_turn) THEN
        RETURN 1;
    END IF;
    IF per_store > 0 AND per_store <= (SELECT count(*) FROM (
        SELECT 1 FROM live_streams WHERE store_id = the_store
        AND lease_until > instant AND turn_id <> the_turn
        ORDER BY lease_until LIMIT per_store) AS taken) THEN
        RETURN 2;
    END IF;
    INSERT INTO live_streams (turn_id, store_id, user_id, lease_until)
    VALUES (the_turn, the_store, the_user, instant + lease_ms * interval '1 millisecond')
    ON CONFLICT (turn_id) DO UPDATE SET lease_until = excluded.lease_until;
    RETURN 0;
END
$$";

const NO_TAKE: &str = "DROP FUNCTION take_live_stream";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let streams = Table::create()
            .table(LiveStreams::Table)
            .col(uuid(LiveStreams::TurnId).primary_key())
            .col(text(LiveStreams::StoreId))
            .col(text(LiveStreams::UserId))
            .col(timestamp_with_time_zone(LiveStreams::LeaseUntil))
            .to_owned();
        let index = |name: &str, column| {
            Index::create().name(name).table(LiveStreams::Table).col(LiveStreams::StoreId).col(column).to_owned()
        };
        let indexes = vec![index(BY_USER, LiveStreams::UserId), index(BY_STORE, LiveStreams::LeaseUntil)];
        create(manager, vec![streams], indexes).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            manager.get_connection().execute_unprepared(UNLOGGED).await?;
            manager.get_connection().execute_unprepared(TAKE).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            manager.get_connection().execute_unprepared(NO_TAKE).await?;
        }
        manager.drop_table(Table::drop().table(LiveStreams::Table).to_owned()).await
    }
}
