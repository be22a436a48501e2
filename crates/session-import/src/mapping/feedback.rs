use std::collections::{HashMap, HashSet};

use kernel::{MessageId, UserId};
use session_core::model::{Feedback, Verdict};

use super::session::long_ago;
use crate::report::{Notes, SkipReason};
use crate::row::{Fields, Row};

/// Verdicts on messages that are imported.
pub(super) fn read(
    key: &str,
    messages: &HashMap<String, MessageId>,
    rows: Vec<Row>,
    notes: &mut Notes,
) -> Vec<Feedback> {
    let mut given = HashSet::new();
    let mut verdicts = Vec::with_capacity(rows.len());
    for row in rows {
        let message = row.shown(&["message_id"]);
        match one(row, messages, notes).filter(|found| given.insert((found.message, found.user.clone()))) {
            Some(feedback) => verdicts.push(feedback),
            None => notes.skip("feedback", message, Some(key), SkipReason::NoVerdict),
        }
    }
    verdicts
}

fn one(row: Row, messages: &HashMap<String, MessageId>, notes: &mut Notes) -> Option<Feedback> {
    let mut fields = Fields::new(row, notes);
    let message = *messages.get(&fields.text(&["message_id"])?)?;
    let value = i16::try_from(fields.integer(&["value"])?).ok()?;
    let feedback = Feedback {
        message,
        user: fields.text(&["user_id"]).and_then(|user| UserId::new(user).ok()),
        verdict: Verdict::from_parts(&fields.text(&["scale"])?, value)?,
        comment: fields.content(&["comment"]),
        given_at: fields.time(&["given_at"]).unwrap_or_else(long_ago),
    };
    feedback.validate().is_ok().then_some(feedback)
}
