use serde_json::json;

use super::QUESTION;
use crate::support::Server;

#[tokio::test]
async fn conversations_are_kept_in_postgresql_when_the_environment_names_one() {
    let database = test_support::require!(test_support::postgres::database().await);
    let mut server = Server::start_with(&[("DATABASE_URL", database.url.as_str())]).await;
    let session = server.api().new_session("minji").await;
    let body = json!({"message": QUESTION, "userId": "minji", "sessionId": session});
    let done = server.api().stream(&body).await.until("done").await.data;
    server.kill9();

    server.restart().await;
    let messages = server.api().messages("minji", &session).await;
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[1]["id"], done["messageId"]);
    let next = server.api().ask(&body).await;
    assert_eq!(next["metadata"]["sessionMessageCount"], 4);
    assert!(server.terminate().success());
    assert!(!server.stderr().contains(database.url.as_str()), "the log has the database's URL");
}
