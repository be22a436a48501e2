use kernel::{StoreId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a store remembers of a user beyond any one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserContext {
    /// The store.
    pub store: StoreId,
    /// The user, as that store knows them.
    pub user: UserId,
    /// What the user likes and how they want to be served, in the shop's own names. At most
    /// [`Self::MAX_PREFERENCES_BYTES`].
    pub preferences: Map<String, Value>,
    /// What earlier conversations were about. At most [`Self::MAX_SUMMARY_CHARS`].
    pub summary: Option<String>,
    /// How often it was written since it began; 0 when nothing is kept.
    pub revision: u64,
    /// When it was first written; `None` when nothing is kept.
    pub created_at: Option<Timestamp>,
    /// When it was last written; `None` when nothing is kept.
    pub updated_at: Option<Timestamp>,
}

/// A user context to keep, in place of the whole of what was kept before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserContextChange {
    /// The store.
    pub store: StoreId,
    /// The user.
    pub user: UserId,
    /// The preferences.
    pub preferences: Map<String, Value>,
    /// The summary.
    pub summary: Option<String>,
    /// The revision that it was made from, 0 for nothing kept. Whatever there is is replaced when left out.
    pub expected_revision: Option<u64>,
}

/// A user context that breaks a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUserContext {
    /// Too much of them.
    #[error("preferences have at most {max} bytes as JSON")]
    PreferencesTooLarge {
        /// The most, in bytes.
        max: usize,
    },
    /// A name or text of them has a control character.
    #[error("preferences have no control characters but line feed and tab")]
    PreferencesCharacters,
    /// Too long.
    #[error("a summary has at most {max} characters")]
    SummaryTooLong {
        /// The most, in characters.
        max: usize,
    },
    /// It has a control character.
    #[error("a summary has no control characters but line feed and tab")]
    SummaryCharacters,
}

impl UserContext {
    /// The most preferences, in bytes of JSON without white space.
    pub const MAX_PREFERENCES_BYTES: usize = 16 * 1024;
    /// The longest summary, in characters.
    pub const MAX_SUMMARY_CHARS: usize = 4_000;

    /// The context of a user of whom nothing is kept.
    pub fn empty(store: StoreId, user: UserId) -> Self {
        let preferences = Map::new();
        Self { store, user, preferences, summary: None, revision: 0, created_at: None, updated_at: None }
    }
}

impl UserContextChange {
    /// Checks the limits of [`UserContext`], and that no text has a control character but line feed and tab.
    ///
    /// # Errors
    /// The first limit that is broken.
    pub fn validate(&self) -> Result<(), InvalidUserContext> {
        let max = UserContext::MAX_PREFERENCES_BYTES;
        if json_bytes(&self.preferences) > max {
            return Err(InvalidUserContext::PreferencesTooLarge { max });
        }
        if !is_clean_object(&self.preferences) {
            return Err(InvalidUserContext::PreferencesCharacters);
        }
        let summary = self.summary.as_deref().unwrap_or_default();
        let max = UserContext::MAX_SUMMARY_CHARS;
        if summary.chars().count() > max {
            return Err(InvalidUserContext::SummaryTooLong { max });
        }
        if is_clean(summary) { Ok(()) } else { Err(InvalidUserContext::SummaryCharacters) }
    }

    /// What is kept once this is written at a moment over what was kept before; `None` when it was made from
    /// another revision.
    pub fn over(&self, stored: Option<&UserContext>, at: Timestamp) -> Option<UserContext> {
        let before = stored.map_or(0, |stored| stored.revision);
        if self.expected_revision.is_some_and(|expected| expected != before) {
            return None;
        }
        Some(UserContext {
            store: self.store.clone(),
            user: self.user.clone(),
            preferences: self.preferences.clone(),
            summary: self.summary.clone(),
            revision: before + 1,
            created_at: stored.and_then(|stored| stored.created_at).or(Some(at)),
            updated_at: Some(at),
        })
    }
}

