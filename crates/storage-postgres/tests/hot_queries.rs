//! What every question asks of the database costs the same however much is in it.

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{Connection, query};
use storage_postgres::{PostgresOptions, PostgresStorage};
use storage_sea::testing::{Watch, crowd, hot, slots_among_many};
use test_support::postgres;

/// As many live turns as no installation has; every hundredth was left by a process that died.
const LIVE_STREAMS: &str = "INSERT INTO live_streams SELECT gen_random_uuid(), 'demo', 'user ' || n / 5, \
    clock_timestamp() + CASE WHEN n % 100 = 0 THEN interval '-1 hour' ELSE interval '1 hour' END \
    FROM generate_series(1, 100000) n";

#[tokio::test]
async fn among_a_hundred_thousand_sessions_no_hot_call_scans_a_table() {
    let database = test_support::require!(postgres::database().await);
    let options = PostgresOptions { pool_max: 1, ..PostgresOptions::new(database.url.as_str()) };
    let storage = PostgresStorage::open(&options).await.unwrap();
    let sessions = storage.sessions();
    crowd::fill(&sessions).await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    query(LIVE_STREAMS).execute(&mut connection).await.unwrap();
    crowd::analyse(&sessions).await;
    let slots = storage.stream_slots();
    let mut watch = Watch::over(&sessions).await;
    // A statement that is prepared is planned for its values at first, and for any values later.
    watch.set("plan_cache_mode", "force_custom_plan").await;
    hot::every_call(&mut watch, 1).await;
    slots_among_many(&mut watch, &slots, 1).await;
    watch.set("plan_cache_mode", "force_generic_plan").await;
    hot::every_call(&mut watch, 2).await;
    slots_among_many(&mut watch, &slots, 2).await;
    watch.finish().await;
}
