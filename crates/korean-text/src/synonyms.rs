//! Words that customers and shops use for the same thing.
//!
//! The vocabulary is that of Korean online shops in general. A member that begins with `~` is the
//! unchanging beginning of a verb; the others are nouns.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::lexicon::is_exact_topic;

/// A group of words on each line: every member stands for every other.
const GROUPS: &str = include_str!("data/synonyms.txt");
/// Narrower words, `>`, and the wider ones a shop's text would use for them.
const WIDER: &str = include_str!("data/wider.txt");

/// The lines of a data file, without its comments.
fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The groups, indexed once: asking is what every query does several hundred times.
struct Index {
    /// The groups' members, verbs without their mark.
    groups: Vec<Vec<&'static str>>,
    /// Nouns and the groups they are in.
    nouns: HashMap<&'static str, Vec<usize>>,
    /// Verbs' beginnings and the groups they are in.
    verbs: Vec<(&'static str, usize)>,
    /// Narrower words and their wider ones.
    wider: HashMap<&'static str, Vec<&'static str>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index { groups: Vec::new(), nouns: HashMap::new(), verbs: Vec::new(), wider: HashMap::new() };
    for (at, group) in lines(GROUPS).enumerate() {
        for member in group.split_whitespace() {
            match member.strip_prefix('~') {
                Some(verb) => index.verbs.push((verb, at)),
                None => index.nouns.entry(member).or_default().push(at),
            }
        }
        index.groups.push(group.split_whitespace().map(|m| m.trim_start_matches('~')).collect());
    }
    for (narrow, wide) in lines(WIDER).filter_map(|line| line.split_once('>')) {
        for word in narrow.split_whitespace() {
            index.wider.entry(word).or_default().extend(wide.split_whitespace());
        }
    }
    index
});

/// Other words for `word` (a stem or a word as written); empty when none is known.
/// Verbs are given by their unchanging beginning. A word that names one thing exactly has only such words
/// beside it: a `타프` is no other tent.
pub fn synonyms(word: &str) -> Vec<&'static str> {
    let index = &*INDEX;
    let as_noun = index.nouns.get(word).into_iter().flatten().copied();
    let as_verb = index.verbs.iter().filter(|(verb, _)| word.starts_with(verb)).map(|(_, at)| *at);
    let members = as_noun.chain(as_verb).flat_map(|at| index.groups[at].iter().copied());
    let mut found: Vec<&'static str> = members.chain(index.wider.get(word).into_iter().flatten().copied()).collect();
    let exact = is_exact_topic(word);
    found.retain(|other| *other != word && !word.contains(other) && (!exact || is_exact_topic(other)));
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether a noun of exactly this spelling is known.
pub(crate) fn is_member(word: &str) -> bool {
    INDEX.nouns.contains_key(word) || INDEX.wider.contains_key(word)
}

/// Whether the word is a form of a known verb and no noun.
pub(crate) fn is_verb(word: &str) -> bool {
    !is_member(word) && INDEX.verbs.iter().any(|(verb, _)| word.starts_with(verb) && word != *verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyday_words_lead_to_the_shops_words() {
        assert!(synonyms("택배비").contains(&"배송비"));
        assert!(synonyms("돌려보낼").contains(&"반품"));
        assert!(synonyms("강아지").contains(&"반려동물") && !synonyms("반려동물").contains(&"강아지"));
        assert!(synonyms("쀍").is_empty());
    }

    #[test]
    fn every_line_of_narrower_words_names_wider_ones() {
        for line in lines(WIDER) {
            let (narrow, wide) = line.split_once('>').unwrap();
            assert!(!narrow.trim().is_empty() && !wide.trim().is_empty() && !line.contains('~'), "{line}");
        }
    }

    #[test]
    fn no_group_repeats_a_member() {
        for group in lines(GROUPS) {
            let mut members: Vec<&str> = group.split_whitespace().collect();
            members.sort_unstable();
            let before = members.len();
            members.dedup();
            assert_eq!(before, members.len(), "{group}");
        }
    }
}
