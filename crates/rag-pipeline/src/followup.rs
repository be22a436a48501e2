//! Making a follow-up question stand alone, by rules.

use korean_text::{WordKind, content_words, normalize, squash, stem, strip_particle};

use crate::model::PastTurn;

/// A question and what was said before it.
#[derive(Debug, Clone, Copy)]
pub struct FollowUp<'a> {
    /// What the customer wrote.
    pub question: &'a str,
    /// The conversation so far, oldest first.
    pub history: &'a [PastTurn],
    /// Titles of the documents that the last answers cited, newest first.
    pub cited_titles: &'a [String],
}

/// Why a question was taken for a follow-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewriteReason {
    /// It says 그거, 거기, "it" and the like.
    Pronoun,
    /// It says 아까 말한 or names a part of something spoken of before.
    Recalled,
    /// It is too short to stand alone: 제주도는요?
    Elliptic,
    /// It stands alone, yet what was spoken of before may narrow it.
    Continued,
}

/// The question made to stand alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The question to search and answer; the customer's own words when it stood alone.
    pub standalone: String,
    /// What was spoken of before, for search only; empty when the question changes the subject.
    pub context: String,
    /// Why it was rewritten; `None` when it was not.
    pub reason: Option<RewriteReason>,
}

/// Words that point back.
const POINTERS: [&str; 40] = [
    "그거",
    "그건",
    "그게",
    "그걸",
    "그것",
    "그것도",
    "그것은",
    "그것이",
    "그것을",
    "그거는",
    "그거도",
    "이거",
    "이건",
    "이게",
    "이걸",
    "이것",
    "이것도",
    "이것은",
    "이거는",
    "이거도",
    "거기",
    "거기는",
    "거긴",
    "거기도",
    "거기서",
    "거기에",
    "여기",
    "여기는",
    "여긴",
    "그쪽",
    "그곳",
    "그곳은",
    "저거",
    "저건",
    "it",
    "that",
    "this",
    "there",
    "they",
    "those",
];
/// Determiners that point back with the noun after them.
const DETERMINERS: [&str; 8] = ["그", "이", "저", "해당", "그런", "이런", "위", "같은"];
/// Phrases that recall something said before.
const RECALL: [&str; 12] = [
    "아까 말한",
    "아까 말씀하신",
    "아까 말했던",
    "아까 얘기한",
    "아까 물어본",
    "방금 말한",
    "방금 말씀하신",
    "위에서 말한",
    "앞에서 말한",
    "이전에 말한",
    "말씀하신",
    "아까 그",
];
/// Openers that join a question to what went before.
const OPENERS: [&str; 12] =
    ["그럼", "그러면", "그리고", "그런데", "근데", "그래도", "그래서", "또", "아", "and", "then", "so"];

