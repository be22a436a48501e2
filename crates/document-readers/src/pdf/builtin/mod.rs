//! Reading PDFs without poppler: the words of content streams and their places, on hayro's parsers.
//!
//! It knows the character maps of Korean fonts, embedded or not. Pages whose text it cannot tell are an error, not a
//! document with holes.

mod canvas;
mod fonts;
mod interpreter;
mod matrix;

use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use rag_pipeline::model::ReadError;

use self::interpreter::Interpreter;
use super::ADVICE;
use super::page::{Page, Told};
use crate::job::Job;

/// How much of a document's text may be characters that nothing tells: 1 in 20. Bullets of symbol fonts are such.
const UNKNOWN: usize = 20;

/// Words and their places, and which pages show something without words.
pub(super) fn read(job: &Job<'_>) -> Result<Told, ReadError> {
    let pdf = Pdf::new(job.raw.bytes.clone()).map_err(|cause| match cause {
        LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => {
            job.not_here(format!("its encryption is one that only poppler knows. {ADVICE}"))
        }
        LoadPdfError::Decryption(_) => job.encrypted(),
        LoadPdfError::Invalid => job.unreadable("it is damaged: its pages cannot be found"),
    })?;
    if pdf.pages().len() > job.limits.pages as usize {
        return Err(job.too_large("pages", job.limits.pages.into()));
    }
    let mut told = Told { title: title(pdf.metadata().title.as_deref()), ..Told::default() };
    let mut interpreter = Interpreter::new(job);
    for (number, page) in (1..).zip(pdf.pages().iter()) {
        let (width, height) = page.render_dimensions();
        let (lines, shows_something) = interpreter.page(page)?;
        if lines.is_empty() && shows_something {
            told.scans.push(number);
        }
        told.pages.push(Page { width, height, lines });
    }
    let (known, unknown) = interpreter.characters();
    if unknown * UNKNOWN > known {
        return Err(job.not_here(format!("{unknown} of its characters cannot be told from its fonts alone. {ADVICE}")));
    }
    Ok(told)
}

/// Texts in properties are UTF-16 with a mark, UTF-8 with one, or much like Latin 1.
fn title(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else { return String::new() };
    let (encoding, mark) = encoding_rs::Encoding::for_bom(bytes).unwrap_or((encoding_rs::WINDOWS_1252, 0));
    encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned()
}
