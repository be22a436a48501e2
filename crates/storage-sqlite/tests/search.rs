//! Search over conversations: its plan among many messages, and the index of messages from before it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use kernel::PageLimit;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, Value};
use session_core::ports::{ConversationQuery, ConversationSearch, SearchHit, SessionRepository, TurnRepository};
use session_core::search::{REACH, message_terms, store_term, user_term};
use session_core::testing::samples::{self, conversation_query};
use storage_sqlite::{SeaSessions, SqliteStorage};
use tempfile::TempDir;

async fn open() -> (SqliteStorage, DatabaseConnection, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("iyagi.db");
    let storage = SqliteStorage::open(&file).await.unwrap();
    let connection = Database::connect(format!("sqlite://{}", file.display())).await.unwrap();
    (storage, connection, folder)
}

async fn run(connection: &DatabaseConnection, sql: &str, values: Vec<Value>) {
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    connection.execute_raw(statement).await.unwrap();
}

/// What a message in a thousand says, and what the others say: of a usual length.
const RARE: &str = "제주도에 사는데 지난주에 주문한 무쇠솥이 아직 오지 않아서 그런데 환불 해 주세요";
const USUAL: &str = "제주도에 사는데 지난주에 주문한 무쇠솥이 아직 오지 않아서 그런데 배송이 언제 되나요";

/// Copies the storage's one message so many times, with other texts, and its session a thousand times.
async fn multiply(connection: &DatabaseConnection, messages: u32) {
    let user = user_term(&samples::store(), &samples::session("kim").user);
    let terms = |text: &str| {
        let scope = [store_term(&samples::store()), user.clone()];
        message_terms(text).into_iter().chain(scope).collect::<Vec<_>>().join(" ")
    };
    connection.execute_unprepared("BEGIN").await.unwrap();
    let sessions = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000) \
         INSERT INTO chat_sessions SELECT randomblob(16), store_id, user_id, title, channel, metadata, \
             inquiry_category, satisfaction_score, resolution_status, priority, follow_up_needed, business_impact, \
             topic_tags, privacy_level, state, request_count, message_count, last_sequence, last_agent_used, \
             created_at, last_active_at, expires_at, ended_at, deleted_at, revision FROM chat_sessions CROSS JOIN n";
    run(connection, sessions, vec![]).await;
    let copied = "WITH RECURSIVE n(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 9 + $3) \
         INSERT INTO chat_messages SELECT randomblob(16), session_id, turn_id, role, \
             CASE WHEN n % 1000 = 0 THEN $1 ELSE $2 END, status, prompt_tokens, \
             completion_tokens, total_tokens, usage_estimated, cost_micros, model, first_token_ms, response_time_ms, \
             agent_used, routing_info, sources, metadata, langsmith_trace_id, parent_message_id, n, is_deleted, \
             deleted_at, created_at FROM chat_messages CROSS JOIN n WHERE sequence_number = 1";
    run(connection, copied, vec![RARE.into(), USUAL.into(), messages.into()]).await;
    let indexed = "INSERT INTO message_search (seq, message_id, session_id, agent, created_at) \
         SELECT sequence_number, id, session_id, agent_used, created_at FROM chat_messages WHERE sequence_number > 9";
    run(connection, indexed, vec![]).await;
    let found = "INSERT INTO message_search_terms (rowid, terms) \
         SELECT seq, CASE WHEN seq % 1000 = 0 THEN $1 ELSE $2 END FROM message_search WHERE seq > 9";
    run(connection, found, vec![terms(RARE).into(), terms(USUAL).into()]).await;
    connection.execute_unprepared("COMMIT; ANALYZE").await.unwrap();
}

async fn plan(connection: &DatabaseConnection, storage: &SqliteStorage, query: &ConversationQuery) -> Vec<String> {
    let mut statement = storage.sessions().search_statement(query).unwrap();
    statement.sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
    let rows = connection.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect()
}