impl InvalidUserContext {
    /// The field that breaks it.
    pub const fn field(self) -> &'static str {
        match self {
            Self::PreferencesTooLarge { .. } | Self::PreferencesCharacters => "preferences",
            Self::SummaryTooLong { .. } | Self::SummaryCharacters => "summary",
        }
    }
}

/// An object always has a JSON form; one that had none could not be kept either.
fn json_bytes(object: &Map<String, Value>) -> usize {
    serde_json::to_vec(object).map_or(usize::MAX, |json| json.len())
}

fn is_clean(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}

fn is_clean_object(object: &Map<String, Value>) -> bool {
    object.iter().all(|(name, value)| is_clean(name) && is_clean_value(value))
}

fn is_clean_value(value: &Value) -> bool {
    match value {
        Value::String(text) => is_clean(text),
        Value::Array(items) => items.iter().all(is_clean_value),
        Value::Object(object) => is_clean_object(object),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::samples::{at, preferences, user_context_change};

    fn with_preferences(value: &Value) -> UserContextChange {
        UserContextChange { preferences: preferences(value), ..user_context_change("kim") }
    }

    fn with_summary(summary: impl Into<String>) -> UserContextChange {
        UserContextChange { summary: Some(summary.into()), ..user_context_change("kim") }
    }

    #[test]
    fn preferences_are_counted_in_bytes_of_json_up_to_the_limit() {
        // `{"가":""}` has ten bytes.
        let of = |bytes: usize| with_preferences(&json!({"가": "x".repeat(bytes - 10)}));
        let max = UserContext::MAX_PREFERENCES_BYTES;
        assert_eq!(json_bytes(&of(max).preferences), max);
        assert_eq!(of(max).validate(), Ok(()));
        assert_eq!(of(max + 1).validate(), Err(InvalidUserContext::PreferencesTooLarge { max }));
    }

    #[test]
    fn a_summary_is_counted_in_characters_up_to_the_limit() {
        assert_eq!(with_summary("가".repeat(4_000)).validate(), Ok(()));
        let long = with_summary("a".repeat(4_001)).validate();
        assert_eq!(long, Err(InvalidUserContext::SummaryTooLong { max: 4_000 }));
    }

    #[test]
    fn control_characters_are_refused_wherever_they_stand_but_for_line_feed_and_tab() {
        for bad in ["\0", "\r", "\u{7f}", "\u{85}", "\u{1b}[2J"] {
            for value in [json!({bad: 1}), json!({"a": bad}), json!({"a": [{"b": bad}]}), json!({"a": {bad: null}})] {
                let refused = with_preferences(&value).validate().unwrap_err();
                assert_eq!((refused, refused.field()), (InvalidUserContext::PreferencesCharacters, "preferences"));
            }
            let refused = with_summary(format!("a{bad}")).validate().unwrap_err();
            assert_eq!((refused, refused.field()), (InvalidUserContext::SummaryCharacters, "summary"));
        }
        assert_eq!(with_preferences(&json!({"a": "한 줄\n\t두 줄 😀"})).validate(), Ok(()));
        assert_eq!(with_summary("한 줄\n\t두 줄 😀").validate(), Ok(()));
    }

    #[test]
    fn writing_replaces_the_whole_and_keeps_when_it_began() {
        let first = user_context_change("kim").over(None, at(1)).unwrap();
        let bare = UserContextChange { preferences: Map::new(), summary: None, ..user_context_change("kim") };
        let second = bare.over(Some(&first), at(2)).unwrap();
        assert_eq!((first.revision, second.revision), (1, 2));
        assert_eq!((second.created_at, second.updated_at), (Some(at(1)), Some(at(2))));
        assert_eq!((second.preferences, second.summary), (Map::new(), None));
    }

    #[test]
    fn what_was_made_from_another_revision_is_stale() {
        let expecting =
            |revision| UserContextChange { expected_revision: Some(revision), ..user_context_change("kim") };
        let first = expecting(0).over(None, at(1)).unwrap();
        assert!(expecting(1).over(None, at(2)).is_none());
        assert!(expecting(0).over(Some(&first), at(2)).is_none());
        assert!(expecting(1).over(Some(&first), at(2)).is_some());
    }
}
