//! The calls that are made for every question, every page of a list, and every round of upkeep.

use chat_analytics::advisor::{AdvisorFacts, MONTH};
use kernel::{MessageId, PageLimit, Timestamp, UserId};
use session_core::model::{
    ClosedTurn, Feedback, Message, NewTurn, Session, SessionState, ShareAccess, ShareLink, ShareToken, TurnClosing,
    TurnOpening, Verdict,
};
use session_core::ports::{
    FeedbackRepository, MessageRange, SessionCursor, SessionFilter, SessionMaintenance, SessionRepository,
    ShareRepository, TurnRepository,
};
use session_core::testing::samples::{
    at, closed_turn_of, message_id, new_turn, numbered_session, session_id, share_link, store, turn_id,
};

use super::crowd::{DELETED, LONG, NOW, SESSIONS, emptied, kiosk};
use super::{Watch, search, user_contexts};

const PAGE: PageLimit = PageLimit::DEFAULT;
/// What one batch of upkeep may touch.
const BATCH: u32 = 100;

/// Makes them all over a database that [`crowd::fill`](super::crowd::fill) has filled. Each round takes rows of its
/// own.
pub async fn every_call(watch: &mut Watch, round: u64) {
    // First, while there is what has been abandoned.
    upkeep(watch, round).await;
    sessions(watch, round).await;
    lists(watch).await;
    opening(watch, round).await;
    closing(watch, round).await;
    conversations(watch).await;
    feedback(watch).await;
    links(watch, round).await;
    user_contexts::of_users(watch, round).await;
    advice(watch).await;
    search::among_many(watch, round).await;
}

pub(super) fn now() -> Timestamp {
    at(NOW)
}

/// A number that no row and no other round has.
pub(super) fn fresh(round: u64, number: u64) -> u64 {
    round * 1_000_000 + number
}

/// A live session of the round, by its number.
pub(super) fn live(round: u64, number: u64) -> u64 {
    // Every thousandth was left with an abandoned turn.
    500 + 1000 * (10 * round + number)
}

pub(super) fn asked(session: u64, number: u64) -> NewTurn {
    NewTurn {
        opened_at: now(),
        lease_until: at(NOW + 20),
        client_message_id: Some(format!("request {number}")),
        ..new_turn(session, number, "제주도는요?")
    }
}

fn answered(session: u64, number: u64) -> ClosedTurn {
    ClosedTurn { closed_at: at(NOW + 1), ..closed_turn_of(session, number, "사흘 더 걸려요") }
}

async fn upkeep(watch: &mut Watch, round: u64) {
    let storage = watch.sessions();
    let stale = watch.call("interrupt_stale", storage.interrupt_stale(now())).await;
    assert_eq!(stale > 0, round == 1);
    assert!(watch.call("lead", storage.lead("expire", "a", now(), at(NOW + 10))).await);
    assert_eq!(watch.call("expire", storage.expire(now(), BATCH)).await, u64::from(BATCH));
    let purged = watch.call("purge", storage.purge(now(), BATCH)).await;
    assert!(purged.sessions > 0 && purged.messages > 0 && purged.more, "{purged:?}");
}

async fn sessions(watch: &mut Watch, round: u64) {
    let storage = watch.sessions();
    let (live, new, store) = (session_id(live(round, 0)), fresh(round, 0), store());
    let session = watch.call("find", storage.find(&store, live)).await.unwrap();
    assert!(watch.call("find, of nobody", storage.find(&store, session_id(u64::MAX))).await.is_none());
    assert_eq!(watch.call("store_of", storage.store_of(live)).await, Some(store.clone()));
    let insert = numbered_session(new, "park");
    watch.call("insert", SessionRepository::insert(&storage, &insert)).await;
    watch.call("update", storage.update(&Session { title: Some("새 제목".into()), ..session.clone() })).await;
    for user in [None, Some(session.user.clone())] {
        let touch = storage.touch(&store, user, live, now(), at(NOW + 86_400));
        assert!(watch.call("touch", touch).await.is_some());
    }
    for user in [kiosk(), session.user, UserId::new("user 7").unwrap()] {
        watch.call(&format!("find_live of {}", user.as_str()), storage.find_live(&store, &user, now())).await;
    }
    assert!(watch.call("count_active", storage.count_active(&store, now())).await > 100);
}

