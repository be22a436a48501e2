//! The numbers and bullets of list items.

use std::collections::BTreeMap;

use crate::ooxml::Element;

/// The lists of a document, and how far they are counted.
#[derive(Default)]
pub(super) struct Lists {
    /// The abstract numbering of each numbering.
    numberings: BTreeMap<String, String>,
    /// Levels of each abstract numbering.
    levels: BTreeMap<String, Vec<Level>>,
    /// For each abstract numbering, how many items there were on each level.
    counts: BTreeMap<String, Vec<u32>>,
}

#[derive(Clone)]
struct Level {
    format: String,
    start: u32,
}

impl Lists {
    pub(super) fn of(part: Option<&Element>) -> Self {
        let mut lists = Self::default();
        for element in part.into_iter().flat_map(Element::elements) {
            match element.name.as_str() {
                "abstractNum" => {
                    let id = element.attribute("abstractNumId").unwrap_or_default().to_owned();
                    let levels = element.elements().filter(|child| child.name == "lvl").map(Level::of).collect();
                    lists.levels.insert(id, levels);
                }
                "num" => {
                    let id = element.attribute("numId").unwrap_or_default().to_owned();
                    let of = element.value_of("abstractNumId").unwrap_or_default().to_owned();
                    lists.numberings.insert(id, of);
                }
                _ => {}
            }
        }
        lists
    }

    /// The marker of the next item on a level: `3.` or `-`; `None` when the numbering is none (`numId` 0).
    pub(super) fn next_marker(&mut self, numbering: &str, level: usize) -> Option<String> {
        let list = self.numberings.get(numbering)?;
        let known = self.levels.get(list).and_then(|levels| levels.get(level)).cloned();
        let level_of = known.unwrap_or(Level { format: "bullet".to_owned(), start: 1 });
        if matches!(level_of.format.as_str(), "bullet" | "none") {
            return Some("-".to_owned());
        }
        let counts = self.counts.entry(list.clone()).or_default();
        counts.truncate(level + 1);
        counts.resize(level + 1, 0);
        counts[level] += 1;
        let number = level_of.start + counts[level] - 1;
        Some(written(&level_of.format, number))
    }
}

impl Level {
    fn of(element: &Element) -> Self {
        Self {
            format: element.value_of("numFmt").unwrap_or("decimal").to_owned(),
            start: element.value_of("start").and_then(|start| start.parse().ok()).filter(|n| *n < 10_000).unwrap_or(1),
        }
    }
}

/// A number as its format writes it, where that is common in Korean documents; else in digits.
fn written(format: &str, number: u32) -> String {
    const GANADA: [char; 14] = ['가', '나', '다', '라', '마', '바', '사', '아', '자', '차', '카', '타', '파', '하'];
    let index = number.saturating_sub(1) as usize;
    let letter = |first: u8| (index < 26).then(|| char::from(first + index as u8).to_string());
    let special = match format {
        "ganada" => GANADA.get(index).map(char::to_string),
        "upperLetter" => letter(b'A'),
        "lowerLetter" => letter(b'a'),
        "decimalEnclosedCircle" => {
            (index < 20).then(|| char::from_u32(0x2460 + index as u32).map(String::from)).flatten()
        }
        _ => None,
    };
    format!("{}.", special.unwrap_or_else(|| number.to_string()))
}
