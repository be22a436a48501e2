//! Reading documents into headed text.
//!
//! [`Readers`] reads text, Markdown, HTML, PDF, DOCX, PPTX, XLSX, CSV and TSV, and takes images for scans, in the process
//! that asks. [`IsolatedReader`] has that done by child processes that run [`worker::run`], so that no file can harm the
//! process that asks. [`PdfRenderer`] and [`TesseractOcr`] recognise the text of scans. All are bounded by [`Limits`].

mod compound;
mod delimited;
mod docx;
mod encoding;
mod front_matter;
mod html;
mod job;
mod kind;
mod limits;
mod markdown;
mod names;
mod ooxml;
mod outline;
mod pdf;
mod plain;
mod pptx;
mod process;
mod programs;
mod readers;
mod tables;
pub mod worker;
mod xlsx;

pub use limits::Limits;
pub use process::{IsolatedReader, PdfRenderer, PoolOptions, TesseractOcr};
pub use readers::Readers;
