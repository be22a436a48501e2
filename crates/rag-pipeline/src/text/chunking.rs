//! Cutting a document's text into chunks along its structure.

use std::ops::Range;

use korean_text::estimate_tokens;

use super::units::{Unit, units};
use super::whole::DocumentText;
use crate::model::Place;

/// Counts the tokens of a text as some model would.
pub trait TokenCounter: Send + Sync {
    /// What counts: documents cut by another counter are to be cut anew.
    fn name(&self) -> String;

    /// The tokens of a text.
    fn count(&self, text: &str) -> u32;
}

/// Estimates, without the tables of any model.
#[derive(Debug, Clone, Copy, Default)]
pub struct EstimatedTokens;

impl TokenCounter for EstimatedTokens {
    fn name(&self) -> String {
        "estimate-1".into()
    }

    fn count(&self, text: &str) -> u32 {
        estimate_tokens(text)
    }
}

/// Cuts documents into chunks of about the target size: never across headings, at the ends of sentences, tables whole
/// where they fit and else by rows with the header repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunker {
    /// Tokens a chunk should not exceed; with the overlap and the header of its table it may.
    pub target_tokens: u32,
    /// Tokens of whole sentences that a chunk has in common with the one before it, where they were cut for size alone.
    pub overlap_tokens: u32,
}

impl Default for Chunker {
    /// 500 tokens, 50 of them in common: what the file pipeline this comes from used.
    fn default() -> Self {
        Self { target_tokens: 500, overlap_tokens: 50 }
    }
}

/// A chunk before it has an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The headings above it.
    pub heading_path: Vec<String>,
    /// The text: what stands at its place, under the header of the table that it is a part of.
    pub text: String,
    /// Tokens of the text.
    pub tokens: u32,
    /// Where it stands.
    pub place: Place,
}

impl Chunker {
    /// Name and version of this way of cutting: documents cut by another are to be cut anew.
    pub fn version(self, counter: &dyn TokenCounter) -> String {
        format!("sections-2/{}+{}/{}", self.target_tokens, self.overlap_tokens, counter.name())
    }

    /// The document's pieces, in order; none of them is blank.
    pub fn cut(self, whole: &DocumentText, counter: &dyn TokenCounter) -> Vec<Piece> {
        let units = units(whole, self.target_tokens, counter);
        let mut places = Places::new(whole.as_str());
        self.runs(whole, &units).into_iter().map(|run| piece(whole, &units[run], counter, &mut places)).collect()
    }

    /// Which units make a chunk: as many as fit, as long as the headings are the same.
    fn runs(self, whole: &DocumentText, units: &[Unit]) -> Vec<Range<usize>> {
        let path = |unit: &Unit| &whole.blocks()[unit.block].heading_path;
        let mut runs: Vec<Range<usize>> = Vec::new();
        let mut tokens = 0;
        for (at, unit) in units.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if path(&units[run.start]) == path(unit) => {
                    if tokens + unit.tokens <= self.target_tokens {
                        run.end = at + 1;
                        tokens += unit.tokens;
                        continue;
                    }
                    let start = self.overlap(units, run.clone());
                    runs.push(start..at + 1);
                    tokens = unit.tokens + units[start..at].iter().map(|u| u.tokens).sum::<u32>();
                }
                _ => {
                    runs.push(at..at + 1);
                    tokens = unit.tokens;
                }
            }
            tokens += unit.header.as_ref().map_or(0, |(_, tokens)| *tokens);
        }
        runs
    }

    /// Where the chunk after `run` begins: with its last units, as many as the overlap allows, but not with all of it.
    fn overlap(self, units: &[Unit], run: Range<usize>) -> usize {
        let mut left = self.overlap_tokens;
        let mut start = run.end;
        while start > run.start + 1 && units[start - 1].repeatable && units[start - 1].tokens <= left {
            start -= 1;
            left -= units[start].tokens;
        }
        start
    }
}

fn piece(whole: &DocumentText, run: &[Unit], counter: &dyn TokenCounter, places: &mut Places<'_>) -> Piece {
    let (first, last) = (&run[0], &run[run.len() - 1]);
    let (block, at) = (&whole.blocks()[first.block], first.at.start..last.at.end);
    let mut text = whole.as_str()[at.clone()].to_owned();
    if let Some((header, _)) = &first.header {
        text = format!("{}\n{text}", &whole.as_str()[header.clone()]);
    }
    let (start, end) = places.of(&at);
    Piece {
        heading_path: block.heading_path.clone(),
        tokens: counter.count(&text),
        text,
        place: Place { page: block.page, start, end },
    }
}

/// Counts characters along a text. Chunks come nearly in order, so that it is walked through about once.
struct Places<'a> {
    text: &'a str,
    bytes: usize,
    characters: u32,
}

