//! Stores and collections as tokens of a full-text index.

use std::fmt::Write;

use kernel::StoreId;
use rag_pipeline::model::Collection;

/// Letters and digits only, whatever the name holds: no token can be split or taken for query syntax.
fn hex(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len() * 2), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The token of a store.
pub fn store_token(store: &StoreId) -> String {
    format!("s{}", hex(store.as_str()))
}

/// The token of a collection within its store.
pub fn collection_token(store: &StoreId, collection: &Collection) -> String {
    format!("c{}x{}", hex(store.as_str()), hex(collection.as_str()))
}

/// The tokens of a chunk of this store and collection.
pub fn tokens(store: &StoreId, collection: &Collection) -> String {
    format!("{} {}", store_token(store), collection_token(store, collection))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_quotes_and_operators_become_plain_tokens() {
        let store = StoreId::new("a\" OR scope:*").unwrap();
        let tokens = tokens(&store, &Collection::new("도움-말").unwrap());
        assert!(tokens.chars().all(|c| c.is_ascii_alphanumeric() || c == ' '), "{tokens}");
    }

    #[test]
    fn a_store_and_a_collection_cannot_be_confused() {
        let (ab, a) = (StoreId::new("ab").unwrap(), StoreId::new("a").unwrap());
        let (c, bc) = (Collection::new("c").unwrap(), Collection::new("bc").unwrap());
        assert_ne!(collection_token(&ab, &c), collection_token(&a, &bc));
    }
}
