//! Workbooks (XLSX).

mod formats;
mod regions;
mod sheet;
mod strings;

use rag_pipeline::model::{ReadDocument, ReadError};

use self::formats::Formats;
use self::sheet::Sheet;
use crate::job::Job;
use crate::names::base_name;
use crate::ooxml::{Element, Package};
use crate::outline::Outline;

/// Reads a workbook: each sheet that is not hidden under its name as heading, its page the sheet's number among all.
/// Formulas give the value that was computed last; numbers, dates and percentages look as their format says. What stands
/// between blank rows is one table, rows of a single cell above it are paragraphs.
pub(crate) fn read(
    job: &Job<'_>,
    package: &mut Package<'_>,
    main: &str,
    root: &Element,
    title: Option<&str>,
) -> Result<ReadDocument, ReadError> {
    let targets = package.relationships(main)?;
    let related = |kind: &str| targets.values().find(|target| target.kind == kind).map(|target| target.target.clone());
    let texts = match related("sharedStrings") {
        Some(part) => strings::read(job, &part, &package.text(&part)?.unwrap_or_default())?,
        None => Vec::new(),
    };
    let styles = match related("styles") {
        Some(part) => package.xml(&part)?,
        None => None,
    };
    let counts_from_1904 = root
        .child("workbookPr")
        .and_then(|properties| properties.attribute("date1904"))
        .is_some_and(|value| value == "1" || value == "true");
    let formats = Formats::of(styles.as_ref(), counts_from_1904);
    let sheets: Vec<&Element> =
        root.child("sheets").into_iter().flat_map(Element::elements).filter(|sheet| sheet.name == "sheet").collect();
    if sheets.len() > job.limits.pages as usize {
        return Err(job.too_large("sheets", job.limits.pages.into()));
    }
    let mut outline = Outline::new(job);
    for (number, sheet) in (1..).zip(&sheets) {
        let target = sheet.relationship().and_then(|id| targets.get(id));
        let Some(target) = target.filter(|target| target.kind == "worksheet" && !is_hidden(sheet)) else { continue };
        let text = package.text(&target.target)?.unwrap_or_default();
        let cells = Sheet::read(job, &target.target, &text, &texts, &formats)?;
        drop(text);
        outline.turn_to(number);
        outline.end_headings();
        outline.heading(1, sheet.attribute("name").unwrap_or_default())?;
        regions::write(job, cells, &mut outline)?;
    }
    if outline.is_empty() {
        return Err(job.empty());
    }
    let named = title.filter(|title| !title.trim().is_empty()).unwrap_or(base_name(&job.raw.name));
    Ok(outline.finish(Some(named), sheets.len() as u32))
}

fn is_hidden(sheet: &Element) -> bool {
    matches!(sheet.attribute("state"), Some("hidden" | "veryHidden"))
}