async fn lists(watch: &mut Watch) {
    use SessionState::{Active, Deleted, Ended, Expired};
    let storage = watch.sessions();
    let states = [None, Some(Active), Some(Ended), Some(Expired), Some(Deleted)];
    let users = [None, Some(kiosk()), Some(UserId::new("user 7").unwrap())];
    let cursor = SessionCursor { last_active_at: at(u64::from(SESSIONS) / 2), id: session_id(1) };
    for store in [store(), emptied()] {
        for (state, user) in states.iter().flat_map(|state| users.iter().map(move |user| (*state, user.clone()))) {
            for after in [None, Some(cursor)] {
                let filter = SessionFilter { store: store.clone(), user: user.clone(), state, now: now() };
                let place = if after.is_some() { "further" } else { "first" };
                let name = format!("{place} page of {state:?} sessions of {user:?} in {}", store.as_str());
                watch.call(&name, storage.page(&filter, after, PAGE)).await;
            }
        }
    }
}

/// Opens turns of one live session and of the long one.
async fn opening(watch: &mut Watch, round: u64) {
    let storage = watch.sessions();
    let (session, turn) = (live(round, 1), fresh(round, 1));
    let new = asked(session, turn);
    let opened = watch.call("open_turn", storage.open_turn(&new)).await;
    assert!(matches!(opened, TurnOpening::Opened(_)), "{opened:?}");
    let again = watch.call("open_turn, repeated", storage.open_turn(&new)).await;
    assert!(matches!(again, TurnOpening::Duplicate(_)), "{again:?}");
    let busy = watch.call("open_turn, busy", storage.open_turn(&asked(session, fresh(round, 2)))).await;
    assert!(matches!(busy, TurnOpening::Busy(_)), "{busy:?}");
    let long = watch.call("open_turn of a long session", storage.open_turn(&asked(LONG, fresh(round, 3)))).await;
    assert!(matches!(long, TurnOpening::Opened(_)), "{long:?}");
    let busy = watch.call("open_turn of a long session, busy", storage.open_turn(&asked(LONG, fresh(round, 4)))).await;
    assert!(matches!(busy, TurnOpening::Busy(_)), "{busy:?}");
    let late = NewTurn { opened_at: at(NOW + 60), ..asked(LONG, fresh(round, 5)) };
    let over = watch.call("open_turn over an abandoned one", storage.open_turn(&late)).await;
    assert!(matches!(over, TurnOpening::Opened(_)), "{over:?}");
}

async fn closing(watch: &mut Watch, round: u64) {
    let storage = watch.sessions();
    let (first, store) = (fresh(round, 1), store());
    watch.call("find_turn", storage.find_turn(&store, turn_id(first))).await.unwrap();
    let found = storage.find_request(&store, session_id(LONG), "request 100007");
    watch.call("find_request", found).await.unwrap();
    let open = watch.call("find_open", storage.find_open(&store, session_id(live(round, 1)))).await;
    assert!(open.is_some());
    watch.call("renew_lease", storage.renew_lease(&store, turn_id(first), at(NOW + 40))).await;
    watch.call("request_cancel", storage.request_cancel(&store, turn_id(first), now())).await.unwrap();
    let closing = watch.call("close_turn", storage.close_turn(&answered(live(round, 1), first))).await;
    let TurnClosing::Closed { answer: Some(answer), .. } = closing else { panic!("{closing:?}") };
    let again = watch.call("close_turn, again", storage.close_turn(&answered(live(round, 1), first))).await;
    assert!(matches!(again, TurnClosing::AlreadyClosed(_)), "{again:?}");
    let unanswered = ClosedTurn { answer: None, ..answered(LONG, fresh(round, 5)) };
    let closed = watch.call("close_turn without an answer", storage.close_turn(&unanswered)).await;
    assert!(matches!(closed, TurnClosing::Closed { answer: None, .. }), "{closed:?}");
    let question: Message = storage.find_message(&store, message_id(first * 2)).await.unwrap().unwrap();
    let regenerated =
        NewTurn { question_id: question.id, again: Some(Box::new(question)), ..asked(live(round, 1), fresh(round, 6)) };
    let opened = watch.call("open_turn for another answer", storage.open_turn(&regenerated)).await;
    assert!(matches!(opened, TurnOpening::Opened(_)), "{opened:?}");
    let late = ClosedTurn { late: true, ..answered(LONG, fresh(round, 3)) };
    let filled = watch.call("close_turn, late", storage.close_turn(&late)).await;
    assert!(matches!(filled, TurnClosing::Closed { answer: Some(_), .. }), "{filled:?}");
    watch.call("find_message", storage.find_message(&store, answer.id)).await.unwrap();
}

