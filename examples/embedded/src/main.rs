//! An order desk on the terminal: every line is a question, the answer comes from your own code, and the
//! conversation is kept. `cargo run -p example-embedded -- desk.db kim` goes on where kim left off.

#![allow(clippy::print_stdout)] // a terminal program

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use kernel::{Clock, IdSource, MessageId, PageLimit, StoreId, SystemClock, TurnId, UserId, UuidV7Source};
use session_core::SessionService;
use session_core::model::{
    Answer, BusinessMetadata, ClosedTurn, MessageStatus, NewSession, NewTurn, OpenedTurn, Session, TurnOpening,
    TurnState, Usage,
};
use session_core::ports::{MessageRange, TurnRepository};
use storage_sqlite::SqliteStorage;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

const SESSION_LIVES: Duration = Duration::from_hours(24);
const LEASE: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().context("usage: example-embedded FILE USER")?;
    let user = UserId::new(arguments.next().context("usage: example-embedded FILE USER")?)?;
    let storage = SqliteStorage::open(file.as_ref()).await?;
    let turns: Arc<dyn TurnRepository> = Arc::new(storage.sessions());
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(UuidV7Source));
    let service = SessionService::new(Arc::new(storage.sessions()), clock.clone(), ids.clone(), SESSION_LIVES);
    let (title, metadata) = (None, serde_json::json!({}));
    let new = NewSession { store: StoreId::new("desk")?, user, title, channel: "terminal".into(), metadata };
    let session = service.live_or_new(new).await?.session;
    let before = turns.messages(&session.store, session.id, MessageRange::Latest, PageLimit::DEFAULT).await?;
    for message in before.items {
        println!("({}) {}", message.sequence, message.content);
    }
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(question) = lines.next_line().await? {
        let opened = open(&*turns, &session, question, &*clock, &*ids).await?;
        // From here on the question is kept, whatever happens to this process.
        let answer = answer(&opened);
        println!("{answer}");
        turns.close_turn(&closed(&opened, answer, &*clock, &*ids)).await?;
    }
    Ok(storage.close().await?)
}

/// Your own code: anything that makes an answer.
fn answer(turn: &OpenedTurn) -> String {
    let (count, question) = (turn.session.request_count, &turn.question.content);
    format!("{count}번째 질문을 받았습니다: {question}")
}

async fn open(
    turns: &dyn TurnRepository,
    session: &Session,
    question: String,
    clock: &dyn Clock,
    ids: &dyn IdSource,
) -> anyhow::Result<OpenedTurn> {
    let now = clock.now();
    let turn = NewTurn {
        id: TurnId::generate(ids),
        store: session.store.clone(),
        session: session.id,
        user: session.user.clone(),
        client_message_id: None,
        request_hash: String::new(),
        question_id: MessageId::generate(ids),
        title: Session::title_from(&question),
        question,
        metadata: serde_json::json!({}),
        business: BusinessMetadata::default(),
        opened_at: now,
        lease_until: now.plus(LEASE),
        expires_at: now.plus(SESSION_LIVES),
        again: None,
    };
    match turns.open_turn(&turn).await? {
        TurnOpening::Opened(opened) => Ok(*opened),
        other => bail!("the question was not taken: {other:?}"),
    }
}

fn closed(turn: &OpenedTurn, content: String, clock: &dyn Clock, ids: &dyn IdSource) -> ClosedTurn {
    let answer = Answer::text(MessageId::generate(ids), content, MessageStatus::Complete, Usage::default());
    let (user, OpenedTurn { turn, .. }) = (turn.session.user.clone(), turn);
    let (store, closed_at) = (turn.store.clone(), clock.now());
    let state = TurnState::Completed;
    ClosedTurn {
        turn: turn.id,
        store,
        session: turn.session,
        user,
        state,
        answer: Some(answer),
        closed_at,
        late: false,
    }
}
