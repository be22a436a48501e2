//! What clients were told, held against the database and against what every server says of it.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use serde_json::{Value, json};
use test_support::postgres::TestDatabase;
use test_support::{sql, wait::wait_until};

use super::asking::{End, Talk, Told};
use crate::support::Server;

/// Sessions that are read at once.
const AT_ONCE: usize = 8;
/// How long a turn of a dead server may stay open: the lease and the sweep. A spool is replayed well before.
const CLOSED: Duration = Duration::from_secs(30);

/// The messages as the database has them, by session and in their order there.
const MESSAGES: &str = "
SELECT json_build_object('session', session_id, 'id', id, 'turnId', turn_id, 'role', role, 'content', content,
    'status', status, 'parentMessageId', parent_message_id, 'sequence', sequence_number)::text
FROM chat_messages ORDER BY session_id, sequence_number";
const SESSIONS: &str = "SELECT json_build_object('id', id, 'messageCount', message_count)::text FROM chat_sessions";
const TURNS: &str = "SELECT json_build_object('id', id, 'state', state)::text FROM chat_turns";

/// Everything of one database.
struct Kept {
    messages: BTreeMap<String, Vec<Value>>,
    counts: BTreeMap<String, Value>,
    states: BTreeMap<String, Value>,
}

impl Kept {
    async fn read(database: &TestDatabase) -> Self {
        let mut messages: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for mut message in rows(database, MESSAGES).await {
            let session = message.as_object_mut().unwrap().remove("session").unwrap();
            messages.entry(text(&session)).or_default().push(message);
        }
        let by_id =
            |rows: Vec<Value>, field: &str| rows.iter().map(|row| (text(&row["id"]), row[field].clone())).collect();
        let counts = by_id(rows(database, SESSIONS).await, "messageCount");
        let states = by_id(rows(database, TURNS).await, "state");
        Self { messages, counts, states }
    }
}

/// Checks every talk: what was asked is there once, gapless and in the order of asking; what was answered is there as
/// it was told; what was interrupted is there as such; and every server says the same as the database.
pub(super) async fn check(database: &TestDatabase, servers: &[Server], talks: &[Talk]) {
    let none_open = "SELECT 'open' FROM chat_turns WHERE state = 'open'";
    let closed = wait_until(CLOSED, async || sql::texts(&database.url, none_open).await.unwrap().is_empty()).await;
    assert_eq!(closed, Ok(()), "a turn stays open");
    for server in servers {
        let spool = server.data().join("spool/turns.spool");
        let home = wait_until(CLOSED, async || std::fs::read(&spool).unwrap().is_empty()).await;
        assert_eq!(home, Ok(()), "a spool is not replayed");
        assert!(!server.data().join("spool/refused.jsonl").exists(), "a server refused what it had spooled");
    }
    let kept = Kept::read(database).await;
    let (kept, servers) = (&kept, servers.iter().map(Server::api).collect::<Vec<_>>());
    stream::iter(talks)
        .map(async |talk| {
            let messages = kept.messages.get(&talk.session).map(Vec::as_slice).unwrap_or_default();
            assert_told(talk, messages, &kept.states);
            for api in &servers {
                let address = format!("/api/sessions/{}?userId={}", talk.session, talk.user);
                let session = api.get_json(&address).await;
                assert_eq!(session["messageCount"], kept.counts[&talk.session], "{session}");
                let said: Vec<Value> = api.messages(&talk.user, &talk.session).await.iter().map(essence).collect();
                assert_eq!(said, messages, "a server remembers something else than the database has");
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect::<()>()
        .await;
}

fn assert_told(talk: &Talk, messages: &[Value], states: &BTreeMap<String, Value>) {
    let numbers: Vec<u64> = messages.iter().map(|message| message["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=messages.len() as u64).collect::<Vec<_>>(), "{messages:#?}");
    let questions = messages.iter().filter(|message| message["role"] == "user");
    let questions: Vec<(&Value, &Value)> = questions.map(|asked| (&asked["content"], &asked["turnId"])).collect();
    let asked: Vec<(Value, Value)> = talk.told.iter().map(|told| (json!(told.question), json!(told.turn))).collect();
    assert_eq!(questions, asked.iter().map(|(question, turn)| (question, turn)).collect::<Vec<_>>());
    for Told { question, turn, end } in &talk.told {
        let answers: Vec<&Value> =
            messages.iter().filter(|message| message["turnId"] == **turn && message["role"] == "assistant").collect();
        match end {
            End::Answered { message, content, .. } => {
                let [answer] = answers[..] else { panic!("{question} has {} answers", answers.len()) };
                assert_eq!((&answer["id"], &answer["content"]), (&json!(message), &json!(content)), "{question}");
                assert_eq!((&answer["status"], &states[turn]), (&json!("complete"), &json!("completed")), "{question}");
            }
            End::Failed { code } => {
                assert!(["TURN_INTERRUPTED", "STORAGE_UNAVAILABLE"].contains(&code.as_str()), "{question}: {code}");
                assert!([json!("interrupted"), json!("failed")].contains(&states[turn]), "{question}: {code}");
                assert!(answers.iter().all(|answer| answer["status"] == "interrupted"), "{answers:?}");
            }
        }
    }
}

/// The fields of a message that the query reads.
fn essence(message: &Value) -> Value {
    let fields = ["id", "turnId", "role", "content", "status", "parentMessageId", "sequence"];
    fields.into_iter().map(|field| (field.to_owned(), message[field].clone())).collect()
}

async fn rows(database: &TestDatabase, query: &str) -> Vec<Value> {
    let rows = sql::texts(&database.url, query).await.unwrap();
    rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