impl FollowUp<'_> {
    /// Rewrites the question, if need be.
    pub fn rewrite(&self) -> Rewritten {
        let question = self.question.trim();
        let alone = || Rewritten { standalone: question.to_owned(), context: String::new(), reason: None };
        let Some(last) = self.history.last() else { return alone() };
        if let Some(rewritten) = self.recalled(question) {
            return rewritten;
        }
        let body = without_openers(question);
        let opened = body.len() < question.len();
        let topic = self.topic(last);
        let context = self.context(last);
        if let Some(replaced) = replace_pointer(body, &topic) {
            return Rewritten { standalone: replaced, context, reason: Some(RewriteReason::Pronoun) };
        }
        let words = content_words(body).len();
        let elliptic = words <= 1 || (opened && words <= 2) || is_fragment(body);
        if elliptic && !topic.is_empty() {
            let own = squash(body);
            let standalone = if own.contains(&squash(&topic)) { body.to_owned() } else { format!("{topic} {body}") };
            return Rewritten { standalone, context, reason: Some(RewriteReason::Elliptic) };
        }
        if self.changes_subject(question) {
            return alone();
        }
        Rewritten { standalone: question.to_owned(), context, reason: Some(RewriteReason::Continued) }
    }

    /// `아까 말한 이불`: the fullest name the noun was spoken of by.
    fn recalled(&self, question: &str) -> Option<Rewritten> {
        let (phrase, at) = RECALL.iter().find_map(|p| question.find(p).map(|at| (*p, at)))?;
        let after = question[at + phrase.len()..].trim_start();
        let noun = after.split_whitespace().next().map(strip_particle)?;
        let name = self.fullest_name(noun);
        let rest = &after[noun.len().min(after.len())..];
        let standalone = format!("{}{name}{rest}", &question[..at]);
        Some(Rewritten {
            standalone: standalone.trim().to_owned(),
            context: String::new(),
            reason: Some(RewriteReason::Recalled),
        })
    }

    /// The longest run of words, in titles cited or questions asked (latest first), that ends in the noun.
    fn fullest_name(&self, noun: &str) -> String {
        let noun = normalize(noun);
        let title = self.cited_titles.iter().find(|t| squash(t).contains(&squash(&noun)));
        if let Some(title) = title {
            return title.clone();
        }
        for turn in self.history.iter().rev() {
            let words: Vec<&str> = turn.question.split_whitespace().collect();
            if let Some(at) = words.iter().position(|w| normalize(w).contains(&noun)) {
                let before = at.checked_sub(1).and_then(|i| words.get(i)).filter(|w| is_modifier(w));
                let name = strip_particle(trim_marks(words[at]));
                return before.map_or_else(|| name.to_owned(), |b| format!("{b} {name}"));
            }
        }
        noun
    }

    /// What was spoken of last: the cited title the last question names, else its leading nouns,
    /// going further back while there are none.
    fn topic(&self, last: &PastTurn) -> String {
        let named = self.cited_titles.iter().find(|title| names(&last.question, title));
        if let Some(title) = named {
            return title.clone();
        }
        for turn in self.history.iter().rev() {
            let nouns = leading_nouns(&turn.question);
            if !nouns.is_empty() {
                return nouns;
            }
        }
        self.cited_titles.first().cloned().unwrap_or_default()
    }

    /// What search may lean on: the last question, the one before when that is short, the title cited.
    fn context(&self, last: &PastTurn) -> String {
        let mut context = last.question.clone();
        if let [.., before, _] = self.history
            && content_words(&last.question).len() <= 2
        {
            context = format!("{context}\n{}", before.question);
        }
        if let Some(title) = self.cited_titles.first() {
            context = format!("{context}\n{title}");
        }
        context
    }

    /// Whether the question is long enough to stand alone and shares no word with what went before.
    fn changes_subject(&self, question: &str) -> bool {
        let own = content_words(question);
        let before: String = self.history.iter().map(|t| squash(&t.question)).collect();
        own.len() >= 6 && !own.iter().any(|w| w.stem.chars().count() > 1 && before.contains(&w.stem))
    }
}

