use std::fmt;
use std::time::Duration;

/// How Redis is used.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://`, or `rediss://` for TLS, with user and password where they are needed.
    pub url: String,
    /// What all keys begin with.
    pub prefix: String,
    /// The longest that a request waits for an answer of Redis: then it goes on without, and so do all until Redis
    /// answers again. So they do after two answers in succession that took more than half of it.
    pub patience: Duration,
}

impl RedisOptions {
    /// Whether a URL is one of a Redis server.
    pub fn is_url(url: &str) -> bool {
        redis::Client::open(url).is_ok()
    }

    /// The usual ones: 25 milliseconds of patience.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), prefix: "iyagi:".into(), patience: Duration::from_millis(25) }
    }
}

/// The URL may hold a password.
impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, prefix, patience } = self;
        f.debug_struct("RedisOptions").field("prefix", prefix).field("patience", patience).finish_non_exhaustive()
    }
}

/// Redis cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
#[error("the Redis URL is not understood; redis://[user:password@]host[:port][/number], or rediss:// for TLS")]
pub struct InvalidRedisUrl;
