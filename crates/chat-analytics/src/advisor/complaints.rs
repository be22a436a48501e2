//! Which comments complain of slow answers.

/// Says that something is slow. White space does not count: people write it as they like.
const SLOW: &[&str] = &[
    "느리",
    "느려",
    "느렸",
    "느린",
    "느림",
    "느릿",
    "오래걸",
    "오래기다",
    "기다리",
    "기다려",
    "기다렸",
    "기다림",
    "slow",
    "takestoolong",
    "tooktoolong",
    "takingtoolong",
    "toolongto",
    "takesforever",
    "tookforever",
    "takesages",
    "tookages",
    "waitedtoolong",
    "keptwaiting",
    "keepswaiting",
];
/// What else may be slow at a shop.
const ELSEWHERE: &[&str] = &[
    "배송",
    "택배",
    "출고",
    "발송",
    "도착",
    "환불",
    "반품",
    "교환",
    "입고",
    "상담원",
    "deliver",
    "shipping",
    "shipment",
    "refund",
    "parcel",
    "courier",
];
/// What is ours.
const OURS: &[&str] = &[
    "답변",
    "대답",
    "응답",
    "답이",
    "로딩",
    "챗봇",
    "채팅",
    "화면",
    "서버",
    "시스템",
    "answer",
    "reply",
    "replies",
    "respon",
    "loading",
    "chat",
    "server",
    "system",
];

/// Whether a comment on an answer says that the answer came slowly, in Korean or English.
///
/// It goes by stems of words, clause by clause. A clause that is about something else that may be slow at a
/// shop ("배송이 너무 느려요") does not count, unless it speaks of the answer too ("배송 답변이 느려요"). It can be
/// wrong in both directions: it is a count to look into, not a judgement of any one comment.
pub fn is_speed_complaint(comment: &str) -> bool {
    let comment = comment.to_lowercase();
    comment.split(['.', ',', '!', '?', '\n', ';', '。']).any(|clause| {
        let clause: String = clause.chars().filter(|letter| !letter.is_whitespace()).collect();
        let says = |words: &[&str]| words.iter().any(|word| clause.contains(word));
        says(SLOW) && (!says(ELSEWHERE) || says(OURS))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_of_slow_answers_are_told_in_both_languages_whatever_the_spacing() {
        for comment in [
            "너무 느려요",
            "답변이 느리네요",
            "응답속도 느림",
            "답이 오는데 오래 걸려요",
            "오래걸림",
            "한참 기다렸어요",
            "배송 답변이 너무 느려요",
            "좋은데, 로딩이 느리다",
            "Very SLOW",
            "The reply takes too long.",
            "it took  forever",
            "Took too long to answer about shipping",
        ] {
            assert!(is_speed_complaint(comment), "{comment}");
        }
    }

    #[test]
    fn other_comments_are_none() {
        for comment in [
            "",
            "배송이 너무 느려요",
            "택배가 오래 걸려요. 답변은 틀렸고요",
            "환불을 계속 기다리고 있어요",
            "내용이 틀렸어요",
            "Delivery is slow",
            "my refund takes too long",
            "wrong answer",
        ] {
            assert!(!is_speed_complaint(comment), "{comment}");
        }
    }
}