fn trim_marks(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Whether a word can stand before a noun as part of its name: it has no particle.
fn is_modifier(word: &str) -> bool {
    let plain = trim_marks(word);
    plain.len() == word.len() && stem(plain) == plain && plain.chars().count() > 1
}

/// Whether the question names the title, or the last word of it.
fn names(question: &str, title: &str) -> bool {
    let question = squash(question);
    let last = title.split_whitespace().last().unwrap_or(title);
    question.contains(&squash(title)) || (last.chars().count() > 1 && question.contains(&squash(last)))
}

/// The first nouns of a question, at most three, up to its verb or question word.
fn leading_nouns(question: &str) -> String {
    let mut nouns: Vec<String> = Vec::new();
    for word in question.split_whitespace() {
        let word = trim_marks(word);
        let kept = content_words(word);
        if kept.is_empty() || kept.iter().all(|w| w.kind == WordKind::Verb) {
            if nouns.is_empty() {
                continue;
            }
            break;
        }
        nouns.push(stem(word).to_owned());
        if nouns.len() == 3 {
            break;
        }
    }
    nouns.join(" ")
}

fn without_openers(question: &str) -> &str {
    let mut body = question;
    while let Some((first, rest)) = body.split_once(char::is_whitespace) {
        let first = trim_marks(first).to_lowercase();
        if !OPENERS.contains(&first.as_str()) {
            break;
        }
        body = rest.trim_start();
    }
    body
}

/// `제주도는요?`, `솥도요`: a noun and nothing said of it.
fn is_fragment(body: &str) -> bool {
    let plain = body.trim_end_matches(|c: char| !c.is_alphanumeric());
    plain.split_whitespace().count() <= 2
        && ["은요", "는요", "도요", "이요", "요"].iter().any(|e| plain.ends_with(e))
        && !["나요", "해요", "돼요", "되요", "가요", "세요", "어요", "아요", "예요", "에요"]
            .iter()
            .any(|e| plain.ends_with(e))
}

/// The question with its first pointing word replaced by the topic; `None` when nothing points back.
fn replace_pointer(question: &str, topic: &str) -> Option<String> {
    if topic.is_empty() {
        return None;
    }
    let words: Vec<&str> = question.split_whitespace().collect();
    let at = words.iter().position(|w| {
        let plain = trim_marks(w).to_lowercase();
        POINTERS.contains(&plain.as_str())
    });
    let mut out: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
    if let Some(at) = at {
        topic.clone_into(&mut out[at]);
        return Some(out.join(" "));
    }
    let at = words.iter().position(|w| DETERMINERS.contains(w)).filter(|at| at + 1 < words.len())?;
    topic.clone_into(&mut out[at]);
    let noun = strip_particle(trim_marks(words[at + 1]));
    if squash(topic).ends_with(&squash(noun)) {
        out.remove(at);
        let suffix = trim_marks(words[at + 1]).strip_prefix(noun).unwrap_or("");
        out[at] = format!("{topic}{suffix}");
    }
    Some(out.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewrite(history: &[&str], cited: &[&str], question: &str) -> Rewritten {
        let history: Vec<PastTurn> =
            history.iter().map(|q| PastTurn { question: (*q).to_owned(), answer: String::new() }).collect();
        let cited_titles: Vec<String> = cited.iter().map(|t| (*t).to_owned()).collect();
        FollowUp { question, history: &history, cited_titles: &cited_titles }.rewrite()
    }

    #[test]
    fn a_first_question_stands_alone() {
        let rewritten = rewrite(&[], &[], "그거 얼마예요?");
        assert_eq!((rewritten.standalone.as_str(), rewritten.reason), ("그거 얼마예요?", None));
    }

    #[test]
    fn that_becomes_the_product_spoken_of() {
        let rewritten = rewrite(&["푸른숲 담요 세탁은 어떻게 해요?"], &["푸른숲 담요"], "그거 환불은 어떻게 해요?");
        assert_eq!(rewritten.standalone, "푸른숲 담요 환불은 어떻게 해요?");
        assert_eq!(rewritten.reason, Some(RewriteReason::Pronoun));
    }

    #[test]
    fn without_a_cited_title_the_nouns_of_the_last_question_are_the_topic() {
        let rewritten = rewrite(&["A제품 가격이 얼마예요?"], &[], "거기 색상은 뭐가 있어요?");
        assert_eq!(rewritten.standalone, "A제품 가격 색상은 뭐가 있어요?");
    }

    #[test]
    fn what_was_mentioned_earlier_is_recalled_by_its_full_name() {
        let history = ["푸른숲 담요 재고 있나요?", "색상은 뭐가 있어요?"];
        let rewritten = rewrite(&history, &["배송 안내"], "아까 말한 담요는 세탁기 돼요?");
        assert_eq!(rewritten.standalone, "푸른숲 담요는 세탁기 돼요?");
        assert_eq!(
            rewrite(&["A제품 얼마예요?", "배송비는요?"], &[], "아까 말한 A제품 환불돼요?").standalone,
            "A제품 환불돼요?"
        );
    }

    #[test]
    fn a_fragment_takes_the_last_topic() {
        let rewritten = rewrite(&["무료배송 기준이 어떻게 돼요?"], &[], "그럼 제주도는요?");
        assert_eq!(rewritten.standalone, "무료배송 기준 제주도는요?");
        assert_eq!(rewritten.reason, Some(RewriteReason::Elliptic));
    }
}