impl<'a> Places<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, bytes: 0, characters: 0 }
    }

    fn of(&mut self, at: &Range<usize>) -> (u32, u32) {
        let start = self.to(at.start);
        (start, start + self.text[at.clone()].chars().count() as u32)
    }

    fn to(&mut self, bytes: usize) -> u32 {
        if bytes >= self.bytes {
            self.characters += self.text[self.bytes..bytes].chars().count() as u32;
        } else {
            self.characters -= self.text[bytes..self.bytes].chars().count() as u32;
        }
        self.bytes = bytes;
        self.characters
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Block, BlockKind, ReadDocument};

    fn block(heading: &str, kind: BlockKind, text: &str) -> Block {
        Block { heading_path: vec![heading.to_owned()], kind, text: text.to_owned(), page: Some(2) }
    }

    fn cut(target_tokens: u32, overlap_tokens: u32, blocks: Vec<Block>) -> (DocumentText, Vec<Piece>) {
        let whole = DocumentText::of(&ReadDocument { blocks, ..ReadDocument::default() });
        let pieces = Chunker { target_tokens, overlap_tokens }.cut(&whole, &EstimatedTokens);
        (whole, pieces)
    }

    fn texts(target_tokens: u32, overlap_tokens: u32, blocks: Vec<Block>) -> Vec<String> {
        cut(target_tokens, overlap_tokens, blocks).1.into_iter().map(|p| p.text).collect()
    }

    fn at(whole: &DocumentText, place: &Place) -> String {
        whole.as_str().chars().skip(place.start as usize).take((place.end - place.start) as usize).collect()
    }

    #[test]
    fn blocks_of_one_heading_share_a_chunk_and_headings_never_do() {
        let item = BlockKind::ListItem;
        let blocks = vec![
            block("가", BlockKind::Paragraph, "하나."),
            block("가", item, "- 둘"),
            block("가", item, "- 셋"),
            block("나", item, "- 넷"),
        ];
        assert_eq!(texts(100, 10, blocks), ["하나.\n\n- 둘\n- 셋", "- 넷"]);
    }

    #[test]
    fn a_table_over_the_target_is_cut_by_rows_under_its_header() {
        let table = "| 지역 | 값 |\n|---|---|\n| 제주 | 1 |\n| 부산 | 2 |\n| 서울 | 3 |";
        let (whole, pieces) = cut(28, 10, vec![block("가", BlockKind::Table, table)]);
        assert!(pieces.len() > 1);
        assert!(pieces.iter().all(|p| p.text.starts_with("| 지역 | 값 |\n|---|---|\n| ")), "{pieces:?}");
        assert!(at(&whole, &pieces[1].place).starts_with("| "));
        let rows: usize = pieces.iter().map(|p| p.text.lines().count() - 2).sum();
        assert_eq!(rows, 3);
    }

    #[test]
    fn long_paragraphs_are_cut_between_sentences_and_overlap_by_whole_ones() {
        let blocks = || vec![block("가", BlockKind::Paragraph, "첫 문장입니다. 둘째 문장입니다. 셋째 문장입니다.")];
        assert_eq!(texts(12, 0, blocks()), ["첫 문장입니다. 둘째 문장입니다.", "셋째 문장입니다."]);
        assert_eq!(texts(12, 7, blocks()), ["첫 문장입니다. 둘째 문장입니다.", "둘째 문장입니다. 셋째 문장입니다."]);
    }

    #[test]
    fn a_word_without_end_is_cut_all_the_same() {
        let parts = texts(20, 0, vec![block("가", BlockKind::Paragraph, &"가나다".repeat(50))]);
        assert!(parts.len() > 5 && parts.iter().all(|p| p.chars().count() <= 20), "{parts:?}");
        assert_eq!(parts.concat(), "가나다".repeat(50));
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_no_chunk_is_far_over_the_target(text in "([가-힣a-z]{1,8}[.]?[ \n]){1,60}", target in 5u32..40) {
            let parts = texts(target, 0, vec![block("가", BlockKind::Paragraph, text.trim())]);
            let joined: String = parts.concat().split_whitespace().collect();
            prop_assert_eq!(joined, text.split_whitespace().collect::<String>());
            prop_assert!(parts.iter().all(|p| estimate_tokens(p) <= target + 12));
        }

        #[test]
        fn a_chunk_is_what_stands_at_its_place(
            texts in prop::collection::vec(("[가나다]", 0..4_usize, "([가-힣a-z|]{1,8}[.]?[ \n]){1,20}x"), 1..12),
            target in 5u32..40, overlap in 0u32..15,
        ) {
            let kinds = [BlockKind::Paragraph, BlockKind::ListItem, BlockKind::Table, BlockKind::Code];
            let blocks: Vec<Block> = texts.iter().map(|(heading, kind, text)| block(heading, kinds[*kind], text)).collect();
            let (whole, pieces) = cut(target, overlap, blocks);
            for piece in &pieces {
                prop_assert!(piece.text.ends_with(&at(&whole, &piece.place)), "{:?}", piece);
                prop_assert!(!piece.text.trim().is_empty());
                prop_assert_eq!(piece.place.page, Some(2));
            }
            prop_assert!(pieces.windows(2).all(|two| two[0].place.start < two[1].place.start));
        }
    }
}
