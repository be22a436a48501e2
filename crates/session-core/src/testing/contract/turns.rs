//! The contract of [`TurnRepository`](crate::ports::TurnRepository): opening and closing.

use std::sync::Arc;

use kernel::{PageLimit, StoreId};

use super::Storage;
use crate::model::{
    BusinessMetadata, ClosedTurn, Lease, MessageStatus, NewTurn, OpenedTurn, Priority, Session, SessionState,
    TurnClosing, TurnOpening, TurnState,
};
use crate::ports::MessageRange;
use crate::testing::samples::{
    at, closed_turn, closed_turn_of, message_id, new_turn, numbered_session, session, session_id, store, turn_id,
};

pub(super) async fn opened(storage: &Storage, turn: &NewTurn) -> OpenedTurn {
    match storage.turns.open_turn(turn).await.unwrap() {
        TurnOpening::Opened(opened) => *opened,
        other => panic!("not opened: {other:?}"),
    }
}

pub(super) async fn exchange(storage: &Storage, session: u64, number: u64) {
    opened(storage, &new_turn(session, number, &format!("질문 {number}"))).await;
    let closed = storage.turns.close_turn(&closed_turn_of(session, number, &format!("답변 {number}"))).await.unwrap();
    assert!(matches!(closed, TurnClosing::Closed { answer: Some(_), .. }), "{closed:?}");
}

async fn stored(storage: &Storage) -> Session {
    storage.sessions.find(&store(), session_id(1)).await.unwrap().unwrap()
}

fn keyed(number: u64, key: &str, hash: &str) -> NewTurn {
    NewTurn { client_message_id: Some(key.into()), request_hash: hash.into(), ..new_turn(1, number, "질문") }
}

pub async fn opening_stores_the_question_and_moves_the_session(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    let new = new_turn(1, 1, "제주도 배송비는 얼마예요?");
    let opened = opened(storage, &new).await;
    assert_eq!(opened.turn, new.turn());
    assert_eq!(opened.question, new.message(1));
    let expected = Session {
        request_count: 1,
        message_count: 1,
        last_sequence: 1,
        title: Some(new.title.clone()),
        last_active_at: new.opened_at,
        expires_at: new.expires_at,
        revision: 1,
        ..session("kim")
    };
    assert_eq!(opened.session, expected);
    assert_eq!(stored(storage).await, expected);
    assert_eq!(storage.turns.find_turn(&store(), new.id).await.unwrap(), Some(new.turn()));
    assert_eq!(storage.turns.find_message(&store(), new.question_id).await.unwrap(), Some(new.message(1)));
}

pub async fn closing_stores_the_answer_with_every_field(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    let turn = opened(storage, &new_turn(1, 1, "질문")).await.turn;
    let end = closed_turn(1, "제주도는 3,000원입니다. [1]");
    let expected = end.answer.as_ref().unwrap().message(&turn, 2, end.closed_at);
    let TurnClosing::Closed { answer, session: left } = storage.turns.close_turn(&end).await.unwrap() else {
        panic!("not closed")
    };
    assert_eq!((answer.as_deref(), left.message_count), (Some(&expected), 2));
    assert_eq!(storage.turns.find_message(&store(), expected.id).await.unwrap(), Some(expected.clone()));
    let turn = storage.turns.find_turn(&store(), turn.id).await.unwrap().unwrap();
    assert_eq!((turn.state, turn.answer, turn.closed_at), (TurnState::Completed, Some(expected.id), Some(at(2))));
    let session = stored(storage).await;
    assert_eq!((session.message_count, session.last_sequence, session.request_count), (2, 2, 1));
    assert_eq!((session.last_agent.as_deref(), session.last_active_at), (Some("default"), at(2)));
    assert_eq!(*left, session);
}

