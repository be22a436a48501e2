//! A database with very many rows, made of a few by copying.

use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, EntityTrait, IdenStatic, Iterable, Statement};
use session_core::model::{Feedback, NewTurn, ShareAccess, Verdict};
use session_core::ports::{FeedbackRepository, SessionRepository, ShareRepository, TurnRepository};
use session_core::search::user_term;
use session_core::testing::samples;

use crate::entity::{feedback, message, session, share_link, turn, user_context};
use crate::pools::SeaSessions;
use crate::search::indexed_terms;

/// Sessions of the store of the samples. Of each 500 one is live, one should have expired, one is deleted, one is
/// expired, and the others are ended. Each has a turn with a question; one of a thousand turns was abandoned.
pub const SESSIONS: u32 = 100_000;
/// Sessions of [`emptied`] beside them; nearly all are deleted.
pub const DELETED: u32 = 20_000;
/// The first so many sessions are the [`kiosk`]'s; other users have a few dozen.
pub const OF_THE_KIOSK: u32 = 20_000;
/// Turns of the [`LONG`] session, each with a message.
pub const LONG_TURNS: u32 = 20_000;
/// The number of a live session, of the kiosk, with very many turns.
pub const LONG: u64 = 500;
/// Seconds after the start at which calls are made.
pub const NOW: u64 = 500_000;
/// A word that one message in a thousand has.
pub const RARE_WORD: &str = "환불";
/// A word that all the others have.
pub const USUAL_WORD: &str = "배송";

/// Messages of the [`regular`] user with that word.
pub const RARE_OF_THE_REGULAR: usize = ((SESSIONS - OF_THE_KIOSK) / 4_000) as usize;

const RARE: &str = "환불 해 주세요";
const USUAL: &str = "배송이 언제 되나요";

/// A user with very many sessions.
pub fn kiosk() -> kernel::UserId {
    kernel::UserId::new("kiosk").unwrap()
}

/// One of the other users.
pub fn regular() -> kernel::UserId {
    kernel::UserId::new("user 0").unwrap()
}

/// A store whose sessions are deleted, but for one in 500, which is ended.
pub fn emptied() -> kernel::StoreId {
    kernel::StoreId::new("emptied").unwrap()
}

/// How a database writes what standard SQL has no words for.
#[derive(Clone, Copy)]
struct Dialect {
    sqlite: bool,
}

impl Dialect {
    /// The sample id of that group and number.
    fn id(self, group: u32, number: &str) -> String {
        if self.sqlite {
            format!("unhex(printf('%016x%016x', {group}, {number}))")
        } else {
            format!("CAST(lpad(to_hex({group}), 16, '0') || lpad(to_hex({number}), 16, '0') AS uuid)")
        }
    }

    fn later(self, column: &str, seconds: &str) -> String {
        if self.sqlite {
            format!("strftime('%Y-%m-%dT%H:%M:%S', {column}, ({seconds}) || ' seconds') || substr({column}, 20)")
        } else {
            format!("{column} + ({seconds}) * interval '1 second'")
        }
    }
}

