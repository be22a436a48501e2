//! Pages of PDFs as images, and images as they are.

use std::time::Duration;

use async_trait::async_trait;
use rag_pipeline::model::{PageImage, RawDocument, ReadError};
use rag_pipeline::ports::PageRenderer;

use super::program::{Bounds, Failure, Output, run};
use crate::{pdf, programs};

/// Dots per inch. Tesseract wants capitals of 20 to 30 dots; at 200 those of 10-point text have 20. On an A4 page of Korean
/// text with English words 300 took a quarter longer and took more Korean words for Latin ones; 150 was as good there, and
/// leaves too little of small print.
const DOTS_PER_INCH: f32 = 200.0;
/// The longest side of an image, in dots: an A2 page. Larger pages are rendered with fewer dots per inch.
const LONGEST_SIDE: f32 = 4_700.0;
/// A grey page of the longest sides, as PNG, is smaller.
const IMAGE_BYTES: u64 = 64 << 20;

/// Renders pages of PDFs with poppler's `pdftoppm`: grey, 200 dots per inch, PNG. An image file is its own only page.
#[derive(Debug, Clone)]
pub struct PdfRenderer {
    bounds: Bounds,
}

impl Default for PdfRenderer {
    /// A page may take 30 s and 1 GiB.
    fn default() -> Self {
        Self::new(Duration::from_secs(30), 1 << 30)
    }
}

impl PdfRenderer {
    /// A renderer whose pages take so much time and memory (bytes, kept on Linux) at most.
    pub const fn new(time: Duration, memory: u64) -> Self {
        Self { bounds: Bounds { time, memory, output: IMAGE_BYTES } }
    }

    async fn run(&self, raw: &RawDocument, program: &str, arguments: &[&str]) -> Result<Output, ReadError> {
        let name = raw.name.clone();
        let Some(path) = programs::find(program) else {
            return Err(ReadError::NotHere { name, reason: pdf::ADVICE.to_owned() });
        };
        let output = run(&path, arguments, &raw.bytes, self.bounds).await.map_err(|failure| match failure {
            Failure::TimedOut => ReadError::TimedOut { name: name.clone(), seconds: self.bounds.time.as_secs() },
            Failure::TooMuch => ReadError::TooLarge {
                name: name.clone(),
                what: "bytes of a page's image".to_owned(),
                limit: IMAGE_BYTES,
            },
            Failure::Io(cause) => ReadError::NotHere { name: name.clone(), reason: format!("{program}: {cause}") },
        })?;
        if output.complaint.contains("Incorrect password") {
            return Err(ReadError::Encrypted { name });
        }
        if !output.status.success() {
            return Err(ReadError::Unreadable { name, reason: format!("{program}: {}", output.complaint) });
        }
        Ok(output)
    }

    /// Dots per inch at which the page is not too large.
    async fn resolution(&self, raw: &RawDocument, page: &str) -> Result<f32, ReadError> {
        let output = self.run(raw, "pdfinfo", &["-f", page, "-l", page, "-"]).await?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let size = told.lines().find_map(|line| line.starts_with("Page ").then(|| line.split_once("size:")).flatten());
        let points = size.map(|(_, size)| size.split_whitespace().filter_map(|word| word.parse::<f32>().ok()));
        let longest = points.and_then(|points| points.reduce(f32::max)).unwrap_or(0.0);
        if longest <= 0.0 {
            let (name, reason) = (raw.name.clone(), format!("it has no page {page}"));
            return Err(ReadError::Unreadable { name, reason });
        }
        Ok((LONGEST_SIDE / (longest / 72.0)).min(DOTS_PER_INCH))
    }
}

#[async_trait]
impl PageRenderer for PdfRenderer {
    async fn render(&self, raw: &RawDocument, page: u32) -> Result<PageImage, ReadError> {
        if let Some(media_type) = image_type(&raw.bytes) {
            return if page == 1 {
                Ok(PageImage { media_type: media_type.to_owned(), bytes: raw.bytes.clone() })
            } else {
                Err(ReadError::Unreadable { name: raw.name.clone(), reason: "an image has one page".to_owned() })
            };
        }
        if !raw.bytes[..raw.bytes.len().min(1_024)].windows(5).any(|window| window == b"%PDF-") {
            return Err(ReadError::Unsupported { name: raw.name.clone() });
        }
        let page = page.to_string();
        let resolution = self.resolution(raw, &page).await?.to_string();
        let arguments = ["-png", "-gray", "-singlefile", "-r", &resolution, "-f", &page, "-l", &page, "-"];
        let output = self.run(raw, "pdftoppm", &arguments).await?;
        Ok(PageImage { media_type: "image/png".to_owned(), bytes: output.stdout })
    }
}

/// The media type of an image, told by its first bytes.
fn image_type(bytes: &[u8]) -> Option<&'static str> {
    const SIGNATURES: &[(&[u8], &str)] = &[
        (b"\x89PNG", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"GIF8", "image/gif"),
        (b"RIFF", "image/webp"),
        (b"BM", "image/bmp"),
    ];
    SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature)).map(|(_, media_type)| *media_type)
}