pub async fn a_repeated_request_finds_its_turn_open_or_closed(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    let first = opened(storage, &keyed(1, "c-1", "h")).await.turn;
    let repeat = storage.turns.open_turn(&keyed(2, "c-1", "h")).await.unwrap();
    let found = async |store: StoreId, session, key| storage.turns.find_request(&store, session_id(session), key).await;
    assert_eq!(found(store(), 1, "c-1").await.unwrap(), Some(first.clone()));
    assert_eq!(found(store(), 1, "c-2").await.unwrap(), None);
    assert_eq!(found(store(), 2, "c-1").await.unwrap(), None);
    assert_eq!(found(StoreId::new("other").unwrap(), 1, "c-1").await.unwrap(), None);
    assert_eq!(repeat, TurnOpening::Duplicate(first));
    storage.turns.close_turn(&closed_turn(1, "답")).await.unwrap();
    let ended = Session { state: SessionState::Ended, ..stored(storage).await };
    storage.sessions.update(&ended).await.unwrap();
    let TurnOpening::Duplicate(turn) = storage.turns.open_turn(&keyed(3, "c-1", "h")).await.unwrap() else {
        panic!("a repeat of a finished turn was not recognised")
    };
    assert_eq!((turn.id, turn.state), (turn_id(1), TurnState::Completed));
    assert_eq!(stored(storage).await.message_count, 2);
}

pub async fn the_open_turn_of_a_session_is_found_as_long_as_it_is_open(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    let found = async |store: StoreId, session| storage.turns.find_open(&store, session_id(session)).await.unwrap();
    assert_eq!(found(store(), 1).await, None);
    let question = opened(storage, &new_turn(1, 1, "하나")).await.question;
    assert_eq!(found(store(), 1).await.map(|turn| turn.id), Some(turn_id(1)));
    assert_eq!(found(store(), 2).await, None);
    assert_eq!(found(StoreId::new("other").unwrap(), 1).await, None);
    storage.turns.close_turn(&closed_turn(1, "답")).await.unwrap();
    assert_eq!(found(store(), 1).await, None);
    // One that says nothing new is open as well.
    let again = NewTurn { question_id: question.id, again: Some(Box::new(question)), ..new_turn(1, 2, "하나") };
    opened(storage, &again).await;
    assert_eq!(found(store(), 1).await.map(|turn| turn.id), Some(turn_id(2)));
}

pub async fn a_client_message_id_with_another_body_is_refused(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    storage.sessions.insert(&numbered_session(2, "kim")).await.unwrap();
    let first = opened(storage, &keyed(1, "c-1", "h")).await.turn;
    let reused = storage.turns.open_turn(&keyed(2, "c-1", "other")).await.unwrap();
    assert_eq!(reused, TurnOpening::KeyReused(first));
    let elsewhere = NewTurn { session: session_id(2), ..keyed(3, "c-1", "other") };
    assert_eq!(opened(storage, &elsewhere).await.turn.session, session_id(2));
}

pub async fn a_second_question_finds_the_session_busy(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    let first = opened(storage, &new_turn(1, 1, "하나")).await.turn;
    assert_eq!(storage.turns.open_turn(&new_turn(1, 2, "둘")).await.unwrap(), TurnOpening::Busy(first));
    assert_eq!(stored(storage).await.message_count, 1);
    storage.turns.close_turn(&closed_turn(1, "답")).await.unwrap();
    assert_eq!(opened(storage, &new_turn(1, 2, "둘")).await.question.sequence, 3);
}

pub async fn a_dead_turn_does_not_block_the_session_after_its_lease(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    opened(storage, &new_turn(1, 1, "하나")).await;
    let during = NewTurn { opened_at: at(120), ..new_turn(1, 2, "둘") };
    assert!(matches!(storage.turns.open_turn(&during).await.unwrap(), TurnOpening::Busy(_)));
    let after = NewTurn { opened_at: at(121), lease_until: at(241), ..new_turn(1, 2, "둘") };
    assert_eq!(opened(storage, &after).await.question.sequence, 2);
    let dead = storage.turns.find_turn(&store(), turn_id(1)).await.unwrap().unwrap();
    assert_eq!((dead.state, dead.closed_at), (TurnState::Interrupted, Some(at(121))));
}

