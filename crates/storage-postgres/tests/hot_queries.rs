//! What every question asks of the database costs the same however much is in it.

use storage_postgres::{PostgresOptions, PostgresStorage};
use storage_sea::testing::{Watch, crowd, hot};
use test_support::postgres;

#[tokio::test]
async fn among_a_hundred_thousand_sessions_no_hot_call_scans_a_table() {
    let database = test_support::require!(postgres::database().await);
    let options = PostgresOptions { pool_max: 1, ..PostgresOptions::new(database.url.as_str()) };
    let storage = PostgresStorage::open(&options).await.unwrap();
    let sessions = storage.sessions();
    crowd::fill(&sessions).await;
    crowd::analyse(&sessions).await;
    let mut watch = Watch::over(&sessions).await;
    // A statement that is prepared is planned for its values at first, and for any values later.
    watch.set("plan_cache_mode", "force_custom_plan").await;
    hot::every_call(&mut watch, 1).await;
    watch.set("plan_cache_mode", "force_generic_plan").await;
    hot::every_call(&mut watch, 2).await;
    watch.finish().await;
}
