//! What readers leave in a text that nobody wrote there on purpose.

use unicode_normalization::UnicodeNormalization;

use crate::model::{Block, BlockKind, ReadDocument};

/// Cleans every block: letters are composed (NFC; macOS writes Hangul in parts), characters that show nothing are taken out, runs of white space become one, blank lines one at
/// most; blocks that are blank then are dropped. Headings, code and the rows of tables keep their form.
pub fn clean(mut document: ReadDocument) -> ReadDocument {
    document.title = one_line(&document.title);
    document.blocks = document.blocks.iter().filter_map(clean_block).collect();
    document
}

fn clean_block(block: &Block) -> Option<Block> {
    let text = match block.kind {
        BlockKind::Code => visible(&block.text).trim_matches('\n').trim_end().to_owned(),
        BlockKind::Table | BlockKind::Paragraph => lines(&block.text, one_line),
        BlockKind::ListItem => lines(&block.text, |line| {
            let indent: String = line.chars().take_while(|c| *c == ' ').collect();
            format!("{indent}{}", one_line(line))
        }),
    };
    let heading_path = block.heading_path.iter().map(|h| one_line(h)).filter(|h| !h.is_empty()).collect();
    (!text.trim().is_empty()).then_some(Block { heading_path, text, kind: block.kind, page: block.page })
}

/// The lines, each made over, with one blank line at most in a row and none at the ends.
fn lines(text: &str, over: impl Fn(&str) -> String) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.lines() {
        let line = over(line);
        if line.trim().is_empty() {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank > 0 { "\n\n" } else { "\n" });
        }
        blank = 0;
        out.push_str(line.trim_end());
    }
    out
}

fn one_line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without characters that show nothing; every kind of line break is `\n`, every other control a space.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.nfc().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{2028}' | '\u{2029}' | '\u{0b}' | '\u{0c}' | '\u{85}' => out.push('\n'),
            // Soft hyphens, zero-width spaces, marks of direction, byte order marks, noncharacters, and what stands for a
            // byte that could not be read.
            '\u{ad}'
            | '\u{200b}'
            | '\u{2060}'
            | '\u{feff}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{fffd}'..='\u{ffff}' => {}
            c if c.is_control() || c == '\u{a0}' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(kind: BlockKind, text: &str) -> Option<String> {
        let block = Block { heading_path: Vec::new(), kind, text: text.to_owned(), page: Some(3) };
        let document = clean(ReadDocument { blocks: vec![block], ..ReadDocument::default() });
        document.blocks.into_iter().next().map(|block| block.text)
    }

    #[test]
    fn what_shows_nothing_goes_and_white_space_becomes_one() {
        let dirty = "\u{feff}배\u{ad}송은\u{a0} \t2일\u{200b}\r\n\r\n\r\n\r\n걸립니다\u{c}\u{7}.\u{fffd}";
        assert_eq!(cleaned(BlockKind::Paragraph, dirty).unwrap(), "배송은 2일\n\n걸립니다\n.");
        assert_eq!(cleaned(BlockKind::Paragraph, "\u{1107}\u{1162}").unwrap(), "배");
    }

    #[test]
    fn code_and_nested_lists_keep_their_indent() {
        assert_eq!(cleaned(BlockKind::Code, "\nlet  a;\n\n\n  b\n").unwrap(), "let  a;\n\n\n  b");
        assert_eq!(cleaned(BlockKind::ListItem, "- a  b\n  -  c").unwrap(), "- a b\n  - c");
    }

    #[test]
    fn blocks_of_nothing_are_dropped() {
        assert_eq!(cleaned(BlockKind::Paragraph, " \u{200b}\n\u{feff} "), None);
    }
}
