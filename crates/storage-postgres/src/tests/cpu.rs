use chat_analytics::advisor::{DatabaseCpu, Reading, Unreadable};
use test_support::postgres;

use crate::{PostgresOptions, PostgresStorage};

#[tokio::test]
async fn a_server_of_this_machine_is_read_and_one_of_another_is_not() {
    let database = test_support::require!(postgres::database().await);
    let mut storage = PostgresStorage::connect(&PostgresOptions::new(database.url.as_str())).await.unwrap();
    let here = storage.percent().await.unwrap();
    if cfg!(target_os = "linux") && std::env::var_os("TEST_DATABASE_URL").is_none() {
        let share = here.value().unwrap();
        assert!((0.0..=100.0).contains(&share), "{share}");
    }
    // The same connection, as if it went elsewhere: what is found here is not looked at.
    storage.options.url = "postgres://iyagi@db.example/iyagi".to_owned();
    assert_eq!(storage.percent().await.unwrap(), Reading::Unreadable(Unreadable::RemoteServer));
}
