//! A turn's events in the words of the API, for whatever carries them.

use std::sync::Arc;

use chat_service::{EventStream, NumberedEvent};
use futures::stream::StreamExt;
use kernel::{Clock, TurnId, error_chain};
use session_core::stream::TurnEvent;

use crate::dto::StreamEvent;
use crate::language::Language;
use crate::observe::RequestId;
use crate::state::ApiState;

/// An event to tell.
pub(crate) struct Told {
    /// Its number, to resume after; what is no event of the turn has none.
    pub(crate) number: Option<u64>,
    pub(crate) event: StreamEvent,
}

/// A turn being told to one reader.
pub(crate) struct Telling {
    turn: TurnId,
    events: EventStream,
    language: Language,
    clock: Arc<dyn Clock>,
    request_id: RequestId,
    broken: bool,
}

impl Telling {
    pub(crate) fn new(
        state: &ApiState,
        turn: TurnId,
        events: EventStream,
        language: Language,
        request_id: RequestId,
    ) -> Self {
        Self { turn, events, language, clock: state.clock.clone(), request_id, broken: false }
    }

    /// The turn.
    pub(crate) const fn turn(&self) -> TurnId {
        self.turn
    }

    /// The next event, with what stage 1 says after it. `None` after the last. Dropping this future loses nothing.
    ///
    /// A stream that breaks off ends with [`StreamEvent::Cut`]: the turn goes on, and its reader may come back.
    pub(crate) async fn next(&mut self) -> Option<(Told, Option<StreamEvent>)> {
        if self.broken {
            return None;
        }
        match self.events.next().await? {
            Ok(event) => Some(self.tell(event)),
            Err(error) => {
                self.broken = true;
                tracing::warn!(request_id = self.request_id.0, turn = %self.turn, error = error_chain(&error), "a stream broke off");
                metrics::counter!("streams_cut_total").increment(1);
                Some((Told { number: None, event: StreamEvent::cut(self.turn, self.language) }, None))
            }
        }
    }

    fn tell(&self, NumberedEvent { number, event }: NumberedEvent) -> (Told, Option<StreamEvent>) {
        let now = self.clock.now();
        let logged = match &event {
            TurnEvent::Done(done) => Some(StreamEvent::logged(done, now)),
            _ => None,
        };
        (Told { number: Some(number), event: StreamEvent::of(event, self.language, now) }, logged)
    }
}

#[cfg(test)]
mod tests {
    use chat_service::ChatError;
    use futures::stream;
    use kernel::testing::ManualClock;
    use session_core::ports::StreamLogError;
    use session_core::testing::samples::turn_id;

    use super::*;

    #[tokio::test]
    async fn a_reader_that_falls_behind_is_told_where_to_go_on_and_nothing_more() {
        let token = |number| Ok(NumberedEvent { number, event: TurnEvent::Token { content: "말".into() } });
        let behind = || Err(ChatError::Stream(StreamLogError::Behind { oldest: 70 }));
        let mut telling = Telling {
            turn: turn_id(1),
            events: stream::iter([token(1), behind(), token(70)]).boxed(),
            language: Language::English,
            clock: Arc::new(ManualClock::new()),
            request_id: RequestId("r-1".into()),
            broken: false,
        };
        assert_eq!(telling.next().await.unwrap().0.number, Some(1));
        let (cut, logged) = telling.next().await.unwrap();
        let said = serde_json::to_value(&cut.event).unwrap();
        assert_eq!((cut.number, logged.is_none(), &said["type"]), (None, true, &serde_json::json!("cut")));
        assert_eq!(said["resume"], format!("/api/turns/{}/stream", turn_id(1)));
        assert!(telling.next().await.is_none());
    }
}