pub async fn ended_expired_deleted_and_foreign_sessions_refuse_a_turn(storage: &Storage) {
    let cases = [
        (SessionState::Ended, TurnOpening::SessionEnded),
        (SessionState::Expired, TurnOpening::SessionExpired),
        (SessionState::Deleted, TurnOpening::SessionMissing),
    ];
    for (number, (state, expected)) in (1..).zip(cases) {
        storage.sessions.insert(&Session { state, ..numbered_session(number, "kim") }).await.unwrap();
        assert_eq!(storage.turns.open_turn(&new_turn(number, number, "?")).await.unwrap(), expected);
    }
    storage.sessions.insert(&numbered_session(8, "kim")).await.unwrap();
    let foreign = NewTurn { store: StoreId::new("other").unwrap(), ..new_turn(8, 8, "?") };
    assert_eq!(storage.turns.open_turn(&foreign).await.unwrap(), TurnOpening::SessionMissing);
    assert_eq!(storage.turns.open_turn(&new_turn(9, 9, "?")).await.unwrap(), TurnOpening::SessionMissing);
    assert_eq!(storage.turns.find_turn(&store(), turn_id(8)).await.unwrap(), None);
}

pub async fn a_session_expires_exactly_at_its_time(storage: &Storage) {
    storage.sessions.insert(&Session { expires_at: at(50), ..session("kim") }).await.unwrap();
    let late = NewTurn { opened_at: at(50), ..new_turn(1, 1, "?") };
    assert_eq!(storage.turns.open_turn(&late).await.unwrap(), TurnOpening::SessionExpired);
    opened(storage, &NewTurn { opened_at: at(49), ..new_turn(1, 1, "?") }).await;
}

pub async fn closing_twice_changes_nothing(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    exchange(storage, 1, 1).await;
    let before = stored(storage).await;
    let again = ClosedTurn { state: TurnState::Failed, ..closed_turn(1, "다른 답") };
    let TurnClosing::AlreadyClosed(turn) = storage.turns.close_turn(&again).await.unwrap() else {
        panic!("closed twice")
    };
    assert_eq!((turn.state, turn.answer), (TurnState::Completed, Some(message_id(3))));
    assert_eq!(stored(storage).await, before);
    let elsewhere = storage.turns.close_turn(&closed_turn_of(2, 1, "?")).await.unwrap();
    assert_eq!(elsewhere, TurnClosing::Missing);
    let missing = storage.turns.close_turn(&closed_turn(9, "?")).await.unwrap();
    assert_eq!(missing, TurnClosing::Missing);
    let foreign = ClosedTurn { store: StoreId::new("other").unwrap(), ..closed_turn(1, "?") };
    assert_eq!(storage.turns.close_turn(&foreign).await.unwrap(), TurnClosing::Missing);
}

pub async fn a_turn_can_be_closed_without_an_answer(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    opened(storage, &new_turn(1, 1, "?")).await;
    let failed = ClosedTurn { state: TurnState::Failed, answer: None, ..closed_turn(1, "") };
    let closed = storage.turns.close_turn(&failed).await.unwrap();
    let TurnClosing::Closed { answer: None, session } = closed else { panic!("{closed:?}") };
    assert_eq!(*session, stored(storage).await);
    let turn = storage.turns.find_turn(&store(), turn_id(1)).await.unwrap().unwrap();
    assert_eq!((turn.state, turn.answer), (TurnState::Failed, None));
    assert_eq!(opened(storage, &new_turn(1, 2, "?")).await.question.sequence, 2);
}

pub async fn business_fields_and_title_are_kept_by_the_session(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    let urgent = BusinessMetadata { priority: Some(Priority::Urgent), ..BusinessMetadata::default() };
    opened(storage, &NewTurn { business: urgent, ..new_turn(1, 1, "첫 질문") }).await;
    let interrupted = ClosedTurn { state: TurnState::Interrupted, ..closed_turn(1, "말하다 ") };
    storage.turns.close_turn(&interrupted).await.unwrap();
    let tagged = BusinessMetadata { topic_tags: vec!["제주".into()], ..BusinessMetadata::default() };
    let second = opened(storage, &NewTurn { business: tagged, ..new_turn(1, 2, "둘째 질문") }).await.session;
    assert_eq!(second.title.as_deref(), Some("첫 질문"));
    assert_eq!(second.business.priority, Some(Priority::Urgent));
    assert_eq!(second.business.topic_tags, ["제주"]);
    assert_eq!(stored(storage).await, second);
}

