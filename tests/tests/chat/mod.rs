//! A customer's conversation, over HTTP.

mod answers;
mod concurrency;
mod idempotency;
mod lives;
mod refusals;
mod session_chat;
mod streams;
mod users;
mod websocket;

/// A question the sample documents answer, and what a right answer holds.
const JEJU: &str = "제주도는 배송비가 얼마예요?";
const JEJU_FEES: [&str; 2] = ["4,000원", "7,000원"];
/// A question they do not answer.
const DRONE: &str = "드론으로도 배송해 주나요?";
