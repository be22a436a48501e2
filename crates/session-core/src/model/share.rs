use std::fmt;

use kernel::{SessionId, ShareId, StoreId, Timestamp};
use sha2::{Digest, Sha256};

/// What opens a shared session: whoever has it may read. It is shown once and never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ShareToken(String);

/// SHA-256 (hex) of a token: what is stored of it. The token has 256 random bits, so that a hash without
/// salt or cost cannot be turned back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenHash(String);

/// A link that shares a session with whoever has its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareLink {
    /// Its id, for the storage.
    pub id: ShareId,
    /// The store.
    pub store: StoreId,
    /// The session it shows.
    pub session: SessionId,
    /// What its token is recognised by.
    pub token_hash: TokenHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops to work.
    pub expires_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// That a shared session was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareAccess {
    /// When.
    pub at: Timestamp,
    /// The id of the request, under which the log has it too.
    pub request_id: String,
}

impl ShareToken {
    /// The token that is a secret, as 64 hexadecimal digits.
    pub fn of(secret: [u8; 32]) -> Self {
        Self(hex(&secret))
    }

    /// Reads a token; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let is_token = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_token.then(|| Self(text.to_owned()))
    }

    /// The token itself. For the one reply that tells it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash(hex(&Sha256::digest(&self.0)))
    }
}

/// The token is a secret: it is never shown.
impl fmt::Debug for ShareToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShareToken(…)")
    }
}

impl TokenHash {
    /// A hash that was stored.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The hash as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ShareLink {
    /// Whether it works at a moment: neither taken back nor past its time.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_never_shown_by_accident() {
        let token = ShareToken::of([0xab; 32]);
        assert_eq!(ShareToken::parse(token.expose()), Some(token.clone()));
        assert_eq!(token.expose().len(), 64);
        assert!(!format!("{token:?}").contains("ab"));
        assert!(!token.hash().as_str().contains("abab"));
    }

    #[test]
    fn what_no_token_looks_like_is_none() {
        for bad in ["", "x", &"A".repeat(64), &"g".repeat(64), &"a".repeat(63), &"a".repeat(65), &"가".repeat(64)] {
            assert_eq!(ShareToken::parse(bad), None, "{bad}");
        }
    }
}
