use std::fmt;

/// A key. It is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a key.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key itself, for the request.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// A text without the key, should it be in there.
    pub(crate) fn strike(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "[key]") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_neither_shown_nor_repeated() {
        let secret = Secret::new("pcsk_123");
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(secret.strike("key pcsk_123 is wrong: pcsk_123"), "key [key] is wrong: [key]");
        assert_eq!(Secret::new("").strike("whole"), "whole");
    }
}
