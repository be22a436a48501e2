//! What kind of answer a question asks for, told by its question words.

use korean_text::squash;

/// A kind of answer, recognisable in a text by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// A sum of money: 얼마, 가격, 비용.
    Amount,
    /// A length of time: 며칠, 얼마나 걸려, 몇 년.
    Period,
    /// A point in time: 언제, 몇 시, 무슨 요일.
    Moment,
    /// A place, an address or a menu: 어디.
    Place,
    /// A telephone number or e-mail address: 전화번호, 연락처.
    Contact,
    /// A number of things: 몇 개, 몇 글자.
    Count,
    /// A percentage: 몇 퍼센트, 할인율.
    Percent,
    /// Whether something is possible or so: 되나요, 있나요.
    Permission,
    /// What to do: 어떻게, 방법.
    Method,
}

use AnswerKind::{Amount, Contact, Count, Method, Moment, Percent, Period, Permission, Place};

/// Phrases of a question (without spaces) and the kinds of answer they ask for.
const CUES: [(&str, &[AnswerKind]); 71] = [
    ("얼마나걸", &[Period]),
    ("얼마나오래", &[Period]),
    ("얼마동안", &[Period]),
    ("얼마나기다", &[Period]),
    ("얼마나늦", &[Period]),
    ("얼마나자주", &[Period, Count]),
    ("얼마나깎", &[Percent, Amount]),
    ("얼마", &[Amount]),
    ("가격", &[Amount]),
    ("비용", &[Amount]),
    ("요금", &[Amount]),
    ("배송비", &[Amount]),
    ("택배비", &[Amount]),
    ("수수료", &[Amount]),
    ("공짜", &[Amount, Permission]),
    ("금액", &[Amount]),
    ("며칠까지", &[Period]),
    ("며칠", &[Period]),
    ("몇일", &[Period]),
    ("기간", &[Period]),
    ("몇년", &[Period]),
    ("몇개월", &[Period, Count]),
    ("몇달", &[Period]),
    ("몇주", &[Period]),
    ("몇시간", &[Period]),
    ("오래", &[Period]),
    ("유효", &[Period]),
    ("언제까지", &[Moment, Period]),
    ("언제", &[Moment, Period]),
    ("언재", &[Moment, Period]),
    ("몇시", &[Moment]),
    ("멧시", &[Moment]),
    ("요일", &[Moment]),
    ("시간", &[Moment, Period]),
    ("쉬는날", &[Moment]),
    ("어디", &[Place]),
    ("위치", &[Place]),
    ("주소", &[Place]),
    ("전화번호", &[Contact]),
    ("연락처", &[Contact]),
    ("전하번호", &[Contact]),
    ("이메일", &[Contact]),
    ("몇개", &[Count]),
    ("몇글자", &[Count]),
    ("몇번", &[Count]),
    ("몇장", &[Count]),
    ("몇명", &[Count]),
    ("몇곳", &[Count]),
    ("몇살", &[Count]),
    ("최소", &[Count, Amount]),
    ("최대", &[Count, Amount]),
    ("몇회", &[Count]),
    ("무게", &[Count]),
    ("크기", &[Count]),
    ("퍼센트", &[Percent]),
    ("몇프로", &[Percent]),
    ("할인율", &[Percent]),
    ("적립률", &[Percent]),
    ("적립율", &[Percent]),
    ("이자", &[Percent]),
    ("되나요", &[Permission]),
    ("돼나요", &[Permission]),
    ("돼요", &[Permission]),
    ("되죠", &[Permission]),
    ("가능", &[Permission]),
    ("수있", &[Permission]),
    ("있나요", &[Permission]),
    ("해도", &[Permission]),
    ("어떻게", &[Method]),
    ("어떡", &[Method]),
    ("방법", &[Method]),
];

/// English phrases, the same way.
const ENGLISH: [(&str, &[AnswerKind]); 12] = [
    ("how much", &[Amount]),
    ("price", &[Amount]),
    ("cost", &[Amount]),
    ("how long", &[Period]),
    ("how many days", &[Period]),
    ("when", &[Moment, Period]),
    ("where", &[Place]),
    ("phone", &[Contact]),
    ("how many", &[Count]),
    ("percent", &[Percent]),
    ("can i", &[Permission]),
    ("how do", &[Method]),
];

