//! A turn is opened in one round trip and closed in another, unless something is out of the ordinary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use kernel::{PageLimit, RepositoryError};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use session_core::model::{BusinessMetadata, ClosedTurn, NewTurn, Session, SessionState, TurnClosing, TurnOpening};
use session_core::ports::{ConversationSearch, MessageRange, SessionRepository, TurnRepository};
use session_core::testing::samples::{
    at, closed_turn, closed_turn_of, conversation_query, new_turn, numbered_session, session_id, store,
};
use storage_postgres::{PostgresOptions, PostgresStorage, SeaSessions};
use storage_sea::testing::Watch;
use test_support::postgres::{self, TestDatabase};

/// Notes the transaction and the statement of whoever writes what belongs to a turn.
const NOTES: &str = "CREATE TABLE seen (transaction bigint, query text);
    CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO seen VALUES (txid_current(), current_query()); RETURN NULL; END $$";
const WRITTEN: [&str; 4] = ["chat_sessions", "chat_turns", "chat_messages", "message_search"];

struct Observed {
    watch: Watch,
    notes: DatabaseConnection,
    _database: TestDatabase,
}

/// What a call took.
#[derive(Debug, PartialEq)]
struct Trips {
    /// Statements that were sent.
    sent: usize,
    /// Statements that wrote.
    writing: i64,
    /// Transactions that wrote.
    transactions: i64,
}

const ONE: Trips = Trips { sent: 1, writing: 1, transactions: 1 };

impl Observed {
    /// Sessions 1 to 9, and the notes; `None` (said loudly) where there is no PostgreSQL.
    async fn start() -> Option<Self> {
        let migrate = async |url: String| PostgresStorage::open(&PostgresOptions::new(url)).await?.close().await;
        let database = match postgres::database_from("sessions", migrate).await {
            Ok(database) => database,
            Err(unavailable) => {
                test_support::skip_or_panic(&unavailable);
                return None;
            }
        };
        let storage = PostgresStorage::open(&PostgresOptions::new(database.url.as_str())).await.unwrap();
        for number in 1..=9 {
            storage.sessions().insert(&numbered_session(number, "kim")).await.unwrap();
        }
        let notes = Database::connect(database.url.as_str()).await.unwrap();
        notes.execute_unprepared(NOTES).await.unwrap();
        for table in WRITTEN {
            let trigger = format!(
                "CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION see()"
            );
            notes.execute_unprepared(&trigger).await.unwrap();
        }
        Some(Self { watch: Watch::over(&storage.sessions()).await, notes, _database: database })
    }

    fn sessions(&self) -> SeaSessions {
        self.watch.sessions()
    }

    async fn trips<T>(&self, call: impl Future<Output = Result<T, RepositoryError>>) -> (T, Trips) {
        self.notes.execute_unprepared("TRUNCATE seen").await.unwrap();
        let (answer, sent) = self.watch.statements_of(call).await;
        let seen = "SELECT count(DISTINCT query) AS writing, count(DISTINCT transaction) AS transactions FROM seen";
        let seen = self.notes.query_one_raw(Statement::from_string(DbBackend::Postgres, seen)).await.unwrap().unwrap();
        let number = |column: &str| seen.try_get("", column).unwrap();
        let trips = Trips { sent: sent.len(), writing: number("writing"), transactions: number("transactions") };
        (answer.unwrap(), trips)
    }

    async fn open(&self, turn: &NewTurn) -> (TurnOpening, Trips) {
        self.trips(self.sessions().open_turn(turn)).await
    }

    async fn close(&self, turn: &ClosedTurn) -> (TurnClosing, Trips) {
        self.trips(self.sessions().close_turn(turn)).await
    }

    /// How many messages a session has.
    async fn messages(&self, session: u64) -> usize {
        let (sessions, store, limit) = (self.sessions(), store(), PageLimit::DEFAULT);
        let page = sessions.messages(&store, session_id(session), MessageRange::Latest, limit);
        page.await.unwrap().items.len()
    }
}

