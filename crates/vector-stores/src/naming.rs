//! What rooms are called in a vector store: valid in each of them, and never two kinds by one name.

use std::fmt;

use kernel::StoreId;
use rag_pipeline::model::EmbeddingSpec;
use sha2::{Digest, Sha256};

/// Digits of the hash of a kind: 64 bits, where there are a handful of kinds.
const KIND_DIGITS: usize = 16;
/// Digits of the hash of a store's name: 128 bits, for any number of stores.
const STORE_DIGITS: usize = 32;

/// What the names of all rooms begin with, so that several installations can share a vector store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

/// A prefix that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a prefix has 1 to 32 letters a to z, digits or '-' and begins with a letter or digit, not \"{0}\"")]
pub struct InvalidPrefix(String);

impl Prefix {
    /// Checks and wraps a prefix: 1 to 32 of `a` to `z`, digits and `-`, the first no `-`.
    ///
    /// # Errors
    /// [`InvalidPrefix`] with what was given, shortened.
    pub fn new(prefix: impl Into<String>) -> Result<Self, InvalidPrefix> {
        let prefix = prefix.into();
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=32).contains(&prefix.len()) && prefix.chars().all(known) && !prefix.starts_with('-') {
            Ok(Self(prefix))
        } else {
            Err(InvalidPrefix(prefix.chars().take(40).collect()))
        }
    }

    /// The name of a kind's room: the prefix and a hash of the embedder and its dimension.
    pub(crate) fn room(&self, spec: &EmbeddingSpec) -> String {
        format!("{self}-{}", digest(&format!("{}\0{}", spec.embedder, spec.dimension), KIND_DIGITS))
    }

    /// The name of a store's room within a kind. A plain store name is in it as it is, another as a hash: `~` is in no
    /// plain name, so the two never meet.
    pub(crate) fn store_room(&self, spec: &EmbeddingSpec, store: &StoreId) -> String {
        let name = store.as_str();
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let store = if plain { name.to_owned() } else { format!("~{}", digest(name, STORE_DIGITS)) };
        format!("{}-{store}", self.room(spec))
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self("iyagi".to_owned())
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first digits of a SHA-256, in hexadecimal.
fn digest(text: &str, digits: usize) -> String {
    let bytes = Sha256::digest(text.as_bytes());
    let mut hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.truncate(digits);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(embedder: &str, dimension: u32) -> EmbeddingSpec {
        EmbeddingSpec { embedder: embedder.into(), dimension }
    }

    #[test]
    fn each_kind_has_a_name_of_its_own_that_is_the_same_tomorrow() {
        let prefix = Prefix::default();
        let room = prefix.room(&spec("e5", 8));
        assert_eq!(room, "iyagi-1d3e91a29ab6e01b");
        let others = [spec("e5", 9), spec("e6", 8), spec("e5\08", 8)].map(|spec| prefix.room(&spec));
        assert!(!others.contains(&room));
        assert_ne!(Prefix::new("shop").unwrap().room(&spec("e5", 8)), room);
    }

    #[test]
    fn names_are_valid_in_every_vector_store_whatever_the_shop_is_called() {
        let prefix = Prefix::new("a".repeat(32)).unwrap();
        for store in ["plain-Name_1", "우리 가게", "a/b?c\"d", &"가".repeat(100), &"z".repeat(100)] {
            let room = prefix.store_room(&spec("다국어 임베더", 1536), &StoreId::new(store).unwrap());
            // Chroma takes 3 to 512 of [a-zA-Z0-9._-], Qdrant 255, Pinecone 512 ASCII characters.
            assert!((3..=255).contains(&room.len()), "{room}");
            assert!(room.chars().all(|c| c.is_ascii_alphanumeric() || "-_~".contains(c)), "{room}");
        }
    }

    #[test]
    fn a_hashed_store_never_meets_one_that_is_called_like_its_hash() {
        let (prefix, spec) = (Prefix::default(), spec("e5", 8));
        let hashed = prefix.store_room(&spec, &StoreId::new("우리 가게").unwrap());
        let alike = hashed.strip_prefix(&format!("{}-", prefix.room(&spec))).unwrap();
        assert_ne!(prefix.store_room(&spec, &StoreId::new(alike).unwrap()), hashed);
    }

    #[test]
    fn a_prefix_is_checked() {
        for bad in ["", "-a", "A", "a_b", "가", "a b", &"a".repeat(33)] {
            assert!(Prefix::new(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Prefix::new("shop-2").unwrap().to_string(), "shop-2");
    }
}
