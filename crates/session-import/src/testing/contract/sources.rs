//! The contract of [`Source`].

use super::TextTable;
use crate::Row;
use crate::ports::{CursorId, Key, Query, Source, SourceRow};

/// More than any adapter reads at once.
const MANY: usize = 1_203;

/// The tables that a source under test must hold.
pub fn tables() -> Vec<TextTable> {
    let text = |text: &str| Some(text.to_owned());
    let said = |id: &str, session: Option<&str>| vec![text(id), session.map(str::to_owned), text("말")];
    vec![
        TextTable {
            name: "sessions",
            columns: vec!["id", "user"],
            rows: vec![
                vec![text("나"), text("lee")],
                vec![text("b"), None],
                vec![None, text("nobody")],
                vec![text("Z"), text("kim")],
                vec![text("가 나"), text("park")],
                vec![text("가"), text("choi")],
            ],
        },
        TextTable {
            name: "messages",
            columns: vec!["id", "session", "content"],
            rows: vec![said("3", Some("b")), said("1", Some("가")), said("2", None), said("4", Some("b"))],
        },
        TextTable {
            name: "verdicts",
            columns: vec!["message", "verdict"],
            rows: vec![
                vec![text("3"), text("up")],
                vec![text("404"), text("of nothing")],
                vec![text("1"), text("down")],
                vec![text("2"), text("of a message without a session")],
            ],
        },
        TextTable {
            name: "long",
            columns: vec!["id", "n"],
            // Not in the order of their keys.
            rows: (0..MANY).map(|n| vec![text(&format!("{:04}", n * 7 % MANY)), text(&n.to_string())]).collect(),
        },
        TextTable {
            name: r#"a "strange" name; DROP TABLE sessions"#,
            columns: vec!["key", r#"it's "a" column"#],
            rows: vec![vec![text("k"), text("'quoted' \"twice\" \\ 한글 🏝️\n")]],
        },
        TextTable { name: "empty", columns: vec!["id"], rows: Vec::new() },
    ]
}

fn by(table: &str, column: &str) -> Query {
    Query { table: table.into(), key: Key::Column(column.into()) }
}

async fn rest(source: &mut dyn Source, cursor: CursorId) -> Vec<SourceRow> {
    let mut all = Vec::new();
    loop {
        let page = source.fetch(cursor).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

async fn read(source: &mut dyn Source, query: &Query) -> Vec<SourceRow> {
    let cursor = source.open(query).await.unwrap();
    rest(source, cursor).await
}

fn column(row: &SourceRow, name: &str) -> Option<String> {
    row.row.as_ref().unwrap().shown(&[name])
}

pub async fn rows_come_in_the_order_of_the_bytes_of_their_keys(source: &mut dyn Source) {
    let rows = read(source, &by("sessions", "id")).await;
    let seen: Vec<_> = rows.iter().map(|row| (row.key.as_deref(), column(row, "user"))).collect();
    let user = |name: &str| Some(name.to_owned());
    let expected = [
        (None, user("nobody")),
        (Some("Z"), user("kim")),
        (Some("b"), None),
        (Some("가"), user("choi")),
        (Some("가 나"), user("park")),
        (Some("나"), user("lee")),
    ];
    assert_eq!(seen, expected);
}

pub async fn a_key_may_stand_in_another_table(source: &mut dyn Source) {
    let key =
        Key::Through { column: "message".into(), table: "messages".into(), id: "id".into(), key: "session".into() };
    let rows = read(source, &Query { table: "verdicts".into(), key }).await;
    let mut seen: Vec<_> = rows.iter().map(|row| (row.key.clone(), column(row, "verdict").unwrap())).collect();
    assert!(seen.is_sorted_by_key(|(key, _)| key.clone()), "{seen:?}");
    seen.sort();
    let expected =
        [(None, "of a message without a session"), (None, "of nothing"), (Some("b"), "up"), (Some("가"), "down")];
    let expected = expected.map(|(key, verdict)| (key.map(str::to_owned), verdict.to_owned()));
    assert_eq!(seen, expected);
}

pub async fn cursors_do_not_disturb_each_other(source: &mut dyn Source) {
    let long = source.open(&by("long", "id")).await.unwrap();
    let begun = source.fetch(long).await.unwrap();
    let sessions = source.open(&by("sessions", "id")).await.unwrap();
    assert_eq!(rest(source, sessions).await.len(), 6);
    assert_eq!(source.count("messages").await.unwrap(), 4);
    assert_eq!(begun.len() + rest(source, long).await.len(), MANY);
    assert!(source.fetch(sessions).await.unwrap().is_empty());
}

pub async fn every_row_of_a_long_table_is_read_once(source: &mut dyn Source) {
    let rows = read(source, &by("long", "id")).await;
    let keys: Vec<String> = rows.iter().map(|row| row.key.clone().unwrap()).collect();
    let expected: Vec<String> = (0..MANY).map(|n| format!("{n:04}")).collect();
    assert_eq!(keys, expected);
}

pub async fn tables_are_counted_and_described(source: &mut dyn Source) {
    assert_eq!(source.count("sessions").await.unwrap(), 6);
    assert_eq!(source.count("long").await.unwrap(), MANY as u64);
    let columns = source.columns("messages").await.unwrap().unwrap();
    assert_eq!(columns, ["id", "session", "content"]);
    assert_eq!(source.columns("empty").await.unwrap().unwrap(), ["id"]);
    assert_eq!(source.columns("nowhere").await.unwrap(), None);
    assert!(!source.origin().is_empty());
    let identity = source.identity().await.unwrap();
    assert_eq!(source.identity().await.unwrap(), identity);
}

pub async fn names_and_values_may_hold_anything(source: &mut dyn Source) {
    let name = r#"a "strange" name; DROP TABLE sessions"#;
    assert_eq!(source.count(name).await.unwrap(), 1);
    let rows = read(source, &by(name, "key")).await;
    let [SourceRow { key: Some(key), row: Ok(row) }] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(key, "k");
    let expected = serde_json::json!({"key": "k", r#"it's "a" column"#: "'quoted' \"twice\" \\ 한글 🏝️\n"});
    assert_eq!(*row, Row::read(expected.to_string().as_bytes()).unwrap());
    assert_eq!(source.count("sessions").await.unwrap(), 6);
}

pub async fn an_empty_table_ends_at_once(source: &mut dyn Source) {
    assert!(read(source, &by("empty", "id")).await.is_empty());
}