fn requested(session: u64, number: u64) -> NewTurn {
    NewTurn {
        client_message_id: Some(format!("request {number}")), ..new_turn(session, number, "제주도 배송비는요?")
    }
}

#[tokio::test]
async fn an_ordinary_turn_is_opened_by_one_statement_and_closed_by_one() {
    let Some(observed) = Observed::start().await else { return };
    for (number, turn) in [(1, new_turn(1, 1, "제주도 배송비는요?")), (2, requested(2, 2))] {
        let (opening, trips) = observed.open(&turn).await;
        assert!(matches!(opening, TurnOpening::Opened(_)), "{opening:?}");
        assert_eq!(trips, ONE);
        let (closing, trips) = observed.close(&closed_turn_of(number, number, "환불은 사흘 걸려요")).await;
        assert!(matches!(closing, TurnClosing::Closed { answer: Some(_), .. }), "{closing:?}");
        assert_eq!(trips, ONE);
        assert_eq!(observed.messages(number).await, 2);
    }
    let found = observed.sessions().search(&conversation_query("환불"), None, PageLimit::DEFAULT).await.unwrap();
    assert_eq!(found.items.len(), 2);
}

#[tokio::test]
async fn a_question_that_cannot_be_taken_is_refused_by_the_slow_way() {
    let Some(observed) = Observed::start().await else { return };
    let first = requested(1, 1);
    observed.open(&first).await;
    let ended = Session { state: SessionState::Ended, ..numbered_session(2, "kim") };
    observed.sessions().update(&ended).await.unwrap();
    let reused = NewTurn { request_hash: "another".into(), ..first.clone() };
    let late = NewTurn { opened_at: at(90_000), ..new_turn(3, 4, "아직 있나요?") };
    for (turn, expected) in [
        (first, "Duplicate"),
        (reused, "KeyReused"),
        (requested(1, 2), "Busy"),
        (requested(2, 3), "SessionEnded"),
        (late, "SessionExpired"),
        (requested(99, 5), "SessionMissing"),
    ] {
        let (opening, trips) = observed.open(&turn).await;
        assert!(format!("{opening:?}").starts_with(expected), "{opening:?} in place of {expected}");
        assert!(trips.sent > 1, "{expected} after {trips:?}");
    }
    assert_eq!([observed.messages(1).await, observed.messages(2).await, observed.messages(3).await], [1, 0, 0]);
}

#[tokio::test]
async fn a_turn_out_of_the_ordinary_is_opened_and_closed_by_the_slow_way() {
    let Some(observed) = Observed::start().await else { return };
    let business = BusinessMetadata { inquiry_category: Some("배송".into()), ..BusinessMetadata::default() };
    let (opening, trips) = observed.open(&NewTurn { business, ..new_turn(1, 1, "언제 와요?") }).await;
    let TurnOpening::Opened(opened) = opening else { panic!("{opening:?}") };
    assert_eq!(opened.session.business.inquiry_category.as_deref(), Some("배송"));
    assert!(trips.writing > 1 && trips.transactions == 1, "{trips:?}");

    // Over a turn whose lease is over.
    let (opening, trips) = observed.open(&NewTurn { opened_at: at(200), ..new_turn(1, 2, "저기요?") }).await;
    assert!(matches!(opening, TurnOpening::Opened(_)), "{opening:?}");
    assert!(trips.sent > 1, "{trips:?}");

    let (closing, _) = observed.close(&ClosedTurn { answer: None, ..closed_turn(2, "") }).await;
    assert!(matches!(closing, TurnClosing::Closed { answer: None, .. }), "{closing:?}");
    let (closing, trips) = observed.close(&closed_turn(2, "또 한 번")).await;
    assert!(matches!(closing, TurnClosing::AlreadyClosed(_)), "{closing:?}");
    assert!(trips.sent > 1, "{trips:?}");
    let (closing, _) = observed.close(&closed_turn(3, "없는 차례")).await;
    assert!(matches!(closing, TurnClosing::Missing), "{closing:?}");
    assert_eq!(observed.messages(1).await, 2);
}