async fn conversations(watch: &mut Watch) {
    let (storage, store) = (watch.sessions(), store());
    for range in [MessageRange::Latest, MessageRange::Before(9_000), MessageRange::After(9_000)] {
        let read = storage.messages(&store, session_id(LONG), range, PAGE);
        let page = watch.call(&format!("messages {range:?} of a long session"), read).await;
        assert_eq!(page.items.len(), PAGE.get());
    }
    let read = storage.messages(&store, session_id(1500), MessageRange::Latest, PAGE);
    assert!(!watch.call("messages", read).await.items.is_empty());
    watch.call("stats", storage.stats(&store, session_id(1500))).await;
}

async fn feedback(watch: &mut Watch) {
    let storage = watch.sessions();
    let verdict = Feedback {
        message: message_id(2 * 1500),
        user: Some(kiosk()),
        verdict: Verdict::Rating(4),
        comment: None,
        given_at: now(),
    };
    for name in ["feedback", "feedback, changed"] {
        assert!(watch.call(name, storage.put(&store(), &verdict)).await);
    }
    let ids: Vec<MessageId> = (1_000..1_100).map(|number| message_id(2 * number)).collect();
    let found = watch.call("feedback on messages", storage.of_messages(&store(), &ids)).await;
    assert!(found.len() > 90, "{}", found.len());
}

/// Asked for at the end of the uses there are, and when all but the last of them are more than a month old: a figure
/// reads what is its own and nothing that is older.
async fn advice(watch: &mut Watch) {
    let storage = watch.sessions();
    let last = u64::from(SESSIONS + DELETED);
    watch.call("concurrent users", storage.concurrent_users(at(last))).await;
    let month_after = at(last - 500).plus(MONTH);
    assert!(watch.call("monthly users", storage.monthly_users(month_after)).await > 0);
    watch.call("speed complaints", storage.speed_complaints(now())).await;
}

async fn links(watch: &mut Watch, round: u64) {
    let storage = watch.sessions();
    let session = live(round, 2);
    let token = ShareToken::of([round as u8 + 100; 32]).hash();
    let sample = share_link(session, round as u8);
    let link = ShareLink {
        id: kernel::ShareId::from_uuid(session_id(fresh(round, 7)).as_uuid()),
        token_hash: token.clone(),
        expires_at: at(NOW + 100),
        ..sample
    };
    assert!(watch.call("share", ShareRepository::insert(&storage, &link)).await);
    let access = ShareAccess { at: now(), request_id: "request".into() };
    assert!(watch.call("open a shared session", storage.open(&token, &access)).await.is_some());
    let nobody = ShareToken::of([99; 32]).hash();
    assert!(watch.call("open with a wrong token", storage.open(&nobody, &access)).await.is_none());
    let read = watch.call("accesses", storage.accesses(&store(), session_id(session), PAGE)).await;
    assert!(!read.is_empty());
    assert!(watch.call("revoke", storage.revoke(&store(), session_id(session), now())).await > 0);
}
