use crate::jamo::decompose;
use crate::lexicon::is_short_noun;

/// Whether the word ends in a consonant, which decides between 은/는, 이/가, 을/를, 으로/로.
/// Digits are judged by how they are read; letters of other scripts count as vowels.
pub fn ends_in_consonant(word: &str) -> bool {
    match word.chars().rfind(|c| c.is_alphanumeric()) {
        Some(c) if c.is_ascii_digit() => matches!(c, '0' | '1' | '3' | '6' | '7' | '8'),
        Some('l' | 'm' | 'n' | 'L' | 'M' | 'N') => true,
        Some(c) => decompose(c).is_some_and(|(_, _, last)| last != 0),
        None => false,
    }
}

/// What must come before a particle.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Any,
    Consonant,
    Vowel,
}

use After::{Any, Consonant, Vowel};

/// Particles, longer ones first. The third field is the fewest syllables that must remain: one for
/// those that are hardly ever the end of a noun.
pub(crate) const PARTICLES: [(&str, After, usize); 81] = [
    ("에서부터", Any, 1),
    ("이라든지", Consonant, 2),
    ("이라던가", Consonant, 2),
    ("한테서", Any, 1),
    ("들한테", Any, 2),
    ("들에게", Any, 2),
    ("들이랑", Any, 2),
    ("들하고", Any, 2),
    ("들까지", Any, 2),
    ("들은", Any, 2),
    ("들이", Any, 2),
    ("들을", Any, 2),
    ("들도", Any, 2),
    ("들", Any, 2),
    ("께서는", Any, 1),
    ("으로부터", Any, 1),
    ("이라도", Consonant, 2),
    ("에서는", Any, 1),
    ("에서도", Any, 1),
    ("으로는", Consonant, 1),
    ("으로도", Consonant, 1),
    ("까지는", Any, 1),
    ("까지만", Any, 1),
    ("까지도", Any, 1),
    ("부터는", Any, 1),
    ("한테는", Any, 1),
    ("에게는", Any, 1),
    ("이랑은", Consonant, 2),
    ("이네요", Any, 2),
    ("에선", Any, 1),
    ("이든", Consonant, 2),
    ("이며", Consonant, 2),
    ("께서", Any, 1),
    ("에서", Any, 1),
    ("에게", Any, 1),
    ("한테", Any, 1),
    ("으로", Consonant, 1),
    ("까지", Any, 1),
    ("부터", Any, 1),
    ("마다", Any, 2),
    ("처럼", Any, 1),
    ("보다", Any, 2),
    ("이나", Consonant, 2),
    ("이랑", Consonant, 1),
    ("하고", Any, 2),
    ("은요", Consonant, 1),
    ("는요", Vowel, 1),
    ("도요", Any, 1),
    ("이요", Consonant, 1),
    ("라도", Vowel, 2),
    ("조차", Any, 2),
    ("밖에", Any, 2),
    ("만큼", Any, 2),
    ("대로", Any, 2),
    ("에는", Any, 1),
    ("에도", Any, 1),
    ("로는", Vowel, 2),
    ("로도", Any, 2),
    ("에만", Any, 1),
    ("만요", Any, 2),
    ("엔", Any, 2),
    ("께", Any, 2),
    ("쯤", Any, 2),
    ("나", Vowel, 2),
    ("랑", Vowel, 2),
    ("든", Vowel, 2),
    ("좀", Any, 2),
    ("은", Consonant, 1),
    ("는", Vowel, 1),
    ("을", Consonant, 1),
    ("를", Vowel, 1),
    ("이", Consonant, 2),
    ("가", Vowel, 2),
    ("에", Any, 2),
    ("의", Any, 2),
    ("로", Any, 2),
    ("와", Vowel, 2),
    ("과", Consonant, 2),
    ("도", Any, 2),
    ("만", Any, 2),
    ("요", Any, 2),
];

/// The word without one trailing particle (조사), when what remains can stand as a noun:
/// `배송비는` → `배송비`, `솥을` → `솥`, but `차이` stays whole: one syllable would remain.
pub fn strip_particle(word: &str) -> &str {
    for (particle, after, remain) in PARTICLES {
        let Some(noun) = word.strip_suffix(particle) else { continue };
        let fits = match after {
            Any => true,
            Consonant => ends_in_consonant(noun),
            Vowel => !ends_in_consonant(noun),
        };
        if fits && (noun.chars().count() >= remain || is_short_noun(noun)) {
            return noun;
        }
    }
    word
}

/// Verb and copula endings, longer ones first, with the fewest syllables that must remain.
const ENDINGS: [(&str, usize); 70] = [
    ("이었나요", 1),
    ("이었어요", 1),
    ("려고하는데", 1),
    ("으려고요", 1),
    ("으려면", 1),
    ("이에요", 1),
    ("이예요", 1),
    ("인가요", 1),
    ("는데요", 1),
    ("은데요", 1),
    ("인데요", 1),
    ("거든요", 1),
    ("은가요", 1),
    ("는가요", 1),
    ("을까요", 1),
    ("었어요", 1),
    ("았어요", 1),
    ("였어요", 1),
    ("었는데", 1),
    ("았는데", 1),
    ("으세요", 1),
    ("습니까", 1),
    ("습니다", 1),
    ("었나요", 1),
    ("았나요", 1),
    ("려고요", 1),
    ("더라고요", 1),
    ("네요", 1),
    ("나요", 1),
    ("려면", 1),
    ("으면", 1),
    ("아서", 1),
    ("어서", 1),
    ("여서", 1),
    ("니까", 2),
    ("는데", 1),
    ("은데", 1),
    ("인데", 1),
    ("지만", 1),
    ("가요", 2),
    ("까요", 1),
    ("아요", 1),
    ("어요", 1),
    ("여요", 1),
    ("예요", 1),
    ("에요", 1),
    ("에오", 1),
    ("지요", 1),
    ("세요", 1),
    ("시나요", 1),
    ("는지", 1),
    ("을지", 1),
    ("은지", 1),
    ("아야", 1),
    ("어야", 1),
    ("려고", 1),
    ("으니", 1),
    ("보니", 1),
    ("더니", 1),
    ("셔서", 1),
    ("려는", 1),
    ("았던", 1),
    ("었던", 1),
    ("죠", 1),
    ("면", 2),
    ("고", 2),
    ("던", 1),
    ("게", 2),
    ("기", 3),
    ("야", 2),
];

