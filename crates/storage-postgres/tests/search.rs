//! Search over conversations from before there was an index.

use storage_postgres::{PostgresOptions, PostgresStorage};
use storage_sea::testing::search;
use test_support::postgres;

#[tokio::test]
async fn messages_from_before_the_index_are_found_once_it_is_made() {
    let database = test_support::require!(postgres::database().await);
    let options = PostgresOptions::new(database.url.as_str());
    let storage = PostgresStorage::open(&options).await.unwrap();
    search::unindexed_conversation(&storage.sessions()).await;
    storage.close().await.unwrap();
    let storage = PostgresStorage::open(&options).await.unwrap();
    search::finds_what_was_unindexed(&storage.sessions()).await;
}
