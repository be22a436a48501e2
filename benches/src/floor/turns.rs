//! A turn as the storages are asked to keep it, the same on every side of a comparison.

use anyhow::Result;
use async_trait::async_trait;
use uuid::Uuid;

/// The store of every measured session: the built-in configuration's default.
pub(crate) const STORE: &str = "demo";
/// What is asked.
pub(crate) const QUESTION: &str = "제주도로 보내면 배송비가 얼마나 더 드나요?";
/// What is answered.
pub(crate) const ANSWER: &str =
    "제주도와 도서 산간 지역은 3,000원이 추가됩니다. 5만 원 이상 사시면 기본 배송비는 무료입니다. [1]";
/// What the answer draws on.
pub(crate) const SOURCES: &str = r#"[{"number":1,"id":"shipping","title":"배송 안내","headings":["지역별 배송비"],"score":0.75,"content":"제주도와 도서 산간 지역은 3,000원이 추가됩니다.","url":"https://demo.example/help/shipping"}]"#;
/// How the answer was routed.
pub(crate) const ROUTING: &str = r#"{"selected":"default","rewritten":null,"keywordOnly":false}"#;
/// The rest that is kept with the answer.
pub(crate) const METADATA: &str = r#"{"grounded":true,"contextTokens":120}"#;
/// SHA-256 of what was asked.
pub(crate) const FINGERPRINT: &str = "a723ae58f281f482513adbe9db9e1f746cb219ce4f80eb7af25faef0aa0bcff2";
/// The model that answered.
pub(crate) const MODEL: &str = "iyagi-extractive-1";

/// The ids of one turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TurnIds {
    pub(crate) session: Uuid,
    pub(crate) turn: Uuid,
    pub(crate) question: Uuid,
    pub(crate) answer: Uuid,
}

/// Keeps turns: each call is one transaction that is on disk when it answers.
#[async_trait]
pub(crate) trait Turns: Send + Sync {
    /// Stores the question and the open turn, and moves the session's counters.
    async fn open(&self, ids: &TurnIds) -> Result<()>;
    /// Stores the answer, closes the turn, and moves the session's counters.
    async fn close(&self, ids: &TurnIds) -> Result<()>;
}