/// First syllables of 하다, 되다, 받다 as they follow a noun.
const LIGHT: &str = "하해했할한함합되돼됐될된됨됩받";
/// Syllables that endings are made of.
const ENDING_SYLLABLES: &str = "하해했할한함되돼됐될된는은을데나요면려고서지만까니다습세시셨신죠야아어여었았도게던때수있없줘주실려라거든구건기네음록";

/// The word without inflection, as far as spelling tells: `취소하려면` → `취소`, `새기는` → `새기`,
/// `배송비는` → `배송비`. Never empty for a word that is not.
pub fn stem(word: &str) -> &str {
    if crate::synonyms::is_member(word) {
        return word;
    }
    if let Some(noun) = before_light_verb(word) {
        return noun;
    }
    for (ending, remain) in ENDINGS {
        if let Some(rest) = word.strip_suffix(ending)
            && rest.chars().count() >= remain
        {
            return rest;
        }
    }
    strip_particle(word)
}

/// Ends of words that are verbs in the middle of a sentence.
const CONNECTIVES: [&str; 40] = [
    "해서",
    "아서",
    "어서",
    "여서",
    "려서",
    "와서",
    "려고",
    "으면",
    "려면",
    "다가",
    "면서",
    "이라서",
    "하니",
    "는데",
    "은데",
    "도록",
    "거나",
    "지만",
    "니까",
    "더니",
    "았던",
    "었던",
    "던데",
    "라서",
    "져서",
    "해도",
    "려도",
    "켜도",
    "어도",
    "아도",
    "져요",
    "려요",
    "와요",
    "켜요",
    "내요",
    "쳐요",
    "셔서",
    "보니",
    "내서",
    "겨서",
];

/// Whether the word, cut to `cut` by [`stem`], is an inflected verb rather than a noun with a particle.
pub(crate) fn is_inflected(word: &str, cut: &str) -> bool {
    if crate::synonyms::is_member(cut) || before_light_verb(word).is_some() {
        return false;
    }
    if CONNECTIVES.iter().any(|c| word.ends_with(c) || cut.ends_with(c)) {
        return true;
    }
    // 는 after a vowel is a particle, after nothing else an ending; 을 and 은 are told apart by nobody.
    let plain_ending = [
        '는', '던', '고', '게', '면', '야', '죠', '까', '럼', '히', '아', '어', '워', '져', '려', '겨', '켜', '둬',
        '줘', '봐', '림', '데', '지',
    ];
    word != cut && strip_particle(word) != cut || cut.ends_with(plain_ending)
}

/// Whether a piece of a spaceless run is nothing but an ending.
pub(crate) fn is_ending(piece: &str) -> bool {
    piece.chars().all(|c| ENDING_SYLLABLES.contains(c))
}

/// The noun of `취소하려면`, `반품되나요`: at least two syllables before a light verb in full inflection.
fn before_light_verb(word: &str) -> Option<&str> {
    word.char_indices().skip(2).find_map(|(at, c)| {
        let tail = &word[at + c.len_utf8()..];
        let light = LIGHT.contains(c) && tail.chars().all(|t| ENDING_SYLLABLES.contains(t));
        (light && !(c == '받' && tail.is_empty())).then(|| strip_particle(&word[..at]))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn particles_come_off_where_the_sound_before_them_allows() {
        for (word, noun) in [
            ("배송비는", "배송비"),
            ("솥을", "솥"),
            ("제주에서는", "제주"),
            ("차이", "차이"),
            ("재킷이", "재킷"),
            ("솥은요", "솥"),
            ("제주도", "제주"),
            ("휴가", "휴가"),
            ("무게", "무게"),
        ] {
            assert_eq!(strip_particle(word), noun);
        }
    }

    #[test]
    fn inflected_verbs_are_cut_to_what_stays_the_same() {
        for (word, expected) in [
            ("취소하려면", "취소"),
            ("반품되나요", "반품"),
            ("교환해", "교환"),
            ("환불받을", "환불"),
            ("새기는", "새기"),
            ("얼마인가요", "얼마"),
            ("들어있나요", "들어있"),
            ("결제했는데", "결제"),
        ] {
            assert_eq!(stem(word), expected);
        }
    }

    #[test]
    fn the_final_sound_is_known_for_digits_too() {
        assert!(
            ends_in_consonant("재킷")
                && ends_in_consonant("3")
                && !ends_in_consonant("2")
                && !ends_in_consonant("배송비")
        );
    }

    proptest! {
        #[test]
        fn a_stem_is_a_non_empty_beginning_of_its_word(word in "[가-힣a-z0-9]{1,12}") {
            let cut = stem(&word);
            prop_assert!(!cut.is_empty() && word.starts_with(cut));
        }
    }
}
