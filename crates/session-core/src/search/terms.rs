use std::collections::BTreeSet;

use kernel::{StoreId, UserId};
use korean_text::{index_terms, is_syllabic, normalize};

/// The most bytes of one message's terms; PostgreSQL takes a megabyte. A longer message is found by its
/// beginning.
const MOST_BYTES: usize = 256 * 1024;

/// The terms a message is found by, each once: those of [`index_terms`], and the last syllable of every
/// run, so that every syllable begins a term and a query of one syllable can be answered.
///
/// No term holds white space or punctuation other than a decimal point between digits.
pub fn message_terms(text: &str) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    let mut bytes = 0;
    for term in index_terms(text).into_iter().chain(last_syllables(text)) {
        let size = term.len();
        if bytes + size <= MOST_BYTES && terms.insert(term) {
            bytes += size;
        }
    }
    terms
}

fn last_syllables(text: &str) -> impl Iterator<Item = String> {
    let syllables: Vec<char> = normalize(text).chars().collect();
    (0..syllables.len()).filter_map(move |at| {
        let ends = is_syllabic(syllables[at]) && !syllables.get(at + 1).copied().is_some_and(is_syllabic);
        ends.then(|| syllables[at].to_string())
    })
}

/// The term that every message of a store has. It begins with a point, as no term of a text does. Two
/// stores may share it, so it narrows a search and does not decide.
pub fn store_term(store: &StoreId) -> String {
    format!(".s{:016x}", hash(store.as_str().bytes()))
}

/// The term that every message of a user's sessions has; as [`store_term`].
pub fn user_term(store: &StoreId, user: &UserId) -> String {
    let name = store.as_str().bytes().chain([0]).chain(user.as_str().bytes());
    format!(".u{:016x}", hash(name))
}

/// FNV-1a: names may be longer than a term, and what is stored must not change with the compiler.
fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_syllable_of_a_message_begins_one_of_its_terms() {
        let terms = message_terms("무쇠솥, 3,000원!");
        assert_eq!(terms.iter().map(String::as_str).collect::<Vec<_>>(), ["3000", "무쇠", "솥", "쇠솥", "원"]);
    }

    #[test]
    fn the_terms_of_a_store_and_of_a_user_are_no_terms_of_a_text_and_stay_the_same() {
        let (store, user) = (StoreId::new("demo").unwrap(), UserId::new("kim 'x' | .s").unwrap());
        assert_eq!(store_term(&store), ".sa5e41b674276d396");
        assert!(user_term(&store, &user).bytes().skip(1).all(|byte| byte.is_ascii_alphanumeric()));
        assert!(message_terms(&store_term(&store)).iter().all(|term| !term.starts_with('.')));
    }

    #[test]
    fn a_message_of_any_length_has_a_bounded_number_of_terms() {
        let endless: String = ('가'..='힣').flat_map(|a| [a, 'ㅋ', a, ' ', '\n']).collect::<String>().repeat(8);
        let bytes: usize = message_terms(&endless).iter().map(String::len).sum();
        assert!(bytes <= MOST_BYTES);
    }
}