/// Copies what `which` selects for each number `n`, with other values in some columns.
fn copies<A: ActiveModelTrait>(which: &str, numbers: [u32; 2], changed: &[(&str, String)]) -> String {
    let table = A::Entity::default();
    let columns: Vec<&str> =
        <A::Entity as EntityTrait>::Column::iter().map(|column| IdenStatic::as_str(&column)).collect();
    let value = |column: &&str| {
        let new = changed.iter().find(|(name, _)| name == column);
        new.map_or_else(|| format!("o.{column}"), |(_, value)| value.clone())
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let [first, last] = numbers;
    format!(
        "INSERT INTO {table} ({}) SELECT {} FROM {table} o CROSS JOIN (WITH RECURSIVE c(n) AS (SELECT {first} \
         UNION ALL SELECT n + 1 FROM c WHERE n < {last}) SELECT n FROM c) n WHERE o.{which}",
        columns.join(", "),
        values.join(", "),
        table = table.as_str(),
    )
}

fn sessions(dialect: Dialect) -> [String; 2] {
    let state = "CASE n % 500 WHEN 0 THEN 'active' WHEN 1 THEN 'active' WHEN 2 THEN 'deleted' WHEN 3 THEN 'expired' \
                 ELSE 'ended' END";
    let user = format!("CASE WHEN n <= {OF_THE_KIOSK} THEN 'kiosk' ELSE 'user ' || (n % 4000) END");
    let expires = format!("CASE n % 500 WHEN 0 THEN 10 * {NOW} ELSE n END");
    let sequence = format!("CASE WHEN n = {LONG} THEN {LONG_TURNS} + 10 ELSE o.last_sequence END");
    let copied = [
        ("id", dialect.id(1, "n")),
        ("user_id", user),
        ("state", state.to_owned()),
        ("last_sequence", sequence),
        ("last_active_at", dialect.later("o.last_active_at", "n")),
        ("expires_at", dialect.later("o.expires_at", &expires)),
        ("deleted_at", dialect.later("CASE n % 500 WHEN 2 THEN o.created_at END", "n")),
    ];
    let deleted = [
        ("id", dialect.id(1, "n")),
        ("store_id", "'emptied'".to_owned()),
        ("state", "CASE n % 500 WHEN 0 THEN 'ended' ELSE 'deleted' END".to_owned()),
        ("last_active_at", dialect.later("o.last_active_at", "n")),
        ("deleted_at", dialect.later("CASE WHEN n % 500 > 0 THEN o.created_at END", "n")),
    ];
    let first = format!("id = {}", dialect.id(1, "1"));
    [
        copies::<session::ActiveModel>(&first, [2, SESSIONS], &copied),
        copies::<session::ActiveModel>(&first, [SESSIONS + 1, SESSIONS + DELETED], &deleted),
    ]
}

fn turns(dialect: Dialect) -> [String; 2] {
    let of = |session: &str, state: &str| {
        [
            ("id", dialect.id(2, "n")),
            ("session_id", dialect.id(1, session)),
            ("client_message_id", "'request ' || n".to_owned()),
            ("state", state.to_owned()),
            ("question_id", dialect.id(3, "2 * n")),
        ]
    };
    let first = format!("id = {}", dialect.id(2, "1"));
    let each = of("n", "CASE n % 1000 WHEN 0 THEN 'open' ELSE 'completed' END");
    let long = of(&LONG.to_string(), "'completed'");
    [
        copies::<turn::ActiveModel>(&first, [2, SESSIONS], &each),
        copies::<turn::ActiveModel>(&first, [SESSIONS + 1, SESSIONS + LONG_TURNS], &long),
    ]
}

fn messages(dialect: Dialect) -> [String; 2] {
    let of = |session: &str, sequence: &str| {
        [
            ("id", dialect.id(3, "2 * n")),
            ("session_id", dialect.id(1, session)),
            ("turn_id", dialect.id(2, "n")),
            ("content", format!("CASE n % 1000 WHEN 0 THEN '{RARE}' ELSE '{USUAL}' END")),
            ("sequence_number", sequence.to_owned()),
        ]
    };
    let first = format!("id = {}", dialect.id(3, "2"));
    let long = of(&LONG.to_string(), &format!("n - {SESSIONS} + 9"));
    [
        copies::<message::ActiveModel>(&first, [2, SESSIONS], &of("n", "1")),
        copies::<message::ActiveModel>(&first, [SESSIONS + 1, SESSIONS + LONG_TURNS], &long),
    ]
}

fn what_hangs_on_them(dialect: Dialect) -> [String; 4] {
    let some = [2, SESSIONS / 5];
    let link =
        [("id", dialect.id(4, "n")), ("session_id", dialect.id(1, "n")), ("token_hash", "'hash ' || n".to_owned())];
    [
        copies::<feedback::ActiveModel>("value = 1", some, &[("message_id", dialect.id(3, "2 * n"))]),
        copies::<share_link::ActiveModel>("revoked_at IS NULL", some, &link),
        copies::<user_context::ActiveModel>("revision = 1", some, &[("user_id", "'user ' || n".to_owned())]),
        "INSERT INTO chat_share_accesses (link_id, accessed_at, request_id) \
         SELECT id, created_at, 'request' FROM chat_share_links"
            .to_owned(),
    ]
}

/// Of the index of conversations: the terms of the two texts, as `$1` and `$2`, and for each message one of its own,
/// so that there are as many terms as among real messages.
fn index(dialect: Dialect) -> Vec<String> {
    let terms = |own: &str| {
        format!("CASE WHEN content = '{RARE}' THEN CAST($1 AS text) ELSE CAST($2 AS text) END || ' order' || {own}")
    };
    let missing = "NOT EXISTS (SELECT 1 FROM message_search WHERE message_id = m.id)";
    if dialect.sqlite {
        let found = format!(
            "INSERT INTO message_search_terms (rowid, terms) SELECT i.seq, {} FROM message_search i \
             JOIN chat_messages m ON m.id = i.message_id WHERE i.seq > 2",
            terms("i.seq")
        );
        let rows = format!(
            "INSERT INTO message_search (message_id, session_id, agent, created_at) \
             SELECT id, session_id, agent_used, created_at FROM chat_messages m WHERE {missing}"
        );
        return vec![rows, found];
    }
    vec![format!(
        "INSERT INTO message_search (message_id, session_id, agent, created_at, terms) \
         SELECT id, session_id, agent_used, created_at, array_to_tsvector(string_to_array({}, ' ')) \
         FROM chat_messages m WHERE {missing}",
        terms("row_number() OVER ()")
    )]
}

/// Fills an empty storage.
pub async fn fill(storage: &SeaSessions) {
    first_of_each(storage).await;
    let writer = storage.pools.writer();
    let backend = writer.get_database_backend();
    let dialect = Dialect { sqlite: backend == DbBackend::Sqlite };
    let transaction = storage.pools.begin().await.unwrap();
    let copied = sessions(dialect).into_iter().chain(turns(dialect)).chain(messages(dialect));
    for statement in copied.chain(what_hangs_on_them(dialect)) {
        transaction.execute_unprepared(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    // Both of the users that are asked for; whose it is, the session tells.
    let regular = user_term(&samples::store(), &regular());
    let terms = |text| format!("{} {regular}", indexed_terms(&samples::store(), &kiosk(), text));
    for statement in index(dialect) {
        let values = if statement.contains("$1") { vec![terms(RARE).into(), terms(USUAL).into()] } else { vec![] };
        transaction.execute_raw(Statement::from_sql_and_values(backend, statement, values)).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// Has the database learn what its tables hold.
pub async fn analyse(sessions: &SeaSessions) {
    let writer = sessions.pools.writer();
    let sqlite = writer.get_database_backend() == DbBackend::Sqlite;
    writer.execute_unprepared(if sqlite { "ANALYZE" } else { "VACUUM ANALYZE" }).await.unwrap();
}

/// The rows that are copied, in the form that the repositories give them.
async fn first_of_each(sessions: &SeaSessions) {
    SessionRepository::insert(sessions, &samples::session("kim")).await.unwrap();
    let request = Some("request 1".to_owned());
    let turn = NewTurn { client_message_id: request, ..samples::new_turn(1, 1, USUAL) };
    sessions.open_turn(&turn).await.unwrap();
    sessions.close_turn(&samples::closed_turn(1, "사흘 걸려요")).await.unwrap();
    let feedback = Feedback {
        message: samples::message_id(3),
        user: Some(kiosk()),
        verdict: Verdict::Up,
        comment: None,
        given_at: samples::at(3),
    };
    sessions.put(&samples::store(), &feedback).await.unwrap();
    let link = samples::share_link(1, 1);
    ShareRepository::insert(sessions, &link).await.unwrap();
    let access = ShareAccess { at: samples::at(4), request_id: "request".into() };
    ShareRepository::open(sessions, &link.token_hash, &access).await.unwrap();
    let context = samples::user_context_change("kim");
    session_core::ports::UserContextStore::put(sessions, &context, samples::at(5)).await.unwrap();
}
