use unicode_normalization::UnicodeNormalization;

/// One spelling for what looks the same: NFKC (full-width forms, `㎏`, decomposed Hangul), lower case.
///
/// Lone jamo (`ㅋㅋ`, `ㅠㅠ`) stay as they are: NFKC would turn them into conjoining jamo, which
/// then melt into syllables nobody wrote. Normalising twice changes nothing.
pub fn normalize(text: &str) -> String {
    // Whole syllables and ASCII are normal already: nearly all Korean text, spared the tables.
    if text.chars().all(|c| c.is_ascii() || matches!(c, '가'..='힣')) {
        return text.to_ascii_lowercase();
    }
    let once = pass(text);
    let twice = pass(&once);
    // A handful of letters (`ϓ`, `İ`) change once more when folded after composing.
    if twice == once { once } else { pass(&twice) }
}

fn pass(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_lone_jamo) {
        push_folded(&mut out, &rest[..at]);
        let tail = &rest[at..];
        let end = tail.find(|c| !is_lone_jamo(c)).unwrap_or(tail.len());
        out.push_str(&tail[..end]);
        rest = &tail[end..];
    }
    push_folded(&mut out, rest);
    out
}

fn push_folded(out: &mut String, text: &str) {
    out.extend(text.nfkc().flat_map(char::to_lowercase).nfkc());
}

const fn is_lone_jamo(c: char) -> bool {
    matches!(c, '\u{3131}'..='\u{318E}')
}

/// Normalised text without white space: what spacing-tolerant comparison looks at.
pub fn squash(text: &str) -> String {
    let mut text = normalize(text);
    text.retain(|c| !c.is_whitespace());
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decomposed_and_full_width_text_reads_like_the_usual_spelling() {
        assert_eq!(normalize("배송 ABC１２㎏"), "배송 abc12kg");
        assert_eq!(normalize("ㅋㅠㅠ 네"), "ㅋㅠㅠ 네");
        assert_eq!(squash(" 무료 배송\n"), "무료배송");
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in any::<String>()) {
            let once = normalize(&text);
            prop_assert_eq!(normalize(&once), once);
        }
    }
}