pub async fn concurrent_questions_open_exactly_one_turn(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    let outcomes = open_all(storage, (1..=12).map(|number| new_turn(1, number, "동시에"))).await;
    let opened = outcomes.iter().filter(|outcome| matches!(outcome, TurnOpening::Opened(_))).count();
    let busy = outcomes.iter().filter(|outcome| matches!(outcome, TurnOpening::Busy(_))).count();
    assert_eq!((opened, busy), (1, 11), "{outcomes:?}");
    assert_eq!(stored(storage).await.last_sequence, 1);
}

pub async fn concurrent_repeats_of_one_request_make_one_turn(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    let outcomes = open_all(storage, (1..=12).map(|number| keyed(number, "c-1", "h"))).await;
    let held = outcomes.iter().filter_map(|outcome| match outcome {
        TurnOpening::Opened(opened) => Some(opened.turn.id),
        TurnOpening::Duplicate(turn) => Some(turn.id),
        _ => None,
    });
    let held: Vec<_> = held.collect();
    assert_eq!(held.len(), 12, "{outcomes:?}");
    assert!(held.iter().all(|id| *id == held[0]));
    assert_eq!(stored(storage).await.message_count, 1);
}

pub async fn concurrent_sessions_number_their_messages_without_gaps(storage: &Storage) {
    for number in 1..=4 {
        storage.sessions.insert(&numbered_session(number, "kim")).await.unwrap();
    }
    for round in 0..3 {
        open_all(storage, (1..=4).map(|session| new_turn(session, round * 4 + session, "?"))).await;
        let closing = (1..=4).map(|session| {
            let turns = Arc::clone(&storage.turns);
            tokio::spawn(
                async move { turns.close_turn(&closed_turn_of(session, round * 4 + session, "!")).await.unwrap() },
            )
        });
        for closed in closing.collect::<Vec<_>>() {
            assert!(matches!(closed.await.unwrap(), TurnClosing::Closed { .. }));
        }
    }
    for number in 1..=4 {
        let range = MessageRange::After(0);
        let page = storage.turns.messages(&store(), session_id(number), range, PageLimit::DEFAULT).await.unwrap();
        let sequences: Vec<u64> = page.items.iter().map(|message| message.sequence).collect();
        assert_eq!(sequences, [1, 2, 3, 4, 5, 6]);
    }
}

