//! Chat turns as a client sees them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::client::Connection;

const TOKEN: &[u8] = br#""type":"token""#;
const DONE: &[u8] = br#""type":"done""#;

/// One answered question.
pub(crate) struct Turn {
    pub(crate) first_token: Duration,
    pub(crate) whole: Duration,
    /// The event stream as it came.
    pub(crate) body: Vec<u8>,
}

impl Turn {
    /// The events, each with the blank line that ends it.
    pub(crate) fn events(&self) -> Result<Vec<&str>> {
        Ok(std::str::from_utf8(&self.body)?.split_inclusive("\n\n").collect())
    }
}

/// A question of a user who has not asked before.
pub(crate) fn question(user: &str, text: &str) -> Value {
    json!({ "message": text, "userId": user })
}

/// Asks on `path`, and reads the stream to its end.
///
/// # Errors
/// When the turn fails: a failed turn is fast, and must not flatter the figure.
pub(crate) async fn ask(connection: &mut Connection, path: &str, question: &Value) -> Result<Turn> {
    let asked = Instant::now();
    let status = connection.start_post(path, question).await?;
    let mut body = Vec::new();
    let mut first_token = None;
    while let Some(piece) = connection.piece().await? {
        // A piece may end within the word that is looked for.
        let from = body.len().saturating_sub(TOKEN.len());
        body.extend(piece);
        if first_token.is_none() && contains(&body[from..], TOKEN) {
            first_token = Some(asked.elapsed());
        }
    }
    let whole = asked.elapsed();
    let told = || format!("{status}: {question}: {}", String::from_utf8_lossy(&body));
    ensure!(status == 200 && contains(&body, DONE), "a turn failed: {}", told());
    Ok(Turn { first_token: first_token.with_context(told)?, whole, body })
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
