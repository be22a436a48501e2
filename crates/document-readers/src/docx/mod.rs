//! Word documents (DOCX).

mod body;
mod lists;
mod runs;
mod styles;
mod tables;

use std::collections::BTreeMap;

use rag_pipeline::model::{ReadDocument, ReadError};

use self::body::Body;
use self::lists::Lists;
use self::styles::Styles;
use crate::job::Job;
use crate::ooxml::{Element, Package};
use crate::outline::Outline;

/// Reads a document: headings by the outline level of their style, lists, tables, notes after the paragraph that refers
/// to them. Deleted and hidden text, tables of contents, headers and footers are left out. It has no pages: where they
/// begin is decided by whoever prints it.
pub(crate) fn read(
    job: &Job<'_>,
    package: &mut Package<'_>,
    main: &str,
    root: &Element,
    title: Option<&str>,
) -> Result<ReadDocument, ReadError> {
    let part = |package: &mut Package<'_>, kind: &str| match package.related(main, kind)? {
        Some(name) => package.xml(&name),
        None => Ok(None),
    };
    let styles = Styles::of(part(package, "styles")?.as_ref());
    let lists = Lists::of(part(package, "numbering")?.as_ref());
    let mut notes = notes(part(package, "footnotes")?.as_ref(), 'f');
    notes.append(&mut self::notes(part(package, "endnotes")?.as_ref(), 'e'));
    let body = root.child("body").ok_or_else(|| job.unreadable("it has no body"))?;
    let mut reading = Body { job, outline: Outline::new(job), styles, lists, notes, titled: None };
    reading.blocks(body)?;
    let titled = reading.titled.take();
    Ok(reading.outline.finish(title.filter(|title| !title.trim().is_empty()).or(titled.as_deref()), 0))
}

/// The texts of notes by id, marked by what kind they are.
fn notes(part: Option<&Element>, kind: char) -> BTreeMap<(char, String), String> {
    let all = part.into_iter().flat_map(Element::elements);
    let real = all.filter(|note| note.attribute("type").is_none_or(|t| t == "normal"));
    real.filter_map(|note| {
        let text = note.elements().map(|p| runs::text(p).text).collect::<Vec<_>>().join(" ");
        Some(((kind, note.attribute("id")?.to_owned()), text.trim().to_owned()))
    })
    .filter(|(_, text)| !text.is_empty())
    .collect()
}
