//! Syllables taken apart and put together (Unicode chapter 3.12), for tolerance of typing errors.

pub(crate) const VOWELS: u32 = 21;
pub(crate) const FINALS: u32 = 28;
const FIRST: u32 = 0xAC00;

const INITIAL_JAMO: [char; 19] =
    ['ㄱ', 'ㄲ', 'ㄴ', 'ㄷ', 'ㄸ', 'ㄹ', 'ㅁ', 'ㅂ', 'ㅃ', 'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅉ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ'];
const VOWEL_JAMO: [char; 21] = [
    'ㅏ', 'ㅐ', 'ㅑ', 'ㅒ', 'ㅓ', 'ㅔ', 'ㅕ', 'ㅖ', 'ㅗ', 'ㅘ', 'ㅙ', 'ㅚ', 'ㅛ', 'ㅜ', 'ㅝ', 'ㅞ', 'ㅟ', 'ㅠ', 'ㅡ',
    'ㅢ', 'ㅣ',
];
const FINAL_JAMO: [char; 28] = [
    '\0', 'ㄱ', 'ㄲ', 'ㄳ', 'ㄴ', 'ㄵ', 'ㄶ', 'ㄷ', 'ㄹ', 'ㄺ', 'ㄻ', 'ㄼ', 'ㄽ', 'ㄾ', 'ㄿ', 'ㅀ', 'ㅁ', 'ㅂ', 'ㅄ',
    'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ',
];

/// A syllable's initial consonant, vowel and final consonant as their indexes in Unicode's tables
/// (0–18, 0–20, 0–27 where 0 is "no final"); `None` for anything that is not a Hangul syllable.
pub const fn decompose(syllable: char) -> Option<(u32, u32, u32)> {
    let code = syllable as u32;
    if code < FIRST || code > 0xD7A3 {
        return None;
    }
    let index = code - FIRST;
    Some((index / (VOWELS * FINALS), index / FINALS % VOWELS, index % FINALS))
}

/// The syllable of three indexes; `None` when one is out of range.
pub const fn compose(initial: u32, vowel: u32, last: u32) -> Option<char> {
    if initial > 18 || vowel >= VOWELS || last >= FINALS {
        return None;
    }
    char::from_u32(FIRST + (initial * VOWELS + vowel) * FINALS + last)
}

/// The final consonant (index 1–27) written as an initial (index 0–18), where Hangul has one.
pub(crate) fn final_as_initial(last: u32) -> Option<u32> {
    let jamo = *FINAL_JAMO.get(last as usize)?;
    INITIAL_JAMO.iter().position(|c| *c == jamo).map(|i| i as u32)
}

/// The initial consonant (index 0–18) written as a final (index 1–27), where Hangul has one.
pub(crate) fn initial_as_final(initial: u32) -> Option<u32> {
    let jamo = *INITIAL_JAMO.get(initial as usize)?;
    FINAL_JAMO.iter().position(|c| *c == jamo).map(|i| i as u32)
}

pub(crate) fn initial_jamo(initial: u32) -> char {
    INITIAL_JAMO.get(initial as usize).copied().unwrap_or('ㅇ')
}

pub(crate) fn vowel_jamo(vowel: u32) -> char {
    VOWEL_JAMO.get(vowel as usize).copied().unwrap_or('ㅏ')
}

pub(crate) fn final_jamo(last: u32) -> Option<char> {
    FINAL_JAMO.get(last as usize).copied().filter(|c| *c != '\0')
}

/// The text with every syllable spelt out in jamo: `값` is `ㄱㅏㅄ`.
pub fn jamo_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if let Some((i, v, f)) = decompose(c) {
            out.push(initial_jamo(i));
            out.push(vowel_jamo(v));
            out.extend(final_jamo(f));
        } else {
            out.push(c);
        }
    }
    out
}

/// How alike two words are, 0 to 1: one less their edit distance in jamo over the longer length.
pub fn jamo_similarity(a: &str, b: &str) -> f32 {
    let a: Vec<char> = jamo_string(a).chars().collect();
    let b: Vec<char> = jamo_string(b).chars().collect();
    let longest = a.len().max(b.len());
    if longest == 0 {
        return 1.0;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    1.0 - row[b.len()] as f32 / longest as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_syllable_comes_back_from_its_parts() {
        for code in 0xAC00..=0xD7A3u32 {
            let c = char::from_u32(code).unwrap();
            let (i, v, f) = decompose(c).unwrap();
            assert_eq!(compose(i, v, f), Some(c));
        }
        assert_eq!(decompose('a'), None);
        assert_eq!(compose(19, 0, 0), None);
    }

    #[test]
    fn one_wrong_vowel_leaves_words_alike() {
        assert_eq!(jamo_string("값"), "ㄱㅏㅄ");
        assert!(jamo_similarity("배송비", "베송비") > 0.8);
        assert!(jamo_similarity("배송비", "환불") < 0.5);
        assert!((jamo_similarity("", "") - 1.0).abs() < f32::EPSILON);
    }
}
