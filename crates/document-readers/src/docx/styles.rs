//! Which styles are headings, and on which level.

use std::collections::BTreeMap;

use crate::ooxml::Element;

/// Styles may be based on each other; more links than this are a circle.
const LONGEST_CHAIN: usize = 20;

/// What a paragraph is by its style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The document's title.
    Title,
    /// A heading, 1 the outermost level.
    Heading(u8),
    /// An entry of the table of contents.
    Contents,
    Text,
}

/// The paragraph styles of a document.
#[derive(Default)]
pub(super) struct Styles(BTreeMap<String, Style>);

#[derive(Default)]
struct Style {
    name: String,
    based_on: Option<String>,
    level: Option<u8>,
    list: Option<(String, usize)>,
}

impl Styles {
    pub(super) fn of(part: Option<&Element>) -> Self {
        let styles = part.into_iter().flat_map(Element::elements).filter(|element| element.name == "style");
        Self(styles.filter_map(|style| Some((style.attribute("styleId")?.to_owned(), Style::of(style)))).collect())
    }

    /// What a paragraph is: by its own outline level, else by the first in the chain of its styles that tells.
    pub(super) fn role(&self, properties: Option<&Element>) -> Role {
        if let Some(level) = properties.and_then(outline_level) {
            return level;
        }
        let roles = self.chain(properties).map(|(id, style)| style.role(id));
        roles.into_iter().find(|role| *role != Role::Text).unwrap_or(Role::Text)
    }

    /// The list that the paragraph's style puts it in: the id of its numbering and the level.
    pub(super) fn list(&self, properties: Option<&Element>) -> Option<(String, usize)> {
        self.chain(properties).find_map(|(_, style)| style.list.clone())
    }

    fn chain<'a>(&'a self, properties: Option<&'a Element>) -> impl Iterator<Item = (&'a str, &'a Style)> {
        let mut next = properties.and_then(|properties| properties.value_of("pStyle"));
        std::iter::from_fn(move || {
            let id = next?;
            let style = self.0.get(id)?;
            next = style.based_on.as_deref();
            Some((id, style))
        })
        .take(LONGEST_CHAIN)
    }
}

impl Style {
    fn of(element: &Element) -> Self {
        let properties = element.child("pPr");
        Self {
            name: element.value_of("name").unwrap_or_default().trim().to_lowercase(),
            based_on: element.value_of("basedOn").map(str::to_owned),
            level: properties.and_then(|p| p.value_of("outlineLvl")).and_then(|level| level.parse().ok()),
            list: properties.and_then(|p| p.child("numPr")).and_then(list_of),
        }
    }

    /// Word writes the names of its own styles in English whatever its language is; other programs, and old files, write
    /// them as they show them.
    fn role(&self, id: &str) -> Role {
        for name in [self.name.as_str(), &id.to_lowercase()] {
            if name.starts_with("toc ") || name.starts_with("목차") || name == "toc" {
                return Role::Contents;
            }
            if matches!(name, "title" | "제목") {
                return Role::Title;
            }
            let number = ["heading", "제목", "개요", "überschrift", "titre", "标题", "見出し"]
                .iter()
                .find_map(|word| name.strip_prefix(word)?.trim().parse::<u8>().ok());
            if let Some(level) = number.filter(|level| (1..=9).contains(level)) {
                return Role::Heading(level);
            }
        }
        match self.level {
            Some(level @ 0..=8) => Role::Heading(level + 1),
            _ => Role::Text,
        }
    }
}

/// The numbering that `numPr` names.
pub(super) fn list_of(properties: &Element) -> Option<(String, usize)> {
    let level = properties.value_of("ilvl").and_then(|level| level.parse().ok()).unwrap_or(0);
    Some((properties.value_of("numId")?.to_owned(), level))
}

/// The outline level of a paragraph itself; 9 is running text.
fn outline_level(properties: &Element) -> Option<Role> {
    let level: u8 = properties.value_of("outlineLvl")?.parse().ok()?;
    Some(if level < 9 { Role::Heading(level + 1) } else { Role::Text })
}
