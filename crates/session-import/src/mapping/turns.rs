use std::collections::{HashMap, HashSet};

use kernel::{MessageId, StoreId, Timestamp, TurnId};
use session_core::model::{Message, MessageStatus, Role, Turn, TurnState};

use super::Ids;
use super::session::Draft;
use crate::report::{Notes, Repair, SkipReason};
use crate::row::{Fields, Row};

/// What stands for the hash of a request that was never made here.
const NO_REQUEST: &str = "imported";

/// Gives every message a closed turn: the source's own where they fit, else one for each question with what
/// follows it.
pub(super) fn pair(
    ids: &Ids,
    session: &Draft,
    rows: Vec<Row>,
    mut messages: Vec<Message>,
    notes: &mut Notes,
) -> (Vec<Turn>, Vec<Message>) {
    let has_rows = !rows.is_empty();
    let turns: Vec<Turn> = rows.into_iter().filter_map(|row| read(ids, session, row, &messages, notes)).collect();
    let known: HashSet<TurnId> = turns.iter().map(|turn| turn.id).collect();
    if messages.iter().all(|message| known.contains(&message.turn)) && known.len() == turns.len() {
        return (turns, messages);
    }
    if has_rows {
        notes.repaired(Repair::Turns);
    }
    let turns = exchanges(ids, &session.value.store, &mut messages);
    (turns, messages)
}

/// A turn of an Iyagi.
fn read(ids: &Ids, session: &Draft, row: Row, messages: &[Message], notes: &mut Notes) -> Option<Turn> {
    let shown = row.shown(&["id"]);
    let mut fields = Fields::new(row, notes);
    let (Some(id), Some(question)) = (fields.uuid(&["id"]), fields.uuid(&["question_id"])) else {
        notes.skip("turn", shown, Some(&ids.key), SkipReason::NoId);
        return None;
    };
    let id = TurnId::from_uuid(id);
    let state = fields.text(&["state"]);
    let state = match state.as_deref() {
        Some("completed") => TurnState::Completed,
        Some("failed") => TurnState::Failed,
        Some("interrupted") => TurnState::Interrupted,
        _ => {
            fields.repaired(Repair::OpenTurn);
            TurnState::Interrupted
        }
    };
    let last = messages.iter().filter(|message| message.turn == id).map(|message| message.created_at).max();
    let opened_at = fields.time(&["opened_at"]).or(last).or(session.begun()).unwrap_or_else(super::session::long_ago);
    let closed_at = fields.time(&["closed_at"]).or(last).unwrap_or(opened_at).max(opened_at);
    Some(Turn {
        id,
        store: session.value.store.clone(),
        session: ids.session,
        client_message_id: fields.text(&["client_message_id"]),
        request_hash: fields.text(&["request_hash"]).unwrap_or_else(|| NO_REQUEST.to_owned()),
        state,
        question: MessageId::from_uuid(question),
        answer: fields.uuid(&["answer_id"]).map(MessageId::from_uuid),
        opened_at,
        lease_until: fields.time(&["lease_until"]).unwrap_or(closed_at),
        closed_at: Some(closed_at),
        cancel_requested_at: fields.time(&["cancel_requested_at"]),
    })
}

/// One turn for each question. What comes before the first question belongs to its turn; in a conversation
/// without any, the first message takes the question's place.
fn exchanges(ids: &Ids, store: &StoreId, messages: &mut [Message]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut asked = false;
    for message in messages.iter_mut() {
        let question = message.role == Role::User;
        match turns.last_mut() {
            Some(turn) if !(question && asked) => {
                if question {
                    turn.question = message.id;
                    turn.answer = None;
                    turn.state = TurnState::Interrupted;
                }
                follow(turn, message);
            }
            _ => turns.push(begin(ids, store, message)),
        }
        asked |= question;
        if let Some(turn) = turns.last() {
            message.turn = turn.id;
        }
    }
    link(&turns, messages);
    turns
}

fn begin(ids: &Ids, store: &StoreId, message: &Message) -> Turn {
    let mut turn = Turn {
        id: ids.turn(message.id),
        store: store.clone(),
        session: message.session,
        client_message_id: None,
        request_hash: NO_REQUEST.to_owned(),
        state: TurnState::Interrupted,
        question: message.id,
        answer: None,
        opened_at: message.created_at,
        lease_until: message.created_at,
        closed_at: None,
        cancel_requested_at: None,
    };
    follow(&mut turn, message);
    turn
}

/// Takes a message into a turn: the first of the assistant's is the answer.
fn follow(turn: &mut Turn, message: &Message) {
    let latest: Timestamp = message.created_at.max(turn.opened_at).max(turn.lease_until);
    turn.lease_until = latest;
    turn.closed_at = Some(latest);
    if message.role == Role::Assistant && turn.answer.is_none() {
        turn.answer = Some(message.id);
        turn.state = match message.status {
            MessageStatus::Complete => TurnState::Completed,
            MessageStatus::Interrupted => TurnState::Interrupted,
            MessageStatus::Failed => TurnState::Failed,
        };
    }
}

/// An answer without a parent answers the question of its turn.
fn link(turns: &[Turn], messages: &mut [Message]) {
    let questions: HashMap<TurnId, MessageId> = turns.iter().map(|turn| (turn.id, turn.question)).collect();
    for message in messages.iter_mut().filter(|message| message.role == Role::Assistant && message.parent.is_none()) {
        message.parent = questions.get(&message.turn).copied().filter(|question| *question != message.id);
    }
}
