//! Presentations (PPTX).

mod shapes;

use rag_pipeline::model::{BlockKind, ReadDocument, ReadError};

use self::shapes::Slide;
use crate::job::Job;
use crate::ooxml::{Element, Package};
use crate::outline::Outline;

/// Reads a presentation in the order it is shown: the title of each slide is a heading, its page the slide's number;
/// lists, tables, and the speaker's notes as paragraphs at the end of their slide. Hidden slides are left out, and
/// counted. Pictures are not looked at.
pub(crate) fn read(
    job: &Job<'_>,
    package: &mut Package<'_>,
    main: &str,
    root: &Element,
    title: Option<&str>,
) -> Result<ReadDocument, ReadError> {
    let targets = package.relationships(main)?;
    let list = root.child("sldIdLst").into_iter().flat_map(Element::elements);
    let slides: Vec<_> =
        list.filter_map(|slide| targets.get(slide.relationship()?)).map(|target| target.target.clone()).collect();
    if slides.len() > job.limits.pages as usize {
        return Err(job.too_large("slides", job.limits.pages.into()));
    }
    let mut outline = Outline::new(job);
    for (number, part) in (1..).zip(&slides) {
        let root = package.needed_xml(part)?;
        if root.attribute("show") == Some("0") {
            continue;
        }
        outline.turn_to(number);
        let notes = match package.related(part, "notesSlide")? {
            Some(part) => package.xml(&part)?,
            None => None,
        };
        slide(job, &mut outline, &root, notes.as_ref())?;
    }
    Ok(outline.finish(title, slides.len() as u32))
}

fn slide(job: &Job<'_>, outline: &mut Outline<'_>, root: &Element, notes: Option<&Element>) -> Result<(), ReadError> {
    let slide = Slide::of(job, root)?;
    // The slide before ends here, also when this one has no title.
    outline.end_headings();
    if let Some(title) = &slide.title {
        outline.heading(1, title)?;
    }
    for part in slide.parts {
        match part {
            shapes::Part::Paragraph(text) => outline.block(BlockKind::Paragraph, &text)?,
            shapes::Part::Item(depth, marker, text) => outline.list_item(depth, &marker, &text)?,
            shapes::Part::Table(table) => outline.table(table)?,
        }
    }
    for note in notes.map(shapes::notes).unwrap_or_default() {
        outline.block(BlockKind::Paragraph, &note)?;
    }
    Ok(())
}
