//! Reading a stream of events.

use reqwest::Response;
use serde_json::Value;

/// One event: its number and its data.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: u64,
    pub(crate) data: Value,
}

impl Event {
    pub(crate) fn kind(&self) -> &str {
        self.data["type"].as_str().unwrap()
    }
}

/// A response whose events are read one by one. Dropping it hangs up.
pub(crate) struct EventReader {
    response: Response,
    buffer: Vec<u8>,
}

impl EventReader {
    pub(crate) fn new(response: Response) -> Self {
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(response.status(), 200);
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Self { response, buffer: Vec::new() }
    }

    /// The next event, or `None` at the end of the stream or when the connection broke.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        self.next_frame().await.map(|frame| event_of(&frame))
    }

    /// The next event as it came, to the byte; comments are passed over.
    pub(crate) async fn next_frame(&mut self) -> Option<String> {
        loop {
            while let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let frame = String::from_utf8(self.buffer.drain(..end + 2).collect()).unwrap();
                if !is_comment(&frame) {
                    return Some(frame);
                }
            }
            self.buffer.extend_from_slice(&self.response.chunk().await.ok().flatten()?);
        }
    }

    /// All that is left.
    pub(crate) async fn rest(self) -> Vec<Event> {
        self.frames().await.iter().map(|frame| event_of(frame)).collect()
    }

    /// All that is left, as it comes.
    pub(crate) async fn frames(mut self) -> Vec<String> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next_frame().await {
            frames.push(frame);
        }
        assert!(self.buffer.is_empty(), "the stream ended inside an event");
        frames
    }

    /// Reads up to and with the first event of a kind.
    pub(crate) async fn until(&mut self, kind: &str) -> Event {
        while let Some(event) = self.next().await {
            if event.kind() == kind {
                return event;
            }
            assert_ne!(event.kind(), "error", "{event:?}");
        }
        panic!("the stream ended before `{kind}`");
    }
}

fn is_comment(frame: &str) -> bool {
    frame.lines().all(|line| line.is_empty() || line.starts_with(':'))
}

/// An event out of its frame.
pub(crate) fn event_of(frame: &str) -> Event {
    let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let (Some(id), Some(data)) = (field("id"), field("data")) else { panic!("neither event nor comment: {frame}") };
    Event { id: id.parse().unwrap(), data: serde_json::from_str(data).unwrap() }
}

/// The data of the events of a kind.
pub(crate) fn data_of<'a>(events: &'a [Event], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event.kind() == kind).map(|event| &event.data).collect()
}

/// The data of the one event of a kind.
pub(crate) fn only<'a>(events: &'a [Event], kind: &str) -> &'a Value {
    let found = data_of(events, kind);
    assert_eq!(found.len(), 1, "events of kind `{kind}`: {events:?}");
    found[0]
}

/// The answer, put together from its pieces.
pub(crate) fn answer_of(events: &[Event]) -> String {
    data_of(events, "token").iter().map(|token| token["content"].as_str().unwrap()).collect()
}
