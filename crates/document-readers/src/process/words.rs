//! Words as tesseract tells them, and which of two results is right.

/// A recognised word and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    /// Block, paragraph and line.
    place: [u32; 3],
    left: i32,
    top: i32,
    width: i32,
    height: i32,
    /// 0 to 100.
    confidence: f32,
    text: String,
}

/// How sure tesseract has to be of a Korean word of several syllables to be believed.
const SURE: f32 = 50.0;

/// Reads tesseract's `tsv`.
pub(super) fn parse(tsv: &str) -> Vec<Word> {
    tsv.lines().filter_map(word).collect()
}

fn word(line: &str) -> Option<Word> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [level, _, block, paragraph, line, _, left, top, width, height, confidence, text] = fields.as_slice() else {
        return None;
    };
    if *level != "5" || text.trim().is_empty() {
        return None;
    }
    Some(Word {
        place: [block.parse().ok()?, paragraph.parse().ok()?, line.parse().ok()?],
        left: left.parse().ok()?,
        top: top.parse().ok()?,
        width: width.parse().ok()?,
        height: height.parse().ok()?,
        confidence: confidence.parse().ok()?,
        text: text.trim().to_owned(),
    })
}

/// Words of both languages, with Korean in the place of Latin letters where Korean alone reads Hangul with confidence.
pub(super) fn corrected(mut mixed: Vec<Word>, korean: &[Word]) -> Vec<Word> {
    for word in mixed.iter_mut().filter(|word| is_latin(&word.text)) {
        let same_place = korean.iter().filter(|other| word.begins_with(other));
        let Some(other) = same_place.max_by_key(|other| word.shared_height(other)) else { continue };
        let hangul: String = other.text.chars().take_while(|c| !c.is_ascii_alphanumeric()).collect();
        let syllables = hangul.chars().filter(|c| is_syllable(*c)).count();
        let is_believed = match syllables {
            0 => false,
            1 => other.confidence > word.confidence,
            _ => other.confidence > SURE,
        };
        if is_believed && hangul.starts_with(is_syllable) {
            word.text =
                if hangul == other.text { hangul } else { hangul.trim_end_matches(|c| !is_syllable(c)).to_owned() };
        }
    }
    mixed
}

/// The lines of a page, paragraphs parted by blank lines.
pub(super) fn text(words: &[Word]) -> String {
    let mut text = String::new();
    let mut before: Option<[u32; 3]> = None;
    for word in words {
        match before {
            Some(place) if place == word.place => text.push(' '),
            Some(place) if place[..2] == word.place[..2] => text.push('\n'),
            Some(_) => text.push_str("\n\n"),
            None => {}
        }
        text.push_str(&word.text);
        before = Some(word.place);
    }
    text
}

impl Word {
    /// Whether another word begins where this one does, within half of its height.
    fn begins_with(&self, other: &Self) -> bool {
        (self.left - other.left).abs() <= self.height.max(other.height) / 2
            && self.shared_height(other) * 2 > self.height
    }

    fn shared_height(&self, other: &Self) -> i32 {
        (self.top + self.height).min(other.top + other.height) - self.top.max(other.top)
    }
}

fn is_syllable(character: char) -> bool {
    matches!(character, '가'..='힣')
}

fn is_latin(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_alphabetic()) && !text.contains(is_syllable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(all: &[(u32, i32, f32, &str)]) -> Vec<Word> {
        let tsv = |(line, left, confidence, text): &(u32, i32, f32, &str)| {
            format!("5\t1\t1\t1\t{line}\t1\t{left}\t{}\t50\t20\t{confidence}\t{text}\n", line * 40)
        };
        parse(&all.iter().map(tsv).collect::<String>())
    }

    #[test]
    fn korean_words_taken_for_latin_ones_are_corrected_and_english_ones_stay() {
        let mixed = words(&[
            (1, 0, 40.0, "SES"),
            (1, 60, 90.0, "받은"),
            (2, 0, 20.0, "AAAS"),
            (2, 80, 90.0, "(LED"),
            (3, 0, 95.0, "Please"),
        ]);
        let korean = words(&[
            (1, 2, 95.0, "상품을"),
            (1, 60, 90.0, "받은"),
            (2, 0, 60.0, "전자제품(50"),
            (3, 0, 20.0, "미6356"),
        ]);
        assert_eq!(text(&corrected(mixed, &korean)), "상품을 받은\n전자제품 (LED\nPlease");
    }

    #[test]
    fn what_is_no_word_is_passed_over() {
        assert_eq!(parse("level\tpage_num\n1\t1\t0\t0\t0\t0\t0\t0\t9\t9\t-1\t\n"), []);
        assert_eq!(text(&[]), "");
    }
}
