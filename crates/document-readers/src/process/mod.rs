//! What needs other processes and waits for them without a thread.

mod child;
mod isolated;
mod ocr;
mod program;
mod renderer;
mod words;

pub use isolated::{IsolatedReader, PoolOptions};
pub use ocr::TesseractOcr;
pub use renderer::PdfRenderer;
