/// Words before a full stop that do not end a sentence.
const ABBREVIATIONS: [&str; 16] =
    ["mr", "mrs", "ms", "dr", "st", "no", "vs", "etc", "e.g", "i.e", "inc", "ltd", "co", "corp", "approx", "tel"];

/// Splits text into sentences, trimmed, in order; nothing but white space is lost.
///
/// A sentence ends at a line break, at `!`, `?`, `…` or `。`, and at a full stop followed by white
/// space or the end, unless the stop belongs to a number (`3.5`), a list number (`1. `), an
/// abbreviation or a single capital (`J. Kim`). Closing quotes and brackets stay with their sentence.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let mut end = at + c.len_utf8();
        let ends = match c {
            '\n' | '\r' => true,
            '!' | '?' | '…' | '。' | '！' | '？' => {
                while let Some((i, n)) = chars.next_if(|(_, n)| matches!(n, '!' | '?' | '.' | '…') || is_closer(*n)) {
                    end = i + n.len_utf8();
                }
                chars.peek().is_none_or(|(_, n)| n.is_whitespace() || !n.is_ascii())
            }
            '.' => {
                let stop = at;
                while let Some((i, n)) = chars.next_if(|(_, n)| *n == '.' || is_closer(*n)) {
                    end = i + n.len_utf8();
                }
                chars.peek().is_none_or(|(_, n)| n.is_whitespace()) && !belongs_to_word(&text[start..stop])
            }
            _ => false,
        };
        if ends {
            push_trimmed(&mut found, &text[start..end]);
            start = end;
        }
    }
    push_trimmed(&mut found, &text[start..]);
    found
}

fn push_trimmed<'a>(found: &mut Vec<&'a str>, sentence: &'a str) {
    let sentence = sentence.trim();
    if !sentence.is_empty() {
        found.push(sentence);
    }
}

const fn is_closer(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '”' | '’' | '」' | '』' | '>' | '》')
}

/// Whether a full stop after `before` belongs to its last word rather than ending the sentence.
fn belongs_to_word(before: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or("");
    let alone = word.len() == before.trim_start().len();
    let list_number = alone && word.len() <= 3 && !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let initial = word.len() == 1 && word.bytes().all(|b| b.is_ascii_uppercase());
    list_number || initial || ABBREVIATIONS.contains(&word.trim_start_matches('(').to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn korean_and_english_sentences_are_told_apart() {
        assert_eq!(
            sentences("배송비는 3.5kg까지 3,000원입니다. 더 무거우면요? 문의해 주세요!  Call Mr. Kim. Thanks."),
            ["배송비는 3.5kg까지 3,000원입니다.", "더 무거우면요?", "문의해 주세요!", "Call Mr. Kim.", "Thanks."]
        );
    }

    #[test]
    fn list_numbers_and_addresses_do_not_split() {
        assert_eq!(sentences("1. 상자를 엽니다.\n2. 닫습니다."), ["1. 상자를 엽니다.", "2. 닫습니다."]);
        assert_eq!(sentences("https://a.example/b?c=d 를 보세요."), ["https://a.example/b?c=d 를 보세요."]);
        assert_eq!(sentences("\"됩니다.\" 라고 했다."), ["\"됩니다.\"", "라고 했다."]);
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_is_lost(text in any::<String>()) {
            let joined: String = sentences(&text).concat().split_whitespace().collect();
            let whole: String = text.split_whitespace().collect();
            prop_assert_eq!(joined, whole);
        }
    }
}
