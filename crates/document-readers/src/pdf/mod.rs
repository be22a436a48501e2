//! PDFs: the text layer, page by page, as blocks.

mod furniture;
mod joining;
mod page;
mod paragraphs;
mod poppler;
mod sizes;
mod tables;

pub(crate) use poppler::ADVICE;

use rag_pipeline::model::{ReadDocument, ReadError};

use self::poppler::Told;
use crate::job::Job;
use crate::outline::Outline;
use crate::programs;

/// Reads a PDF with poppler's `pdftotext`. Larger text is a heading; headers, footers and page numbers are taken off;
/// lines are joined to paragraphs, also across pages (the page of a block is the one it begins on); words in columns are
/// a table where that is certain. Pages that show something and have no text are scans.
pub(crate) fn read(job: &Job<'_>) -> Result<ReadDocument, ReadError> {
    let Some(program) = programs::find("pdftotext") else { return Err(job.not_here(ADVICE)) };
    let Told { title, mut pages } = poppler::pages(job, &program)?;
    let without_text: Vec<u32> = (1..).zip(&pages).filter(|(_, page)| page.lines.is_empty()).map(|(n, _)| n).collect();
    let scans = poppler::not_blank(job, &without_text)?;
    furniture::remove(&mut pages);
    let mut outline = Outline::new(job);
    paragraphs::write(job, &pages, &mut outline)?;
    let mut document = outline.finish(Some(&title), pages.len() as u32);
    document.scans = scans;
    Ok(document)
}