async fn open_all(storage: &Storage, turns: impl Iterator<Item = NewTurn>) -> Vec<TurnOpening> {
    let tasks: Vec<_> = turns
        .map(|turn| {
            let turns = Arc::clone(&storage.turns);
            tokio::spawn(async move { turns.open_turn(&turn).await.unwrap() })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

pub async fn the_sweeper_interrupts_only_turns_whose_lease_is_over(storage: &Storage) {
    for number in 1..=3 {
        storage.sessions.insert(&numbered_session(number, "kim")).await.unwrap();
    }
    opened(storage, &NewTurn { lease_until: at(10), ..new_turn(1, 1, "?") }).await;
    opened(storage, &NewTurn { lease_until: at(11), ..new_turn(2, 2, "?") }).await;
    opened(storage, &NewTurn { lease_until: at(10), ..new_turn(3, 3, "?") }).await;
    let closed = ClosedTurn { state: TurnState::Completed, ..closed_turn_of(3, 3, "답") };
    storage.turns.close_turn(&closed).await.unwrap();
    assert_eq!(storage.turns.interrupt_stale(at(10)).await.unwrap(), 1);
    assert_eq!(storage.turns.interrupt_stale(at(10)).await.unwrap(), 0);
    let state = async |number| storage.turns.find_turn(&store(), turn_id(number)).await.unwrap().unwrap().state;
    assert_eq!(state(1).await, TurnState::Interrupted);
    assert_eq!(state(2).await, TurnState::Open);
    assert_eq!(state(3).await, TurnState::Completed);
    let status = storage.turns.find_message(&store(), message_id(7)).await.unwrap().unwrap().status;
    assert_eq!(status, MessageStatus::Complete);
}

pub async fn a_renewed_lease_keeps_the_session_and_a_closed_turn_has_lost_it(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    opened(storage, &NewTurn { lease_until: at(10), ..new_turn(1, 1, "?") }).await;
    assert_eq!(storage.turns.renew_lease(&store(), turn_id(1), at(20)).await.unwrap(), Lease::Held);
    assert_eq!(storage.turns.interrupt_stale(at(19)).await.unwrap(), 0);
    let foreign = StoreId::new("other").unwrap();
    assert_eq!(storage.turns.renew_lease(&foreign, turn_id(1), at(30)).await.unwrap(), Lease::Lost);
    assert_eq!(storage.turns.interrupt_stale(at(20)).await.unwrap(), 1);
    assert_eq!(storage.turns.renew_lease(&store(), turn_id(1), at(30)).await.unwrap(), Lease::Lost);
    assert_eq!(storage.turns.renew_lease(&store(), turn_id(9), at(30)).await.unwrap(), Lease::Lost);
}

pub async fn a_turn_is_asked_to_stop_once_and_its_owner_hears_of_it(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    opened(storage, &new_turn(1, 1, "?")).await;
    let foreign = StoreId::new("other").unwrap();
    assert_eq!(storage.turns.request_cancel(&foreign, turn_id(1), at(2)).await.unwrap(), None);
    assert_eq!(storage.turns.renew_lease(&store(), turn_id(1), at(121)).await.unwrap(), Lease::Held);
    for second in [3, 4] {
        let turn = storage.turns.request_cancel(&store(), turn_id(1), at(second)).await.unwrap().unwrap();
        assert_eq!((turn.state, turn.cancel_requested_at), (TurnState::Open, Some(at(3))));
    }
    assert_eq!(storage.turns.renew_lease(&store(), turn_id(1), at(121)).await.unwrap(), Lease::CancelRequested);
    storage.turns.close_turn(&closed_turn(1, "답")).await.unwrap();
    opened(storage, &new_turn(1, 2, "?")).await;
    storage.turns.close_turn(&closed_turn(2, "답")).await.unwrap();
    let closed = storage.turns.request_cancel(&store(), turn_id(2), at(9)).await.unwrap().unwrap();
    assert_eq!((closed.state, closed.cancel_requested_at), (TurnState::Completed, None));
    assert_eq!(storage.turns.request_cancel(&store(), turn_id(9), at(9)).await.unwrap(), None);
}

pub async fn a_late_answer_fills_a_turn_that_was_interrupted_unanswered(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    opened(storage, &NewTurn { lease_until: at(10), ..new_turn(1, 1, "?") }).await;
    storage.turns.interrupt_stale(at(10)).await.unwrap();
    let on_time = storage.turns.close_turn(&closed_turn(1, "답")).await.unwrap();
    assert!(matches!(on_time, TurnClosing::AlreadyClosed(_)), "{on_time:?}");
    let late = ClosedTurn { late: true, ..closed_turn(1, "답") };
    let filled = storage.turns.close_turn(&late).await.unwrap();
    let TurnClosing::Closed { answer: Some(_), session } = &filled else { panic!("{filled:?}") };
    assert_eq!(session.message_count, 2);
    let again = storage.turns.close_turn(&late).await.unwrap();
    let TurnClosing::AlreadyClosed(turn) = again else { panic!("filled twice") };
    assert_eq!((turn.state, turn.answer), (TurnState::Completed, Some(message_id(3))));
    assert_eq!(stored(storage).await.message_count, 2);
}

pub async fn a_question_answered_again_is_stored_once(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    exchange(storage, 1, 1).await;
    let question = storage.turns.find_message(&store(), message_id(2)).await.unwrap().unwrap();
    let again = NewTurn {
        question_id: question.id,
        question: question.content.clone(),
        metadata: question.metadata.clone(),
        again: Some(Box::new(question.clone())),
        ..new_turn(1, 2, "")
    };
    let opened = opened(storage, &again).await;
    assert_eq!((&opened.question, opened.turn.question), (&question, question.id));
    assert_eq!((opened.session.message_count, opened.session.request_count), (2, 2));
    let closed = storage.turns.close_turn(&closed_turn(2, "다른 답")).await.unwrap();
    let TurnClosing::Closed { answer: Some(answer), session } = closed else { panic!("not closed: {closed:?}") };
    assert_eq!(session.message_count, 3);
    assert_eq!((answer.sequence, answer.parent, answer.turn), (3, Some(question.id), turn_id(2)));
}
