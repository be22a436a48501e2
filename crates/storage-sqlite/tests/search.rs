//! Search over conversations from before there was an index.

use storage_sea::testing::search;
use storage_sqlite::SqliteStorage;

#[tokio::test]
async fn messages_from_before_the_index_are_found_once_it_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("iyagi.db");
    let storage = SqliteStorage::open(&file).await.unwrap();
    search::unindexed_conversation(&storage.sessions()).await;
    storage.close().await.unwrap();
    let storage = SqliteStorage::open(&file).await.unwrap();
    search::finds_what_was_unindexed(&storage.sessions()).await;
}
