//! Spellings a mistyped word may have been meant as.

use crate::jamo::{
    FINALS, VOWELS, compose, decompose, final_as_initial, final_jamo, initial_as_final, initial_jamo, vowel_jamo,
};

/// Consonants that sound alike somewhere in a word.
const CONSONANTS: [&str; 10] =
    ["ㄱㄲㅋㄺㄳ", "ㄷㄸㅌ", "ㅂㅃㅍㅄ", "ㅅㅆ", "ㅈㅉㅊ", "ㄷㅅㅆㅈㅊㅌㅎ", "ㄴㅁㅇ", "ㅁㅂ", "ㄴㄶㄵ", "ㄹㅀㄻㄼㄺ"];
/// Consonants side by side on the two-set keyboard, or that take each other's sound.
const NEIGHBOURS: [&str; 6] = ["ㄴㄹ", "ㄱㅇ", "ㅂㅈ", "ㅈㄷ", "ㄷㄱ", "ㅋㅌ"];
/// Vowels that sound alike, or lie side by side on the two-set keyboard.
const VOWEL_GROUPS: [&str; 17] = [
    "ㅐㅔㅒㅖ",
    "ㅚㅙㅞ",
    "ㅡㅜ",
    "ㅡㅓ",
    "ㅗㅜ",
    "ㅗㅓ",
    "ㅓㅕ",
    "ㅏㅑ",
    "ㅗㅛ",
    "ㅜㅠ",
    "ㅢㅣㅡ",
    "ㅘㅏㅗ",
    "ㅝㅓㅜ",
    "ㅟㅣㅢ",
    "ㅐㅏ",
    "ㅓㅏ",
    "ㅏㅣ",
];

/// Words that one slip of sound, finger or liaison away from `word` would have been typed as it,
/// each once, without the word itself. Empty for everyday words, words that are not all Hangul, and those of one
/// or more than eight syllables.
///
/// The caller decides which of them exist, by asking an index for their terms.
pub fn repair_candidates(word: &str) -> Vec<String> {
    let syllables: Vec<char> = word.chars().collect();
    let parts: Option<Vec<(u32, u32, u32)>> = syllables.iter().map(|c| decompose(*c)).collect();
    let Some(parts) = parts.filter(|p| (2..=8).contains(&p.len())) else { return Vec::new() };
    if crate::lexicon::is_everyday_word(word) {
        return Vec::new();
    }
    let mut found: Vec<String> = Vec::new();
    let mut push = |changed: &[(usize, Option<char>)]| {
        let mut spelling = syllables.clone();
        for (at, c) in changed {
            let Some(c) = c else { return };
            spelling[*at] = *c;
        }
        let spelling: String = spelling.into_iter().collect();
        if spelling != word && !found.contains(&spelling) {
            found.push(spelling);
        }
    };
    for (at, part) in parts.iter().enumerate() {
        for c in near_syllables(*part, parts.len() > 2) {
            push(&[(at, Some(c))]);
        }
    }
    // In a short word the wider confusions count only where they make a word known for sure.
    if let [_, _] = parts[..] {
        for (at, part) in parts.iter().enumerate() {
            for c in near_syllables(*part, true) {
                let mut spelling = syllables.clone();
                spelling[at] = c;
                if crate::lexicon::is_known_word(&spelling.iter().collect::<String>()) {
                    push(&[(at, Some(c))]);
                }
            }
        }
    }
    for (at, pair) in parts.windows(2).enumerate() {
        for (left, right) in liaisons(pair[0], pair[1]) {
            push(&[(at, left), (at + 1, right)]);
        }
    }
    found
}

/// Vowels that hardly anybody hears apart, and the commonest slip of the thumb.
const ALIKE: [&str; 5] = ["ㅐㅔㅒㅖ", "ㅚㅙㅞ", "ㅡㅜ", "ㅓㅕ", "ㅢㅣ"];

/// Syllables one confusable jamo away. Only in longer words may a final be dropped or added: in short
/// ones that turns too many words into others.
fn near_syllables((initial, vowel, last): (u32, u32, u32), long: bool) -> Vec<char> {
    let mut near = Vec::new();
    for other in 0..19 {
        let (a, b) = (initial_jamo(initial), initial_jamo(other));
        if confusable(&CONSONANTS, a, b) || (long && confusable(&NEIGHBOURS, a, b)) {
            near.extend(compose(other, vowel, last));
        }
    }
    for other in 0..VOWELS {
        let groups: &[&str] = if long { &VOWEL_GROUPS } else { &ALIKE };
        if confusable(groups, vowel_jamo(vowel), vowel_jamo(other)) {
            near.extend(compose(initial, other, last));
        }
    }
    for other in 0..FINALS {
        let swapped = match (final_jamo(last), final_jamo(other)) {
            (Some(a), Some(b)) => confusable(&CONSONANTS, a, b) || (long && confusable(&NEIGHBOURS, a, b)),
            (Some(a), None) | (None, Some(a)) => long && matches!(a, 'ㅎ' | 'ㅆ' | 'ㄴ' | 'ㅇ' | 'ㄹ' | 'ㅅ'),
            (None, None) => false,
        };
        if swapped {
            near.extend(compose(initial, vowel, other));
        }
    }
    near
}

fn confusable(groups: &[&str], a: char, b: char) -> bool {
    a != b && groups.iter().any(|group| group.contains(a) && group.contains(b))
}

type Spelling = (Option<char>, Option<char>);

/// A final that moved to the next syllable as it is spoken (`막이` written `마기`), and back.
fn liaisons(left: (u32, u32, u32), right: (u32, u32, u32)) -> Vec<Spelling> {
    const SILENT: u32 = 11; // ㅇ
    let mut found = Vec::new();
    if left.2 == 0
        && right.0 != SILENT
        && let Some(last) = initial_as_final(right.0)
    {
        found.push((compose(left.0, left.1, last), compose(SILENT, right.1, right.2)));
    }
    if left.2 != 0
        && right.0 == SILENT
        && let Some(initial) = final_as_initial(left.2)
    {
        found.push((compose(left.0, left.1, 0), compose(initial, right.1, right.2)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_slips_lead_back_to_the_word() {
        for (typed, meant) in [
            ("베송비", "배송비"),
            ("환블", "환불"),
            ("반픔", "반품"),
            ("마기", "막이"),
            ("솣뚜껑", "솥뚜껑"),
            ("쎈터", "센터"),
            ("전하번호", "전화번호"),
            ("휴먼", "휴면"),
            ("회웜", "회원"),
            ("적림금", "적립금"),
            ("덴트", "텐트"),
            ("무개", "무게"),
        ] {
            assert!(repair_candidates(typed).iter().any(|c| c == meant), "{typed} → {meant}");
        }
    }

    #[test]
    fn other_scripts_and_long_runs_have_no_repairs() {
        assert!(repair_candidates("tent").is_empty() && repair_candidates("가나다라마바사아자").is_empty());
    }
}
