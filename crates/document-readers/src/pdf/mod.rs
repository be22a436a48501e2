//! PDFs: the text layer, page by page, as blocks.

mod builtin;
mod furniture;
mod joining;
mod page;
mod paragraphs;
mod poppler;
mod sizes;
mod tables;

pub(crate) use poppler::ADVICE;

use rag_pipeline::model::{ReadDocument, ReadError};

use self::page::Told;
use crate::job::Job;
use crate::outline::Outline;
use crate::programs;

/// Reads a PDF with poppler's `pdftotext`, else with what is built in. Larger text is a heading; headers, footers and page
/// numbers are taken off; lines are joined to paragraphs, also across pages (the page of a block is the one it begins on);
/// words in columns are a table where that is certain. Pages that show something and have no text are scans.
pub(crate) fn read(job: &Job<'_>, uses_programs: bool) -> Result<ReadDocument, ReadError> {
    let program = uses_programs.then(|| programs::find("pdftotext")).flatten();
    let Told { title, mut pages, scans } = match program {
        Some(program) => poppler::read(job, &program)?,
        None => builtin::read(job)?,
    };
    furniture::remove(&mut pages);
    let mut outline = Outline::new(job);
    paragraphs::write(job, &pages, &mut outline)?;
    let mut document = outline.finish(Some(&title), pages.len() as u32);
    document.scans = scans;
    Ok(document)
}
