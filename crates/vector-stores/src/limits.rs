use std::time::Duration;

/// How long a vector store is waited for, and how often it is asked again.
///
/// Only what may pass by itself is asked again: no connection, no answer in time, 408, 429 and most of 5xx. Every call
/// of a vector store can be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// The longest that making a connection may take.
    pub connect: Duration,
    /// The longest that one request may take, its connection and the reading of the answer included.
    pub attempt: Duration,
    /// The longest that one request may take with all its repetitions and the pauses between them.
    pub total: Duration,
    /// How often a request is sent at most; at least 1.
    pub attempts: usize,
    /// The pause before the second attempt; it doubles each time, and up to as much again is added at random.
    pub first_pause: Duration,
    /// The longest pause. A server that asks for more by `Retry-After` is not asked again: the caller is told.
    pub longest_pause: Duration,
}

impl Default for HttpLimits {
    /// 3 seconds to connect, 15 for an attempt, 40 in all; 4 attempts, pauses from 200 milliseconds to 10 seconds.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            attempt: Duration::from_secs(15),
            total: Duration::from_secs(40),
            attempts: 4,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(10),
        }
    }
}
