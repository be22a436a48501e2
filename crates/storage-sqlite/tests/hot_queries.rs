//! What every question asks of the database costs the same however much is in it.

use storage_sea::testing::{Watch, crowd, hot};
use storage_sqlite::SqliteStorage;

#[tokio::test]
async fn among_a_hundred_thousand_sessions_no_hot_call_scans_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let storage = SqliteStorage::open(&folder.path().join("iyagi.db")).await.unwrap();
    let sessions = storage.sessions();
    crowd::fill(&sessions).await;
    let mut watch = Watch::over(&sessions).await;
    // As a server leaves it: nobody has counted anything.
    hot::every_call(&mut watch, 1).await;
    crowd::analyse(&sessions).await;
    hot::every_call(&mut watch, 2).await;
    watch.finish().await;
}
