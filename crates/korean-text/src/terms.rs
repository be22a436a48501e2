use crate::normalize::normalize;

/// The longest term of a script with spaces, in characters: longer runs are not words.
const MAX_WORD_CHARS: usize = 64;

/// Whether the character belongs to a script that is searched by pairs of characters:
/// Hangul syllables, Han and kana.
pub const fn is_syllabic(c: char) -> bool {
    matches!(c, '\u{AC00}'..='\u{D7A3}' | '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}')
}

/// The overlapping pairs of a word's characters; a single character is itself.
pub fn bigrams(word: &str) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    if chars.len() < 2 {
        return chars.first().map(char::to_string).into_iter().collect();
    }
    chars.windows(2).map(|pair| pair.iter().collect()).collect()
}

/// The terms a text is indexed by, in order, with repetitions.
///
/// - Hangul (and Han, kana) runs: overlapping pairs; a run of one character is kept as itself.
///   Pairs also span a single space, so that text written `무료 배송` is found by `무료배송`;
///   the other direction needs no help.
/// - Other scripts: words, cut at 64 characters. A word that begins with a letter keeps its digits (`b2b`).
/// - Numbers whole, thousands separators dropped: `3,000원` is `3000`, `원`; `3.5kg` is `3.5`, `kg`.
///
/// No term holds white space or punctuation other than a decimal point.
pub fn index_terms(text: &str) -> Vec<String> {
    let text = normalize(text);
    let mut scan = Scan { chars: text.chars().collect(), at: 0, terms: Vec::new(), before: None };
    while let Some(c) = scan.peek(0) {
        if is_syllabic(c) {
            scan.syllables();
        } else if c.is_ascii_digit() {
            scan.number();
        } else if c.is_alphanumeric() {
            scan.word();
        } else {
            scan.separator(c);
        }
    }
    scan.terms
}

struct Scan {
    chars: Vec<char>,
    at: usize,
    terms: Vec<String>,
    /// The last syllable of a run that ended at the last space.
    before: Option<char>,
}

impl Scan {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &[char] {
        let start = self.at;
        while self.peek(0).is_some_and(&keep) {
            self.at += 1;
        }
        &self.chars[start..self.at]
    }

    fn syllables(&mut self) {
        let run = self.take_while(is_syllabic).to_vec();
        if let (Some(before), Some(first)) = (self.before, run.first()) {
            self.terms.push([before, *first].iter().collect());
        }
        if let [only] = run[..] {
            self.terms.push(only.to_string());
        }
        self.terms.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
        self.before = run.last().copied();
    }

    fn number(&mut self) {
        let mut number = String::new();
        loop {
            number.extend(self.take_while(|c| c.is_ascii_digit()));
            let grouped = self.peek(0) == Some(',')
                && (1..=3).all(|n| self.peek(n).is_some_and(|c| c.is_ascii_digit()))
                && !self.peek(4).is_some_and(|c| c.is_ascii_digit());
            let decimal =
                self.peek(0) == Some('.') && self.peek(1).is_some_and(|c| c.is_ascii_digit()) && !number.contains('.');
            if decimal {
                number.push('.');
            } else if !grouped {
                break;
            }
            self.at += 1;
        }
        number.truncate(MAX_WORD_CHARS);
        self.terms.push(number);
        self.before = None;
    }

    fn word(&mut self) {
        let word: String =
            self.take_while(|c| c.is_alphanumeric() && !is_syllabic(c)).iter().take(MAX_WORD_CHARS).collect();
        self.terms.push(word);
        self.before = None;
    }

    fn separator(&mut self, c: char) {
        if !(c == ' ' || c == '\u{a0}') || self.chars.get(self.at.wrapping_sub(1)).is_some_and(|p| p.is_whitespace()) {
            self.before = None;
        }
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hangul_becomes_pairs_and_a_space_is_bridged() {
        assert_eq!(index_terms("무료 배송은"), ["무료", "료배", "배송", "송은"]);
        assert_eq!(index_terms("무료. 배송"), ["무료", "배송"]);
        assert_eq!(index_terms("이 솥"), ["이", "이솥", "솥"]);
    }

    #[test]
    fn numbers_are_whole_and_lose_their_separators() {
        assert_eq!(index_terms("3,000원"), ["3000", "원"]);
        assert_eq!(index_terms("1,234,567.5kg"), ["1234567.5", "kg"]);
        assert_eq!(index_terms("2,3번 1.2.3"), ["2", "3", "번", "1.2", "3"]);
        assert_eq!(index_terms("070-0000-4170"), ["070", "0000", "4170"]);
    }

    #[test]
    fn other_scripts_become_lower_case_words() {
        assert_eq!(index_terms("B2B Café, ＵＲＬ"), ["b2b", "café", "url"]);
        assert_eq!(index_terms("  \n "), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn terms_never_hold_space_or_query_syntax(text in any::<String>()) {
            for term in index_terms(&text) {
                prop_assert!(!term.is_empty() && term.chars().all(|c| c.is_alphanumeric() || c == '.'));
            }
        }

        #[test]
        fn spaced_text_holds_every_term_of_the_text_without_spaces(a in "[가-힣]{2,5}", b in "[가-힣]{2,5}") {
            let spaced = index_terms(&format!("{a} {b}"));
            for term in index_terms(&format!("{a}{b}")) {
                prop_assert!(spaced.contains(&term));
            }
        }
    }
}
