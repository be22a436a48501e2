//! The text of a paragraph.

use crate::ooxml::{Element, Node};

/// What a paragraph says.
#[derive(Default)]
pub(super) struct Spoken<'a> {
    pub(super) text: String,
    /// Notes it refers to, by kind (`f`oot or `e`nd) and id.
    pub(super) notes: Vec<(char, String)>,
    /// Frames of text that are anchored in it.
    pub(super) frames: Vec<&'a Element>,
}

/// The text of a paragraph as it stands after all changes are accepted, without hidden text and codes of fields.
pub(super) fn text(paragraph: &Element) -> Spoken<'_> {
    let mut spoken = Spoken::default();
    collect(paragraph, &mut spoken);
    spoken
}

fn collect<'a>(element: &'a Element, spoken: &mut Spoken<'a>) {
    for child in element.elements() {
        match child.name.as_str() {
            // `del` and `moveFrom` are what a tracked change took away; `Fallback` repeats its `Choice`.
            "del" | "moveFrom" | "instrText" | "delText" | "pPr" | "rPr" | "Fallback" | "rt" => {}
            "r" if child.child("rPr").is_some_and(|properties| properties.is_on("vanish")) => {}
            "t" => spoken.text.push_str(&own_text(child)),
            "tab" | "ptab" => spoken.text.push(' '),
            "br" | "cr" => spoken.text.push('\n'),
            "noBreakHyphen" => spoken.text.push('-'),
            "sym" => spoken.text.push_str(symbol(child)),
            "footnoteReference" => note(child, 'f', spoken),
            "endnoteReference" => note(child, 'e', spoken),
            "txbxContent" => spoken.frames.push(child),
            _ => collect(child, spoken),
        }
    }
}

fn own_text(element: &Element) -> String {
    element
        .children
        .iter()
        .filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        })
        .collect()
}

fn note(reference: &Element, kind: char, spoken: &mut Spoken<'_>) {
    if let Some(id) = reference.attribute("id") {
        spoken.notes.push((kind, id.to_owned()));
    }
}

/// Characters of Wingdings that mean something in running text.
fn symbol(element: &Element) -> &'static str {
    match element.attribute("char").map(str::to_ascii_uppercase).as_deref() {
        Some("F0E0") => "→",
        Some("F0DF") => "←",
        Some("F0FC" | "F0FE") => "✓",
        _ => "",
    }
}
