//! The contract of [`ConversationSearch`](crate::ports::ConversationSearch).

use kernel::{MessageId, Page, PageLimit, StoreId, UserId};

use super::Storage;
use super::turns::opened;
use crate::model::{ClosedTurn, NewTurn, ResolutionStatus, Session, SessionState, TurnOpening};
use crate::ports::{ConversationQuery, SearchCursor, SearchHit};
use crate::testing::samples::{
    at, closed_turn, closed_turn_of, conversation_query as query, message_id, new_turn, numbered_session, session_id,
    store,
};

async fn page(
    storage: &Storage,
    query: &ConversationQuery,
    after: Option<SearchCursor>,
    limit: usize,
) -> Page<SearchHit, SearchCursor> {
    storage.search.search(query, after, PageLimit::new(limit).unwrap()).await.unwrap()
}

/// The turn that each hit was said in, and whether it is the answer, in the order of the hits.
async fn found_by(storage: &Storage, query: &ConversationQuery) -> Vec<(u64, bool)> {
    let page = page(storage, query, None, PageLimit::MAX).await;
    assert_eq!(page.next, None);
    page.items.iter().map(|hit| turn_of(hit.message.id)).collect()
}

fn turn_of(message: MessageId) -> (u64, bool) {
    let number = message.as_uuid().as_u64_pair().1;
    (number / 2, number % 2 == 1)
}

async fn found(storage: &Storage, text: &str) -> Vec<(u64, bool)> {
    found_by(storage, &query(text)).await
}

/// Turn `number` in session `session`, both said at that many seconds.
async fn said(storage: &Storage, session: u64, number: u64, question: &str, answer: &str) {
    opened(storage, &NewTurn { opened_at: at(number), ..new_turn(session, number, question) }).await;
    let closed = ClosedTurn { closed_at: at(number), ..closed_turn_of(session, number, answer) };
    storage.turns.close_turn(&closed).await.unwrap();
}

async fn begun(storage: &Storage, session: u64, user: &str) {
    storage.sessions.insert(&numbered_session(session, user)).await.unwrap();
}

async fn change(storage: &Storage, session: u64, how: impl FnOnce(&mut Session)) {
    let mut changed = storage.sessions.find(&store(), session_id(session)).await.unwrap().unwrap();
    how(&mut changed);
    storage.sessions.update(&changed).await.unwrap();
}

pub async fn questions_and_answers_are_found_whatever_their_spacing_and_particles(storage: &Storage) {
    begun(storage, 1, "kim").await;
    said(storage, 1, 1, "무료배송은 얼마부터인가요?", "3,000원부터요").await;
    said(storage, 1, 2, "SHIPPING 언제 돼요", "환불은 사흘 걸려요").await;
    for (text, hits) in [
        ("무료 배송", vec![(1, false)]),
        ("배송", vec![(1, false)]),
        ("배송이", vec![(1, false)]),
        ("3000원", vec![(1, true)]),
        ("원", vec![(1, true)]),
        ("shipping", vec![(2, false)]),
        ("환불을", vec![(2, true)]),
        ("교환", vec![]),
        ("ship", vec![]),
    ] {
        assert_eq!(found(storage, text).await, hits, "{text}");
    }
    let hits = page(storage, &query("무료 배송"), None, 1).await;
    let hit = &hits.items[0];
    assert_eq!(Some(&hit.message), storage.turns.find_message(&store(), message_id(2)).await.unwrap().as_ref());
    assert_eq!(Some(&hit.session), storage.sessions.find(&store(), session_id(1)).await.unwrap().as_ref());
    assert_eq!((hit.snippet.text.as_str(), &*hit.snippet.highlights), ("무료배송은 얼마부터인가요?", &[(0, 4)][..]));
}

pub async fn syllables_apart_are_no_word(storage: &Storage) {
    begun(storage, 1, "kim").await;
    said(storage, 1, 1, "배가 아파서 송금했어요", "송배").await;
    said(storage, 1, 2, "배송이 늦네요", "무쇠솥을 보냈어요").await;
    assert_eq!(found(storage, "배송").await, [(2, false)]);
    assert_eq!(found(storage, "배송비").await, []);
    assert_eq!(found(storage, "솥").await, [(2, true)]);
}

