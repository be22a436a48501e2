use serde_json::{Value, json};
use session_core::model::{MessageStatus, PrivacyLevel, Role, SessionState, TurnState};

use super::*;
use crate::report::Repair;
use crate::testing::samples::{mapping, rows};

/// A session with these messages, as the source says them.
fn read(session: Value, messages: &[Value]) -> (Conversation, Notes) {
    let mut notes = Notes::default();
    let key = session["id"].as_str().map(str::to_owned);
    let group = Group { key, sessions: rows(&[session]), messages: rows(messages), ..Group::default() };
    let (_, conversation) = mapping().conversation(group, &mut notes).unwrap();
    (conversation, notes)
}

fn said(id: &str, role: &str, second: u32) -> Value {
    json!({"id": id, "role": role, "content": id, "created_at": format!("2026-11-20T00:00:{second:02}Z")})
}

fn order(conversation: &Conversation) -> Vec<&str> {
    conversation.messages.iter().map(|message| message.content.as_str()).collect()
}

fn session() -> Value {
    json!({"id": "s", "store_id": "shop", "user_id": "kim", "created_at": "2026-11-20T00:00:00Z"})
}

#[test]
fn without_numbers_the_time_orders_and_a_question_comes_before_its_answer() {
    let messages = [said("c", "assistant", 2), said("b", "user", 2), said("a", "user", 1)];
    let (conversation, notes) = read(session(), &messages);
    assert_eq!(order(&conversation), ["a", "b", "c"]);
    assert_eq!(notes.times(Repair::Sequence), 0);
    assert_eq!(conversation.messages.iter().map(|message| message.sequence).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn numbers_order_before_time_and_gaps_are_closed() {
    let numbered = |id: &str, number: i64, second| {
        let mut message = said(id, "user", second);
        message["sequence_number"] = json!(number);
        message
    };
    let (conversation, notes) = read(session(), &[numbered("b", 7, 1), numbered("a", 3, 2)]);
    assert_eq!(order(&conversation), ["a", "b"]);
    assert_eq!(notes.times(Repair::Sequence), 1);
}

#[test]
fn one_closed_turn_is_made_for_each_question_with_what_follows_it() {
    let messages = [
        said("hello", "bot", 1),
        said("q1", "user", 2),
        said("a1", "ai", 3),
        said("q2", "user", 4),
        said("q3", "user", 5),
    ];
    let (conversation, _) = read(session(), &messages);
    let turns: Vec<_> = conversation
        .turns
        .iter()
        .map(|turn| {
            let of = conversation.messages.iter().filter(|message| message.turn == turn.id);
            (turn.state, of.map(|message| message.content.as_str()).collect::<Vec<_>>())
        })
        .collect();
    let expected = [
        (TurnState::Completed, vec!["hello", "q1", "a1"]),
        (TurnState::Interrupted, vec!["q2"]),
        (TurnState::Interrupted, vec!["q3"]),
    ];
    assert_eq!(turns, expected);
    let (question, answer) = (&conversation.messages[1], &conversation.messages[2]);
    assert_eq!((conversation.turns[0].question, conversation.turns[0].answer), (question.id, Some(answer.id)));
    assert_eq!(answer.parent, Some(question.id));
    assert!(conversation.turns.iter().all(|turn| turn.closed_at.is_some_and(|closed| closed >= turn.opened_at)));
}

#[test]
fn a_conversation_without_a_question_is_one_turn() {
    let (conversation, _) = read(session(), &[said("a", "assistant", 1), said("b", "assistant", 2)]);
    assert_eq!(conversation.turns.len(), 1);
    assert!(conversation.messages.iter().all(|message| message.turn == conversation.turns[0].id));
}

#[test]
fn what_an_iyagi_says_of_a_session_and_its_turns_is_taken_as_it_is() {
    let id = |n: u32| format!("00000000-0000-4000-8000-{n:012}");
    let at = "2026-11-20T00:00:00.000001Z";
    let session = json!({"id": id(1), "store_id": "shop", "user_id": "kim", "title": "배송", "channel": "web",
        "metadata": "{\"a\":1}", "priority": "긴급", "topic_tags": "[\"제주\"]", "privacy_level": "team",
        "state": "ended", "request_count": 5, "message_count": 1, "last_sequence": 1, "revision": 9,
        "created_at": at, "last_active_at": at, "expires_at": at, "ended_at": at});
    let message = json!({"id": format!("\\x{}", id(2).replace('-', "")), "session_id": id(1), "turn_id": id(3),
        "role": "user", "content": "?", "status": "interrupted", "sequence_number": 1, "created_at": at,
        "routing_info": "{}", "sources": "[]", "metadata": "{}", "is_deleted": 0});
    let turn = json!({"id": id(3), "session_id": id(1), "question_id": id(2), "state": "failed",
        "client_message_id": "mine", "request_hash": "abc", "opened_at": at, "lease_until": at, "closed_at": at});
    let mut notes = Notes::default();
    let group = Group {
        key: Some(id(1)),
        sessions: rows(&[session]),
        messages: rows(&[message]),
        turns: rows(&[turn]),
        ..Group::default()
    };
    let (_, read) = Mapping { kind: SourceKind::Iyagi, ..mapping() }.conversation(group, &mut notes).unwrap();
    assert_eq!(notes, Notes::default(), "nothing had to be repaired");
    assert_eq!((read.session.id.to_string(), read.session.channel.as_str()), (id(1), "web"));
    assert_eq!((read.session.state, read.session.privacy), (SessionState::Ended, PrivacyLevel::Team));
    assert_eq!((read.session.request_count, read.session.business.topic_tags.clone()), (5, vec!["제주".to_owned()]));
    assert_eq!(read.session.metadata, json!({"a": 1}), "nothing is added");
    assert_eq!((read.messages[0].id.to_string(), read.messages[0].status), (id(2), MessageStatus::Interrupted));
    let turn = &read.turns[0];
    assert_eq!(
        (turn.id.to_string(), turn.state, turn.client_message_id.as_deref()),
        (id(3), TurnState::Failed, Some("mine"))
    );
}

#[test]
fn roles_by_other_names_are_translated_and_unknown_ones_are_kept_beside() {
    for (name, role) in
        [("human", Role::User), ("AI", Role::Assistant), ("bot", Role::Assistant), ("tool", Role::System)]
    {
        let (conversation, notes) = read(session(), &[said("m", name, 1)]);
        assert_eq!((conversation.messages[0].role, notes.times(Repair::Role)), (role, 1), "{name}");
    }
    let (conversation, notes) = read(session(), &[said("m", "narrator", 1)]);
    assert_eq!((conversation.messages[0].role, notes.times(Repair::Role)), (Role::System, 1));
    assert_eq!(conversation.messages[0].metadata["import"]["columns"]["role"], "narrator");
}

#[test]
fn times_that_are_missing_come_from_their_neighbours() {
    let messages = [json!({"id": "1", "role": "user", "content": "a"}), said("2", "assistant", 9)];
    let (conversation, notes) = read(json!({"id": "s", "store_id": "shop", "user_id": "kim"}), &messages);
    assert_eq!(notes.times(Repair::Time), 1);
    assert_eq!(conversation.session.last_active_at.to_string(), "2026-11-20T00:00:09.000000Z");
    assert_eq!(conversation.session.expires_at, conversation.session.last_active_at.plus(mapping().lifetimes.usual));
}

#[test]
fn a_message_that_was_deleted_at_the_source_is_left_out_and_counted() {
    let mut gone = said("gone", "user", 1);
    gone["is_deleted"] = json!(true);
    let (conversation, notes) = read(session(), &[gone, said("there", "user", 2)]);
    assert_eq!(order(&conversation), ["there"]);
    assert_eq!(notes.times(Repair::DeletedMessage), 1);
}

#[test]
fn a_second_message_with_the_same_id_gets_one_of_its_own_and_keeps_the_old_one_beside() {
    let id = "00000000-0000-4000-8000-000000000009";
    let (conversation, notes) = read(session(), &[said(id, "user", 1), said(id, "user", 2)]);
    assert_eq!(conversation.messages[0].id.to_string(), id);
    assert_ne!(conversation.messages[1].id, conversation.messages[0].id);
    assert_eq!(conversation.messages[1].metadata["import"]["id"], id);
    assert_eq!(notes.times(Repair::MessageId), 1);
}

#[test]
fn the_same_rows_make_the_same_conversation_whatever_their_order() {
    let (one, two) = (said("1", "user", 1), said("2", "assistant", 1));
    let (first, _) = read(session(), &[one.clone(), two.clone()]);
    let (second, _) = read(session(), &[two, one]);
    assert_eq!(first, second);
}
