//! Documents of every kind, made here byte by byte, read as they are; and what becomes of hostile ones.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // tests, with helpers

mod docx;
mod hostile;
mod html;
mod isolation;
mod ocr;
mod pdf;
mod pptx;
mod support;
mod text;
mod xlsx;
