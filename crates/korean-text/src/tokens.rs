use crate::terms::is_syllabic;

/// Estimates how many tokens a language model counts for the text; 0 only for empty text.
///
/// Calibrated to published behaviour of byte-pair vocabularies of about 200,000 entries
/// (`o200k_base`): Korean prose comes to 0.6 to 0.7 tokens a syllable, English to 1.3 a word (four
/// letters a token), digits are grouped by threes, each mark of punctuation is one. The
/// estimate errs high: older vocabularies of 100,000 entries need about 1.1 tokens a syllable,
/// so budgets made for them should be doubled.
pub fn estimate_tokens(text: &str) -> u32 {
    let mut tenths: u32 = 0;
    let (mut letters, mut digits) = (0u32, 0u32);
    let flush = |letters: &mut u32, digits: &mut u32| {
        let run = letters.div_ceil(5) * 10 + digits.div_ceil(3) * 10;
        (*letters, *digits) = (0, 0);
        run
    };
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits = digits.saturating_add(1);
        } else if is_syllabic(c) {
            tenths = tenths.saturating_add(flush(&mut letters, &mut digits)).saturating_add(7);
        } else if c.is_alphabetic() {
            letters = letters.saturating_add(1);
        } else {
            tenths = tenths.saturating_add(flush(&mut letters, &mut digits));
            if !c.is_whitespace() {
                tenths = tenths.saturating_add(10);
            }
        }
    }
    tenths = tenths.saturating_add(flush(&mut letters, &mut digits));
    tenths.div_ceil(10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn estimates_are_near_what_tokenizers_count() {
        assert_eq!(estimate_tokens(""), 0);
        assert_eq!(estimate_tokens("hello world"), 2);
        assert_eq!(estimate_tokens("배송비는 3,000원입니다."), 10);
    }

    proptest! {
        #[test]
        fn longer_text_never_has_fewer_tokens(a in any::<String>(), b in any::<String>()) {
            let both = format!("{a} {b}");
            prop_assert!(estimate_tokens(&both) >= estimate_tokens(&a));
        }
    }
}