impl AnswerKind {
    /// The kinds of answer a question asks for, most telling first, each once; empty when no word tells.
    pub fn asked_by(question: &str) -> Vec<Self> {
        let squashed = squash(question);
        let lower = question.to_ascii_lowercase();
        let korean = CUES.iter().filter(|(cue, _)| squashed.contains(cue));
        let english = ENGLISH.iter().filter(|(cue, _)| lower.contains(cue));
        let mut kinds: Vec<Self> = Vec::new();
        for (_, asked) in korean.chain(english) {
            for kind in *asked {
                if !kinds.contains(kind) {
                    kinds.push(*kind);
                }
            }
        }
        if kinds.contains(&Period) && squashed.contains("얼마나") && !squashed.contains("금액") {
            kinds.retain(|k| *k != Amount);
        }
        kinds
    }

    /// Whether few sentences that do not answer have the form of this kind: a sum, a time, a number.
    pub const fn has_form(self) -> bool {
        matches!(self, Amount | Period | Moment | Contact | Count | Percent)
    }

    /// Whether the text (a sentence or table row) has an answer of this kind.
    pub fn found_in(self, text: &str) -> bool {
        let squashed = squash(text);
        let has = |any: &[&str]| any.iter().any(|w| squashed.contains(w));
        match self {
            Amount => {
                number_before(&squashed, &["원", "만원", "천원", "$", "달러"])
                    || has(&["무료", "수수료는없", "수수료없"])
            }
            Period => {
                number_before(&squashed, &["일", "영업일", "개월", "주", "년", "시간", "분", "달"])
                    || has(&["즉시", "당일", "하루", "곧바로", "한두달"])
            }
            Moment => {
                number_before(&squashed, &["시", "일", "월", "영업일", "분", "시간", "주"])
                    || clock_time(&squashed)
                    || has(&["요일", "오전", "오후", "당일", "하루", "매월", "매주"])
            }
            Place => has(&["에서", "로에", ">", "1층", "2층", "길", "점은", "주소", "번지", "@"]),
            Contact => {
                squashed.contains('@')
                    || squashed
                        .split(|c: char| !(c.is_ascii_digit() || c == '-'))
                        .any(|n| n.len() >= 8 && n.contains('-'))
            }
            Count => {
                number_before(
                    &squashed,
                    &[
                        "개", "장", "곳", "명", "회", "번", "자", "세", "kg", "g", "cm", "개월", "인용", "건", "세트",
                        "l", "ml",
                    ],
                ) || has(&["횟수제한"])
            }
            Percent => number_before(&squashed, &["%", "퍼센트"]),
            Permission => has(&[
                "수있",
                "수없",
                "됩니다",
                "안됩",
                "되지않",
                "가능",
                "불가",
                "마세요",
                "받지않",
                "않습니다",
                "없습니다",
                "있습니다",
                "없으며",
                "예외",
            ]),
            Method => has(&["주세요", "하면됩", "수있습", "합니다", "에서", "하세요", "됩니다"]),
        }
    }
}

/// Whether a number stands right before one of the units.
fn number_before(text: &str, units: &[&str]) -> bool {
    text.char_indices().filter(|(_, c)| c.is_ascii_digit()).any(|(at, _)| {
        let after = &text[at + 1..];
        units.iter().any(|unit| after.starts_with(unit))
    })
}

fn clock_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(4).any(|w| w[0].is_ascii_digit() && w[1] == b':' && w[2].is_ascii_digit() && w[3].is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn question_words_tell_the_kind_of_answer() {
        assert_eq!(AnswerKind::asked_by("배송비 얼마예요?"), [Amount]);
        assert_eq!(AnswerKind::asked_by("얼마나 걸려요"), [Period]);
        assert_eq!(AnswerKind::asked_by("How much is it?"), [Amount]);
        assert!(AnswerKind::asked_by("안녕하세요").is_empty());
    }

    #[test]
    fn answers_are_recognised_by_their_form() {
        assert!(Amount.found_in("3,000원을 받습니다") && !Amount.found_in("원목으로 만듭니다"));
        assert!(Period.found_in("3~5영업일") && Moment.found_in("19:30까지") && Percent.found_in("연 15%"));
        assert!(Contact.found_in("070-0000-4170") && !Contact.found_in("10-20"));
        assert!(Contact.has_form() && !Permission.has_form());
    }
}
