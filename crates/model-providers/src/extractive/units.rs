//! Taking passages apart into what can be quoted on its own.

use korean_text::{ends_in_consonant, is_korean, sentences};
use rag_pipeline::model::Passage;

/// A sentence, list item or table row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// Its passage's place in the request.
    pub(super) passage: usize,
    /// Its place in the passage.
    pub(super) order: usize,
    /// A full sentence.
    pub(super) text: String,
    /// What a row is about: its first cell.
    pub(super) subject: Option<String>,
    /// Whether it is understood only after the one before it.
    pub(super) leans: bool,
}

/// Beginnings of sentences that lean on the one before.
const LEANING: [&str; 30] = [
    "다만",
    "단,",
    "이때",
    "이 경우",
    "그 경우",
    "그 뒤",
    "그 밖",
    "그래도",
    "그러나",
    "하지만",
    "또한",
    "이후",
    "대신",
    "그보다",
    "이를",
    "이는",
    "이 상품",
    "이 기간",
    "이것",
    "여기",
    "그때",
    "따라서",
    "그러므로",
    "이미",
    "예를 들어",
    "However",
    "But ",
    "In this case",
    "Then ",
    "This ",
];

/// The units of all passages, in reading order.
pub(super) fn units(passages: &[Passage]) -> Vec<Unit> {
    passages.iter().enumerate().flat_map(|(at, passage)| of_passage(at, &passage.text)).collect()
}

fn of_passage(passage: usize, text: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut push = |text: String, subject: Option<String>, first: bool| {
        let leans = !first && LEANING.iter().any(|l| text.starts_with(l));
        units.push(Unit { passage, order: units.len(), text, subject, leans });
    };
    let mut header: Option<Vec<String>> = None;
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            continue;
        }
        if let Some(cells) = cells(line) {
            match &header {
                None => header = Some(cells),
                Some(_) if cells.iter().all(|c| c.chars().all(|c| matches!(c, '-' | ':'))) => {}
                Some(header) => {
                    if let Some(row) = row_sentence(header, &cells) {
                        push(row, cells.first().cloned(), true);
                    }
                }
            }
            continue;
        }
        header = None;
        for (at, sentence) in sentences(without_bullet(line)).into_iter().enumerate() {
            push(sentence.to_owned(), None, at == 0 && line.starts_with(['-', '*']));
        }
    }
    units
}

fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?;
    let inner = inner.replace("\\|", "\u{1}");
    Some(inner.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect())
}

fn without_bullet(line: &str) -> &str {
    let line = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).unwrap_or(line);
    match line.split_once(". ") {
        Some((number, rest)) if number.len() <= 2 && number.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => line,
    }
}

/// A row as a sentence: the first cell is what it is about, the others are named by the header.
fn row_sentence(header: &[String], cells: &[String]) -> Option<String> {
    let subject = cells.first().filter(|c| !c.is_empty())?;
    let named: Vec<String> = header
        .iter()
        .zip(cells)
        .skip(1)
        .filter(|(_, cell)| !cell.is_empty())
        .map(|(name, cell)| if name.is_empty() { cell.clone() } else { format!("{name} {cell}") })
        .collect();
    if named.is_empty() {
        return Some(subject.clone());
    }
    let facts = named.join(", ");
    if !is_korean(&facts) {
        return Some(format!("{subject}: {facts}."));
    }
    let label = header
        .first()
        .filter(|h| !h.is_empty() && subject.chars().count() <= 4 && subject.chars().any(|c| c.is_ascii()));
    let subject = label.map_or_else(|| subject.clone(), |label| format!("{label} {subject}"));
    let topic = if ends_in_consonant(&subject) { "은" } else { "는" };
    let facts = facts.trim_end_matches('.');
    let sentence = ["니다", "세요", "요", "다"].iter().any(|end| facts.ends_with(end));
    let end = if sentence { "" } else { "입니다" };
    Some(format!("{subject}{topic} {facts}{end}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        of_passage(0, text).into_iter().map(|u| u.text).collect()
    }

    #[test]
    fn a_row_becomes_a_sentence_with_the_names_of_its_columns() {
        let table = "| 지역 | 배송비 | 기간 |\n|---|---|---|\n| 제주도 | 7,000원 | 2일 |\n| S | 1원 | |";
        assert_eq!(texts(table), ["제주도는 배송비 7,000원, 기간 2일입니다.", "지역 S는 배송비 1원입니다."]);
        assert_eq!(texts("| size | price |\n|---|---|\n| L | $3 |"), ["L: price $3."]);
    }

    #[test]
    fn items_lose_their_bullets_and_sentences_that_lean_are_known() {
        assert_eq!(texts("1. 고릅니다. 올립니다.\n- 끝."), ["고릅니다.", "올립니다.", "끝."]);
        let units = of_passage(0, "됩니다. 다만 제주는 안 됩니다.");
        assert_eq!(units.iter().map(|u| u.leans).collect::<Vec<_>>(), [false, true]);
    }
}
