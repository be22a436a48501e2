//! Typed identifiers: a session's id can never be passed where a message's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Not a UUID.
    #[error("\"{0}\" is not a UUID")]
    NotUuid(String),
    /// A store or user id that is empty, too long or has control characters.
    #[error("an id must have 1 to {max} characters and no control characters")]
    NotName {
        /// The longest that is accepted, in characters.
        max: usize,
    },
}

/// Makes new identifiers.
pub trait IdSource: Send + Sync {
    /// A fresh UUID. Production ids are UUIDv7: they sort by time of making.
    fn uuid(&self) -> Uuid;
}

/// Time-ordered random ids: the one place that makes them.
#[derive(Debug, Clone, Copy, Default)]
pub struct UuidV7Source;

impl IdSource for UuidV7Source {
    #[allow(clippy::disallowed_methods)] // the adapter behind the port
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id from the injected source.
            pub fn generate(source: &dyn IdSource) -> Self {
                Self(source.uuid())
            }
            /// Wraps a UUID that is already known.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }
            /// The bare UUID, for storage.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId::NotUuid(text.chars().take(64).collect()))
            }
        }
    };
}

uuid_id!(
    /// A conversation.
    SessionId
);
uuid_id!(
    /// One message of a session.
    MessageId
);
uuid_id!(
    /// One question and its answer.
    TurnId
);
uuid_id!(
    /// A link that shares a session. Not its token, which is secret.
    ShareId
);
uuid_id!(
    /// A piece of a document.
    ChunkId
);
uuid_id!(
    /// A background task.
    TaskId
);

macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The longest accepted id, in characters.
            pub const MAX_CHARS: usize = $max;

            /// Checks and wraps a name.
            ///
            /// # Errors
            /// [`InvalidId::NotName`] when it is empty (or only white space), longer than
            /// [`Self::MAX_CHARS`], or has a control character (NUL among them).
            pub fn new(name: impl Into<String>) -> Result<Self, InvalidId> {
                let name = name.into();
                let fits = !name.trim().is_empty() && name.chars().count() <= $max;
                if fits && !name.chars().any(char::is_control) {
                    Ok(Self(name))
                } else {
                    Err(InvalidId::NotName { max: $max })
                }
            }
            /// The name itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

name_id!(
    /// A shop: the unit of billing, statistics and isolation.
    StoreId,
    100
);
name_id!(
    /// A customer or agent within a store: the unit of privacy.
    UserId,
    200
);
name_id!(
    /// A document within a store, chosen by the shop (a slug) or made by the server.
    DocumentId,
    200
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_uuid_names_itself_but_is_cut_short() {
        let long = "x".repeat(500);
        let Err(InvalidId::NotUuid(text)) = long.parse::<SessionId>() else { panic!("accepted") };
        assert_eq!(text.len(), 64);
    }

    #[test]
    fn names_refuse_blank_control_and_over_long_text() {
        for bad in ["", "  ", "a\0b", "a\nb", &"가".repeat(101)] {
            assert_eq!(StoreId::new(bad), Err(InvalidId::NotName { max: 100 }), "{bad:?}");
        }
        assert_eq!(StoreId::new("가".repeat(100)).unwrap().as_str().chars().count(), 100);
    }
}
