//! Reads of conversations, always within a store and, when the caller names one, for one user only:
//! what belongs to another is as unknown as what does not exist.

use std::collections::HashMap;

use kernel::{MessageId, PageLimit, SessionId, StoreId, TurnId, UserId};
use session_core::model::{Feedback, Verdict};
use session_core::ports::{ConversationQuery, MessageRange, SearchCursor, SearchHit};

use crate::cursor;
use crate::dto::{MessageBody, MessageList, SearchItem, SearchList};
use crate::error::{ApiError, ErrorCode};
use crate::state::ApiState;

/// Whose conversation is read.
#[derive(Clone)]
pub(crate) struct Scope {
    pub(crate) store: StoreId,
    pub(crate) user: Option<UserId>,
}

/// A page of a session's messages, each with the reader's own feedback.
pub(crate) async fn messages(
    state: &ApiState,
    scope: &Scope,
    session: SessionId,
    range: MessageRange,
    limit: PageLimit,
) -> Result<MessageList, ApiError> {
    state.sessions.get(&scope.store, scope.user.as_ref(), session).await?;
    let page = state.turns.messages(&scope.store, session, range, limit).await?;
    let ids: Vec<MessageId> = page.items.iter().map(|message| message.id).collect();
    let own = own_verdicts(state, &scope.store, scope.user.as_ref(), &ids).await?;
    let body = |message: session_core::model::Message| {
        let verdict = own.get(&message.id).copied();
        MessageBody::of(message, verdict)
    };
    Ok(MessageList {
        items: page.items.into_iter().map(body).collect(),
        next_cursor: page.next.map(|sequence| sequence.to_string()),
    })
}

/// A page of what a search finds, each message with the reader's own feedback.
pub(crate) async fn search(
    state: &ApiState,
    query: &ConversationQuery,
    after: Option<SearchCursor>,
    limit: PageLimit,
) -> Result<SearchList, ApiError> {
    let page = state.search.search(query, after, limit).await?;
    let ids: Vec<MessageId> = page.items.iter().map(|hit| hit.message.id).collect();
    let own = own_verdicts(state, &query.store, query.user.as_ref(), &ids).await?;
    let now = state.clock.now();
    let item = |hit: SearchHit| {
        let verdict = own.get(&hit.message.id).copied();
        SearchItem::of(hit, verdict, now)
    };
    Ok(SearchList {
        items: page.items.into_iter().map(item).collect(),
        next_cursor: page.next.map(cursor::write_search),
    })
}

async fn own_verdicts(
    state: &ApiState,
    store: &StoreId,
    user: Option<&UserId>,
    messages: &[MessageId],
) -> Result<HashMap<MessageId, Verdict>, ApiError> {
    let given = state.feedback.of_messages(store, messages).await?;
    let own = given.into_iter().filter(|feedback| feedback.user.as_ref() == user);
    Ok(own.map(|feedback| (feedback.message, feedback.verdict)).collect())
}

/// Refuses a turn that is not the reader's; answers the session of one that is.
pub(crate) async fn require_turn(state: &ApiState, scope: &Scope, turn: TurnId) -> Result<SessionId, ApiError> {
    let found = state.turns.find_turn(&scope.store, turn).await?;
    let session = found.ok_or(ErrorCode::TurnNotFound)?.session;
    require_session(state, scope, session, ErrorCode::TurnNotFound).await?;
    Ok(session)
}

/// Keeps feedback on a message of the reader's.
pub(crate) async fn give_feedback(state: &ApiState, scope: &Scope, feedback: &Feedback) -> Result<(), ApiError> {
    let message = state.turns.find_message(&scope.store, feedback.message).await?;
    let session = message.ok_or(ErrorCode::MessageNotFound)?.session;
    require_session(state, scope, session, ErrorCode::MessageNotFound).await?;
    let kept = state.feedback.put(&scope.store, feedback).await?;
    if kept { Ok(()) } else { Err(ErrorCode::MessageNotFound.into()) }
}

/// What hangs on a session that is not to be seen is not to be seen either; `missing` names it.
async fn require_session(
    state: &ApiState,
    scope: &Scope,
    session: SessionId,
    missing: ErrorCode,
) -> Result<(), ApiError> {
    let found = state.sessions.get(&scope.store, scope.user.as_ref(), session).await.map_err(ApiError::from);
    match found {
        Ok(_) => Ok(()),
        Err(error) if error.code() == ErrorCode::SessionNotFound => Err(missing.into()),
        Err(error) => Err(error),
    }
}
