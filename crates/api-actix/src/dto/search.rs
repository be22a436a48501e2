use kernel::{StoreId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use session_core::model::{ResolutionStatus, Verdict};
use session_core::ports::{ConversationQuery, SearchHit};
use session_core::search::SearchText;
use utoipa::ToSchema;

use super::{MessageBody, SessionBody};
use crate::error::{ApiError, ErrorCode, ErrorDetail};
use crate::state::ApiState;

/// What to search for, and where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SearchRequest)]
pub(crate) struct SearchBody {
    /// Words. Spacing and Korean particles do not matter; there are no operators. Messages with more of the
    /// words come first.
    #[schema(min_length = 1, max_length = 200, example = "무료 배송")]
    query: String,
    /// The store; the configured default when left out.
    #[schema(value_type = Option<String>, max_length = 100)]
    store_id: Option<StoreId>,
    /// Only this user's sessions; also whose feedback is shown.
    #[schema(value_type = Option<String>, max_length = 200)]
    user_id: Option<UserId>,
    /// Only answers of this agent.
    agent: Option<String>,
    /// Only sessions with this `inquiryCategory`.
    category: Option<String>,
    /// Only sessions with this `resolutionStatus`.
    #[schema(value_type = Option<String>, example = "해결됨")]
    status: Option<ResolutionStatus>,
    /// Only messages of this moment or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Only messages before this moment.
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// The most items, 20 when left out.
    #[schema(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<usize>,
    /// `nextCursor` of the page before.
    pub(crate) cursor: Option<String>,
}

impl SearchBody {
    pub(crate) fn into_query(self, state: &ApiState) -> Result<ConversationQuery, ApiError> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            let detail = ErrorDetail::of(Some("to"), "not later than from");
            return Err(ApiError::new(ErrorCode::InvalidBody).with_detail(detail));
        }
        Ok(ConversationQuery {
            text: SearchText::parse(&self.query)?,
            store: state.store(self.store_id),
            user: self.user_id,
            agent: self.agent,
            category: self.category,
            status: self.status,
            from: self.from,
            to: self.to,
        })
    }
}

/// One page of hits, the best first, of equals the newest.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchList {
    pub(crate) items: Vec<SearchItem>,
    /// Give it back as `cursor` with the same request to read on; null at the end.
    pub(crate) next_cursor: Option<String>,
}

/// A message that was found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SearchHit)]
pub(crate) struct SearchItem {
    message: MessageBody,
    session: SessionBody,
    /// The part of the message that shows best why it was found: at most 160 characters in one line.
    #[schema(example = "…제주도도 무료배송이 되나요?")]
    snippet: String,
    /// What was searched for in `snippet`: start and end, counted in Unicode code points.
    #[schema(value_type = Vec<Vec<usize>>, example = json!([[6, 10]]))]
    highlights: Vec<(usize, usize)>,
    /// How well it fits: the number of the query's words it has, one more when they stand as in the query,
    /// and less than one for how often and in how short a message. Comparable within one query only.
    score: f64,
}

impl SearchItem {
    pub(crate) fn of(hit: SearchHit, verdict: Option<Verdict>, now: Timestamp) -> Self {
        Self {
            message: MessageBody::of(hit.message, verdict),
            session: SessionBody::of(hit.session, now),
            snippet: hit.snippet.text,
            highlights: hit.snippet.highlights,
            score: hit.score.as_f64(),
        }
    }
}