pub async fn any_query_is_answered(storage: &Storage) {
    begun(storage, 1, "kim").await;
    said(storage, 1, 1, "배송 AND 환불", "ไม่มี 'quotes' हिन्दी ㅋㅋ").await;
    for text in [
        "\"배송\" AND (NOT 환불*)",
        "배송' OR 1=1 --",
        "배송:* & ! | <->",
        "NEAR(배송 환불) ^x {a} : -b",
        "배\0송 배송",
        "👍 배송 %_\\",
        &"배송 환불 ".repeat(30),
    ] {
        assert!(found(storage, text).await.contains(&(1, false)), "{text}");
    }
    for text in ["ไม่มี", "हिन्दी", "quotes", "ㅋㅋ"] {
        assert_eq!(found(storage, text).await, [(1, true)], "{text}");
    }
}

pub async fn the_query_as_written_comes_first_and_of_equals_the_newest(storage: &Storage) {
    begun(storage, 1, "kim").await;
    said(storage, 1, 1, "무료 배송 되나요", "무료로 해 드려요. 배송은 모레").await;
    said(storage, 1, 2, "배송 언제 와요", "무료입니다").await;
    said(storage, 1, 3, "무료 배송 되나요", "네").await;
    let hits = found(storage, "무료 배송").await;
    assert_eq!(hits[..3], [(3, false), (1, false), (1, true)]);
    assert_eq!(hits.len(), 5);
    let scores = page(storage, &query("무료 배송"), None, 10).await;
    let scores: Vec<_> = scores.items.iter().map(|hit| hit.score).collect();
    assert!(scores[0] == scores[1] && scores[1] > scores[2] && scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
}

pub async fn filters_narrow_a_search(storage: &Storage) {
    begun(storage, 1, "kim").await;
    begun(storage, 2, "lee").await;
    said(storage, 1, 1, "배송이요", "배송은 도착했습니다").await;
    said(storage, 2, 2, "배송이요", "무엇이 궁금하세요").await;
    change(storage, 2, |session| {
        session.business.inquiry_category = Some("배송문의".into());
        session.business.resolution_status = Some(ResolutionStatus::Resolved);
    })
    .await;
    let usual = query("배송");
    let user = |name: &str| Some(UserId::new(name).unwrap());
    for (narrowed, hits) in [
        (usual.clone(), vec![(2, false), (1, false), (1, true)]),
        (ConversationQuery { user: user("kim"), ..usual.clone() }, vec![(1, false), (1, true)]),
        (ConversationQuery { user: user("park"), ..usual.clone() }, vec![]),
        (ConversationQuery { agent: Some("default".into()), ..usual.clone() }, vec![(1, true)]),
        (ConversationQuery { category: Some("배송문의".into()), ..usual.clone() }, vec![(2, false)]),
        (ConversationQuery { status: Some(ResolutionStatus::Resolved), ..usual.clone() }, vec![(2, false)]),
        (ConversationQuery { status: Some(ResolutionStatus::Unresolved), ..usual.clone() }, vec![]),
        (ConversationQuery { from: Some(at(2)), ..usual.clone() }, vec![(2, false)]),
        (ConversationQuery { to: Some(at(2)), ..usual.clone() }, vec![(1, false), (1, true)]),
        (ConversationQuery { from: Some(at(1)), to: Some(at(1)), ..usual.clone() }, vec![]),
    ] {
        assert_eq!(found_by(storage, &narrowed).await, hits, "{narrowed:?}");
    }
    let two_words = ConversationQuery { user: user("kim"), to: Some(at(9)), ..query("배송 도착") };
    assert_eq!(found_by(storage, &two_words).await, [(1, true), (1, false)]);
}

pub async fn pages_are_stable_while_messages_come(storage: &Storage) {
    begun(storage, 1, "kim").await;
    for number in 1..=6 {
        said(storage, 1, number, &format!("배송 {}", "문의 ".repeat(number as usize % 3)), "네").await;
    }
    let usual = query("배송");
    let whole = found_by(storage, &usual).await;
    assert_eq!(whole.len(), 6);
    let (mut seen, mut after) = (Vec::new(), None);
    for round in 0..3 {
        let page = page(storage, &usual, after, 2).await;
        seen.extend(page.items.iter().map(|hit| turn_of(hit.message.id)));
        assert_eq!(page.next.is_none(), round == 2);
        after = page.next;
        // Comes before everything: it is newer than its equals.
        said(storage, 1, 10 + round, "배송", "네").await;
    }
    assert_eq!(seen, whole);
}

pub async fn another_stores_messages_are_never_found(storage: &Storage) {
    begun(storage, 1, "kim").await;
    said(storage, 1, 1, "배송이요", "배송은 도착했습니다").await;
    let elsewhere = ConversationQuery { store: StoreId::new("other").unwrap(), ..query("배송") };
    assert_eq!(found_by(storage, &elsewhere).await, []);
    let other = Session { store: elsewhere.store.clone(), ..numbered_session(2, "kim") };
    storage.sessions.insert(&other).await.unwrap();
    let asked = NewTurn { store: elsewhere.store.clone(), ..new_turn(2, 2, "배송이요") };
    assert!(matches!(storage.turns.open_turn(&asked).await.unwrap(), TurnOpening::Opened(_)));
    assert_eq!(found_by(storage, &elsewhere).await, [(2, false)]);
    assert_eq!(found(storage, "배송").await, [(1, false), (1, true)]);
}

pub async fn deleted_sessions_and_removed_messages_are_not_found(storage: &Storage) {
    for session in [1, 2] {
        begun(storage, session, "kim").await;
        said(storage, session, session, "배송이요", "배송은 도착했습니다").await;
    }
    change(storage, 1, |session| {
        session.state = SessionState::Deleted;
        session.deleted_at = Some(at(5));
    })
    .await;
    assert_eq!(found(storage, "배송").await, [(2, false), (2, true)]);
    assert_eq!(found(storage, "배송 도착").await, [(2, true), (2, false)]);
    while storage.maintenance.purge(at(6), 1).await.unwrap().more {}
    assert_eq!(found(storage, "배송").await, [(2, false), (2, true)]);
    begun(storage, 3, "kim").await;
    said(storage, 3, 3, "환불이요", "네").await;
    assert_eq!(found(storage, "배송").await, [(2, false), (2, true)]);
    assert_eq!(found(storage, "환불").await, [(3, false)]);
}

pub async fn a_message_is_found_with_its_turn_or_not_at_all(storage: &Storage) {
    begun(storage, 1, "kim").await;
    let first = NewTurn { client_message_id: Some("a".into()), ..new_turn(1, 1, "배송이요") };
    opened(storage, &first).await;
    assert_eq!(found(storage, "배송").await, [(1, false)]);
    let repeated = NewTurn { client_message_id: Some("a".into()), ..new_turn(1, 2, "배송이요") };
    assert!(matches!(storage.turns.open_turn(&repeated).await.unwrap(), TurnOpening::Duplicate(_)));
    assert!(matches!(storage.turns.open_turn(&new_turn(1, 3, "배송이요")).await.unwrap(), TurnOpening::Busy(_)));
    assert_eq!(found(storage, "배송").await, [(1, false)]);
    storage.turns.close_turn(&closed_turn(1, "배송은 도착했습니다")).await.unwrap();
    storage.turns.close_turn(&closed_turn(1, "배송은 도착했습니다")).await.unwrap();
    assert_eq!(found(storage, "배송").await.len(), 2);
}

pub async fn a_very_long_message_is_found_by_its_beginning(storage: &Storage) {
    begun(storage, 1, "kim").await;
    let endless: String = ('가'..='힣').map(|syllable| format!("{syllable}나 x{syllable} ")).collect();
    said(storage, 1, 1, &format!("배송 {}", endless.repeat(3)), "네").await;
    assert_eq!(found(storage, "배송").await, [(1, false)]);
}
