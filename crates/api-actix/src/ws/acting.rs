//! What takes a while: a question waits for its session, a turn is looked for, a cancel waits for the end.

use chat_service::{Ask, EventStream};
use futures::future::{FutureExt, LocalBoxFuture};
use kernel::TurnId;

use super::connection::Connection;
use super::message::FromClient;
use crate::dto::CancelledTurn;
use crate::error::{ApiError, ErrorCode};
use crate::reading;
use crate::telling::Telling;

/// What came of it.
pub(super) enum Outcome {
    Answering { telling: Telling, client_message_id: Option<String> },
    Cancelled(CancelledTurn),
    Refused { error: ApiError, client_message_id: Option<String> },
}

impl Connection {
    /// Does what a client wants; nothing for what is answered at once.
    pub(super) fn act(&self, said: FromClient) -> Option<LocalBoxFuture<'static, Outcome>> {
        let connection = self.clone();
        Some(match said {
            FromClient::Ping => return None,
            FromClient::Message { message, client_message_id, business_metadata } => {
                let ask = Ask {
                    store: self.scope.store.clone(),
                    user: self.scope.user.clone(),
                    session: Some(self.session),
                    message,
                    business: business_metadata.unwrap_or_default(),
                    client_message_id: client_message_id.clone(),
                    channel: "websocket".into(),
                };
                async move { answering(connection.ask(ask).await, client_message_id) }.boxed_local()
            }
            FromClient::Resume { turn_id, after } => {
                async move { answering(connection.resume(turn_id, after).await, None) }.boxed_local()
            }
            FromClient::Cancel { turn_id } => async move {
                match connection.cancel(turn_id).await {
                    Ok(turn) => Outcome::Cancelled(turn),
                    Err(error) => Outcome::Refused { error, client_message_id: None },
                }
            }
            .boxed_local(),
        })
    }

    async fn ask(&self, ask: Ask) -> Result<Telling, ApiError> {
        let store = ask.store.clone();
        let asked = self.state.ask(ask).await?;
        Ok(self.telling(asked.turn, self.state.chat.answer(&store, asked).await?))
    }

    async fn resume(&self, turn: TurnId, after: u64) -> Result<Telling, ApiError> {
        self.require_turn(turn).await?;
        Ok(self.telling(turn, self.state.chat.follow(&self.scope.store, turn, after).await?))
    }

    async fn cancel(&self, turn: TurnId) -> Result<CancelledTurn, ApiError> {
        self.require_turn(turn).await?;
        Ok(self.state.chat.cancel(&self.scope.store, turn).await?.into())
    }

    fn telling(&self, turn: TurnId, events: EventStream) -> Telling {
        Telling::new(&self.state, turn, events, self.language, self.request_id.clone())
    }

    /// Refuses a turn that is not of this session.
    async fn require_turn(&self, turn: TurnId) -> Result<(), ApiError> {
        let session = reading::require_turn(&self.state, &self.scope, turn).await?;
        if session == self.session { Ok(()) } else { Err(ErrorCode::TurnNotFound.into()) }
    }
}

fn answering(asked: Result<Telling, ApiError>, client_message_id: Option<String>) -> Outcome {
    match asked {
        Ok(telling) => Outcome::Answering { telling, client_message_id },
        Err(error) => Outcome::Refused { error, client_message_id },
    }
}
