//! The smallest pieces a text is cut at.

use std::ops::Range;

use korean_text::sentences;

use super::TokenCounter;
use super::whole::{DocumentText, PlacedBlock};
use crate::model::BlockKind;

/// A piece that is kept whole: a block, or a part of one that is over the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// Its bytes in the document's text.
    pub(super) at: Range<usize>,
    /// The number of its block.
    pub(super) block: usize,
    pub(super) tokens: u32,
    /// For a row that is not the first of its table: the header's bytes, and its tokens.
    pub(super) header: Option<(Range<usize>, u32)>,
    /// Whether the next chunk may begin with it once more. A row may not: the header goes with it already.
    pub(super) repeatable: bool,
}

/// The units of a document, in order.
pub(super) fn units(whole: &DocumentText, target: u32, counter: &dyn TokenCounter) -> Vec<Unit> {
    let cutting = Cutting { text: whole.as_str(), target, counter };
    whole.blocks().iter().enumerate().flat_map(|(number, block)| cutting.block(number, block)).collect()
}

struct Cutting<'a> {
    text: &'a str,
    target: u32,
    counter: &'a dyn TokenCounter,
}

impl Cutting<'_> {
    fn block(&self, number: usize, block: &PlacedBlock) -> Vec<Unit> {
        let whole = self.unit(block.at.clone(), number, block.kind != BlockKind::Table);
        if whole.tokens <= self.target {
            return vec![whole];
        }
        match block.kind {
            BlockKind::Table => self.rows(number, block),
            BlockKind::Code => self.plain(number, line_ranges(self.text, &block.at)),
            BlockKind::Paragraph | BlockKind::ListItem => self.plain(number, self.sentence_ranges(&block.at)),
        }
    }

    fn plain(&self, block: usize, ranges: Vec<Range<usize>>) -> Vec<Unit> {
        ranges.into_iter().flat_map(|range| self.fitting(range)).map(|range| self.unit(range, block, true)).collect()
    }

    fn unit(&self, at: Range<usize>, block: usize, repeatable: bool) -> Unit {
        let tokens = self.counter.count(&self.text[at.clone()]);
        Unit { at, block, tokens, header: None, repeatable }
    }

    /// The first unit is the header with the first row; every other row has the header to be put above it.
    fn rows(&self, block: usize, placed: &PlacedBlock) -> Vec<Unit> {
        let lines = line_ranges(self.text, &placed.at);
        let [first, rule, rest @ ..] = lines.as_slice() else { return self.plain(block, lines) };
        let header = first.start..rule.end;
        let header_tokens = self.counter.count(&self.text[header.clone()]);
        let mut rows: Vec<Unit> = rest.iter().map(|row| self.unit(row.clone(), block, false)).collect();
        match rows.split_first_mut() {
            None => rows.push(self.unit(header, block, false)),
            Some((top, others)) => {
                top.at.start = header.start;
                top.tokens += header_tokens;
                for row in others {
                    row.header = Some((header.clone(), header_tokens));
                }
            }
        }
        rows
    }

    /// Sentences, with the space between them left to neither.
    fn sentence_ranges(&self, block: &Range<usize>) -> Vec<Range<usize>> {
        let text = &self.text[block.clone()];
        sentences(text).into_iter().map(|sentence| within(self.text, sentence)).collect()
    }

    /// The range itself, or runs of its words when it is over the target; a word over it is cut between characters.
    fn fitting(&self, range: Range<usize>) -> Vec<Range<usize>> {
        if self.counter.count(&self.text[range.clone()]) <= self.target {
            return vec![range];
        }
        let mut runs: Vec<Range<usize>> = Vec::new();
        let mut tokens = 0;
        for word in self.text[range].split_whitespace().map(|word| within(self.text, word)) {
            let more = self.counter.count(&self.text[word.clone()]).max(1);
            match runs.last_mut() {
                Some(run) if tokens + more <= self.target => {
                    run.end = word.end;
                    tokens += more;
                }
                _ if more > self.target => {
                    runs.extend(self.syllables(word));
                    tokens = self.target;
                }
                _ => {
                    runs.push(word);
                    tokens = more;
                }
            }
        }
        runs
    }

    /// A word without end, such as an encoded image: as many characters at a time as there may be tokens.
    fn syllables(&self, word: Range<usize>) -> Vec<Range<usize>> {
        let starts: Vec<usize> = self.text[word.clone()].char_indices().map(|(at, _)| word.start + at).collect();
        let starts: Vec<usize> = starts.into_iter().step_by(self.target.max(1) as usize).collect();
        let ends = starts.iter().copied().skip(1).chain([word.end]);
        starts.iter().zip(ends).map(|(start, end)| *start..end).collect()
    }
}

/// Where a slice of a text stands in it.
fn within(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    start..start + part.len()
}

fn line_ranges(text: &str, block: &Range<usize>) -> Vec<Range<usize>> {
    text[block.clone()].lines().filter(|line| !line.trim().is_empty()).map(|line| within(text, line)).collect()
}
