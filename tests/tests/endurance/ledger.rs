//! What those who asked were told, held against what is kept.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// A question with the reply that acknowledged its answer.
#[derive(Debug, Clone)]
pub(super) struct Acknowledged {
    pub(super) question: String,
    pub(super) reply: Value,
}

/// Checks a session, of which `messages` are all, gapless: every acknowledged answer is there once, whole, after
/// its question, and nothing is there twice. Turns that nobody was told the end of may be there besides.
pub(super) fn assert_kept(messages: &[Value], acknowledged: &[Acknowledged]) {
    let mut ids = BTreeSet::new();
    let mut turns = BTreeSet::new();
    for message in messages {
        assert!(ids.insert(text(message, "id")), "a message is there twice: {messages:#?}");
        let turn = (text(message, "turnId"), text(message, "role"));
        assert!(turns.insert(turn), "a turn has two of a kind: {messages:#?}");
        if message["role"] == "assistant" {
            let question = message["parentMessageId"].as_str().unwrap();
            let earlier = messages.iter().find(|other| other["id"] == question && precedes(other, message));
            assert_eq!(earlier.map(|question| &question["turnId"]), Some(&message["turnId"]), "{messages:#?}");
        }
    }
    for Acknowledged { question, reply } in acknowledged {
        let answers = || messages.iter().filter(|message| message["id"] == reply["messageId"]);
        assert_eq!(answers().count(), 1, "{question} was answered by {}: {messages:#?}", reply["messageId"]);
        let answer = answers().next().unwrap();
        assert_eq!((&answer["role"], &answer["status"]), (&json!("assistant"), &json!("complete")), "{answer}");
        assert_eq!((&answer["turnId"], &answer["content"]), (&reply["turnId"], &reply["content"]), "{answer}");
        let asked = messages.iter().find(|message| message["id"] == answer["parentMessageId"]).unwrap();
        assert_eq!(asked["content"], *question);
    }
}

/// Checks a session of which every question was acknowledged: question and answer alternate, in the order that
/// those who asked were told.
pub(super) fn assert_alternates(messages: &[Value], acknowledged: &[Acknowledged]) {
    assert_kept(messages, acknowledged);
    assert_eq!(messages.len(), 2 * acknowledged.len());
    for turn in messages.chunks(2) {
        let [question, answer] = turn else { unreachable!("the number is even") };
        assert_eq!((&question["role"], &answer["role"]), (&json!("user"), &json!("assistant")), "{messages:#?}");
        assert_eq!(answer["parentMessageId"], question["id"], "{messages:#?}");
        assert!(instant(question) <= instant(answer), "{messages:#?}");
    }
    for Acknowledged { reply, .. } in acknowledged {
        let answer = messages.iter().find(|message| message["id"] == reply["messageId"]).unwrap();
        assert_eq!(reply["metadata"]["sessionMessageCount"], answer["sequence"], "{reply}");
    }
}

fn precedes(earlier: &Value, later: &Value) -> bool {
    earlier["sequence"].as_u64().unwrap() < later["sequence"].as_u64().unwrap()
}

fn text(message: &Value, field: &str) -> String {
    message[field].as_str().unwrap().to_owned()
}

/// When a message was made, in a form that sorts: fractions of a second may have fewer digits than others.
fn instant(message: &Value) -> String {
    let time = text(message, "createdAt");
    let (seconds, fraction) = time.trim_end_matches('Z').split_once('.').unwrap_or((time.trim_end_matches('Z'), ""));
    format!("{seconds}.{fraction:0<9}")
}
