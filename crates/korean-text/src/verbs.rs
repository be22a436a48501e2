//! Everyday verbs and adjectives in their conjugated forms.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::jamo::{compose, decompose};

/// Beginnings of verbs without 다, a line of them for each field of life.
const VERBS: &str = include_str!("data/verbs.txt");
/// Syllables that may follow a verb's form: endings, and the helping verbs that lean on it.
pub(crate) const FORM_TAIL: &str = "하해했할한함합되돼됐될된는은을데나요면려고서지만까니다습세시셨신죠야아어여었았도게던때수있없줘주실라거든구건기네음냐자잖더러길씩봐보놓둔둬뒀갔가와왔오올드렸릴리싶줄준줬셔십쇼텐테래대므로느군걸끔본볼봤져졌진질임슴씀당염겠긴듯놨놔뒤두버렸릴란답";
/// What closes a verb of one syllable: anything else after one syllable may as well be a noun.
const SHORT_TAILS: [&str; 25] = [
    "면",
    "고",
    "는",
    "서",
    "요",
    "죠",
    "던",
    "니",
    "까",
    "는데",
    "나요",
    "려면",
    "려고",
    "는지",
    "세요",
    "니까",
    "지만",
    "어요",
    "아요",
    "었어요",
    "았어요",
    "을까요",
    "으면",
    "어도",
    "아도",
];
/// No form has more syllables.
const LONGEST_FORM: usize = 6;

const NIEUN: u32 = 4;
const RIEUL: u32 = 8;
const MIEUM: u32 = 16;
const PIEUP: u32 = 17;
const SSANG_SIOT: u32 = 20;

/// Every form and the place of its verb.
struct Forms {
    of: HashMap<String, usize>,
    /// Each verb's plain beginning and its 어-form, by which texts have it.
    plain: Vec<Vec<String>>,
}

static FORMS: LazyLock<Forms> = LazyLock::new(|| {
    let mut forms = Forms { of: HashMap::new(), plain: Vec::new() };
    for entry in VERBS.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace) {
        let (stem, irregular) = entry.split_once('/').unwrap_or((entry, ""));
        let (all, plain) = conjugate(stem, irregular);
        let at = forms.plain.len();
        for form in all {
            forms.of.entry(form).or_insert(at);
        }
        forms.plain.push(plain);
    }
    forms
});

/// A word read as a verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verb {
    /// The length in bytes of the form the word begins with.
    pub(crate) form: usize,
    /// The verb's plain beginning and 어-form, where they have two syllables or more.
    pub(crate) plain: Vec<&'static str>,
}

/// The word as a form of an everyday verb followed by nothing but endings; `None` when it cannot be one.
pub(crate) fn verb(word: &str) -> Option<Verb> {
    let forms = &*FORMS;
    let ends: Vec<usize> = word.char_indices().map(|(at, c)| at + c.len_utf8()).take(LONGEST_FORM).collect();
    for (syllables, end) in ends.iter().enumerate().rev() {
        let Some(at) = forms.of.get(&word[..*end]) else { continue };
        let tail = &word[*end..];
        let fits = if syllables == 0 {
            SHORT_TAILS.contains(&tail) || (tail.chars().count() > 2 && is_tail(tail))
        } else {
            is_tail(tail)
        };
        if fits {
            let plain = forms.plain[*at].iter().map(String::as_str).filter(|p| p.chars().count() > 1);
            return Some(Verb { form: *end, plain: plain.collect() });
        }
    }
    None
}

/// Whether this is a form of an everyday verb, without ending.
pub(crate) fn is_form(word: &str) -> bool {
    FORMS.of.contains_key(word)
}

fn is_tail(tail: &str) -> bool {
    tail.chars().all(|c| FORM_TAIL.contains(c))
}

/// All forms endings are put to, and the two by which texts most often have the verb.
fn conjugate(stem: &str, irregular: &str) -> (Vec<String>, Vec<String>) {
    let mut all = vec![stem.to_owned()];
    let mut plain = vec![stem.to_owned()];
    let Some((at, last)) = stem.char_indices().next_back() else { return (all, plain) };
    let Some((initial, vowel, end)) = decompose(last) else { return (all, plain) };
    let before = &stem[..at];
    let mut push = |i: u32, v: u32, f: u32, more: &str| {
        if let Some(c) = compose(i, v, f) {
            all.push(format!("{before}{c}{more}"));
        }
    };
    match (irregular, end) {
        ("ㅂ", _) => {
            for more in ["우", "운", "울", "워", "웠", "와", "움"] {
                push(initial, vowel, 0, more);
            }
        }
        ("ㄷ", _) => push(initial, vowel, RIEUL, ""),
        ("ㅅ", _) => {
            for more in ["으", "은", "을", "아", "어", "았", "었"] {
                push(initial, vowel, 0, more);
            }
        }
        (_, 0) => {
            for f in [NIEUN, RIEUL, MIEUM, PIEUP] {
                push(initial, vowel, f, "");
            }
            let open: &[u32] = match vowel {
                0 | 1 | 4 | 5 | 6 => &[vowel],
                8 => &[9],
                13 => &[14],
                18 => &[0, 4],
                20 => &[6],
                11 => &[10],
                _ => &[],
            };
            let open: &[u32] = if last == '하' { &[1] } else { open };
            for vowel in open {
                push(initial, *vowel, 0, "");
                push(initial, *vowel, SSANG_SIOT, "");
                push(initial, *vowel, NIEUN, "");
                if vowel != &0
                    && let Some(c) = compose(initial, *vowel, 0)
                {
                    plain.push(format!("{before}{c}"));
                }
            }
        }
        (_, RIEUL) => {
            for f in [0, NIEUN, PIEUP] {
                push(initial, vowel, f, "");
            }
        }
        (_, 27) => {
            for f in [NIEUN, RIEUL, 0] {
                push(initial, vowel, f, "");
            }
        }
        _ => {}
    }
    if last == '르'
        && let Some((rest, left)) = before.char_indices().next_back()
        && let Some((i, v, 0)) = decompose(left)
        && let Some(doubled) = compose(i, v, RIEUL)
    {
        for more in ["러", "렀", "라", "랐"] {
            all.push(format!("{}{doubled}{more}", &before[..rest]));
        }
        let more = if matches!(v, 0 | 8) { "라" } else { "러" };
        plain.push(format!("{}{doubled}{more}", &before[..rest]));
    }
    (all, plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conjugated_forms_are_known_by_their_verb() {
        for (word, form, plain) in [
            ("눌러서", "눌러", "누르"),
            ("보내드릴까요", "보내드릴", "보내드리"),
            ("벗겨내야", "벗겨내", "벗겨내"),
            ("무거운데", "무거운", "무겁"),
            ("물어본", "물어본", "물어보"),
            ("서툴러서", "서툴러", "서투르"),
            ("뻣뻣해졌어요", "뻣뻣해졌", "뻣뻣해지"),
        ] {
            let verb = verb(word).unwrap();
            assert_eq!((&word[..verb.form], verb.plain[0]), (form, plain));
        }
    }

    #[test]
    fn nouns_that_begin_like_a_verb_are_none() {
        for noun in ["가격", "사이즈", "주소", "배송비", "세탁", "달그늘", "지퍼", "내역"] {
            assert_eq!(verb(noun), None, "{noun}");
        }
    }
}