/// All hits, page by page.
async fn all(sessions: &SeaSessions, query: &ConversationQuery) -> Vec<SearchHit> {
    let (mut hits, mut after) = (Vec::new(), None);
    loop {
        let page = sessions.search(query, after, PageLimit::new(PageLimit::MAX).unwrap()).await.unwrap();
        hits.extend(page.items);
        after = page.next;
        if after.is_none() {
            return hits;
        }
    }
}

#[tokio::test]
async fn among_many_messages_a_search_reads_what_the_index_finds_and_nothing_else() {
    reads_what_the_index_finds_among(20_000).await;
}

#[tokio::test]
#[ignore = "takes ten seconds"]
async fn among_a_hundred_thousand_messages_too() {
    reads_what_the_index_finds_among(100_000).await;
}

async fn reads_what_the_index_finds_among(messages: u32) {
    let (storage, connection, _folder) = open().await;
    let sessions = storage.sessions();
    sessions.insert(&samples::session("kim")).await.unwrap();
    sessions.open_turn(&samples::new_turn(1, 1, "배송이 늦어 환불 해 주세요")).await.unwrap();
    multiply(&connection, messages).await;
    let rare = messages as usize / 1000 + 1;
    let by_user = ConversationQuery { user: Some(samples::session("kim").user), ..conversation_query("환불") };
    for (query, hits) in [
        (conversation_query("환불"), rare),
        (conversation_query("환"), rare),
        (by_user, rare),
        (ConversationQuery { from: Some(samples::at(0)), ..conversation_query("환불 배송") }, REACH),
        (conversation_query("배송"), REACH),
    ] {
        let plan = plan(&connection, &storage, &query).await;
        let index =
            |line: &str| line.contains("SCAN message_search_terms VIRTUAL TABLE INDEX") && line.ends_with(":M1");
        assert!(plan.iter().any(|line| index(line)), "{plan:#?}");
        // What remains of scans is over what the index has found.
        let table = |line: &&String| {
            line.starts_with("SCAN ")
                && !index(line)
                && !["SCAN found", "SCAN n", "SCAN ("].iter().any(|d| line.starts_with(d))
        };
        assert_eq!(plan.iter().find(table), None, "{plan:#?}");
        assert_eq!(all(&sessions, &query).await.len(), hits, "{query:?}");
    }
    let both = all(&sessions, &conversation_query("환불 배송")).await;
    assert_eq!(both[0].message.id, samples::message_id(2));
}

#[tokio::test]
async fn messages_from_before_the_index_are_found_once_it_is_made() {
    let (storage, connection, folder) = open().await;
    let sessions = storage.sessions();
    sessions.insert(&samples::session("kim")).await.unwrap();
    for number in 1..=300 {
        sessions.open_turn(&samples::new_turn(1, number, "배송이 언제 되나요")).await.unwrap();
        sessions.close_turn(&samples::closed_turn(number, "환불은 사흘 걸려요")).await.unwrap();
    }
    storage.close().await.unwrap();
    let newest_first = Migrator::migrations().into_iter().rev();
    let since =
        newest_first.map(|migration| migration.name().to_owned()).take_while(|name| !name.ends_with("message_search"));
    Migrator::down(&connection, Some(since.count() as u32 + 1)).await.unwrap();
    let gone = connection.execute_unprepared("SELECT seq FROM message_search").await;
    assert!(gone.is_err(), "{gone:?}");
    connection.close().await.unwrap();
    let storage = SqliteStorage::open(&folder.path().join("iyagi.db")).await.unwrap();
    let by_user = ConversationQuery { user: Some(samples::session("kim").user), ..conversation_query("환불") };
    for query in [conversation_query("배송"), by_user] {
        let page = storage.sessions().search(&query, None, PageLimit::new(PageLimit::MAX).unwrap()).await.unwrap();
        assert_eq!((page.items.len(), page.next.is_some()), (200, true));
    }
    storage.sessions().open_turn(&samples::new_turn(1, 301, "새 질문")).await.unwrap();
    let page = storage.sessions().search(&conversation_query("새 질문"), None, PageLimit::DEFAULT).await.unwrap();
    assert_eq!(page.items.len(), 1);
}
