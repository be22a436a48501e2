//! Text on images, recognised by tesseract.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use rag_pipeline::model::PageImage;
use rag_pipeline::ports::{Ocr, OcrError};
use tokio::sync::Semaphore;

use super::program::{Bounds, Failure, Output, run};
use super::words::{self, Word};
use crate::programs;

/// Korean with English words in it.
const LANGUAGES: [&str; 2] = ["kor", "eng"];
/// A column of text of any sizes. `3`, which looks for columns by itself, takes Korean pages for vertical writing: it lost
/// two of three lines of a sparse page, all of one in two columns, and headings. `6`, one block, lost a table with rules.
const SEGMENTATION: &str = "4";
/// Bytes of words and places that a page may have.
const TEXT: u64 = 16 << 20;

/// Recognises Korean and English text with the program `tesseract`, one thread for each page.
///
/// Each page is recognised twice, as Korean and English and as Korean alone: with both languages some Korean words come
/// out as Latin letters ("SES" for "상품을"), with Korean alone all English ones are lost. The second result tells the
/// Korean words of the first. A dense A4 page takes 4.5 s in all.
#[derive(Debug)]
pub struct TesseractOcr {
    program: PathBuf,
    version: String,
    bounds: Bounds,
    places: Semaphore,
}

impl TesseractOcr {
    /// Finds tesseract and its languages. `pages` are recognised at once at most; each may take `time`. On Linux each may
    /// take 2 GiB of memory.
    ///
    /// # Errors
    /// [`OcrError::Permanent`] when tesseract or a language is missing; it says what to install.
    pub async fn find(pages: usize, time: Duration) -> Result<Self, OcrError> {
        let Some(program) = programs::find("tesseract") else {
            return Err(OcrError::Permanent(
                "tesseract is not installed; install tesseract-ocr and tesseract-ocr-kor (Debian) or tesseract and \
                 tesseract-lang (Homebrew)"
                    .to_owned(),
            ));
        };
        let bounds = Bounds { time, output: TEXT, memory: 2 << 30 };
        let mut ocr = Self { program, version: String::new(), bounds, places: Semaphore::new(pages.max(1)) };
        ocr.check_languages().await?;
        let told = text(&ocr.run(&["--version"], b"").await?);
        told.split_whitespace().nth(1).unwrap_or("of unknown version").clone_into(&mut ocr.version);
        Ok(ocr)
    }

    async fn check_languages(&self) -> Result<(), OcrError> {
        let listed = text(&self.run(&["--list-langs"], b"").await?);
        let missing = LANGUAGES.iter().find(|language| !listed.lines().any(|line| line.trim() == **language));
        missing.map_or(Ok(()), |language| {
            Err(OcrError::Permanent(format!(
                "tesseract does not know the language {language}; install tesseract-ocr-{language} (Debian) or \
                 tesseract-lang (Homebrew)"
            )))
        })
    }

    async fn words(&self, languages: &str, image: &PageImage) -> Result<Vec<Word>, OcrError> {
        let arguments = ["stdin", "stdout", "-l", languages, "--oem", "1", "--psm", SEGMENTATION, "tsv"];
        Ok(words::parse(&text(&self.run(&arguments, &image.bytes).await?)))
    }

    async fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Output, OcrError> {
        let output = run(&self.program, arguments, input, self.bounds).await.map_err(|failure| match failure {
            Failure::TimedOut => {
                OcrError::Transient(format!("tesseract took more than {} s", self.bounds.time.as_secs()))
            }
            Failure::TooMuch => OcrError::Permanent(format!("tesseract found more than {TEXT} bytes of text")),
            Failure::Io(cause) => OcrError::Permanent(format!("tesseract does not run: {cause}")),
        })?;
        if output.status.success() {
            return Ok(output);
        }
        Err(OcrError::Permanent(format!("tesseract cannot read the image: {}", output.complaint)))
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[async_trait]
impl Ocr for TesseractOcr {
    fn name(&self) -> String {
        format!("tesseract {} {}", self.version, LANGUAGES.join("+"))
    }

    async fn recognize(&self, image: &PageImage) -> Result<String, OcrError> {
        // The semaphore is never closed.
        let Ok(_place) = self.places.acquire().await else {
            return Err(OcrError::Transient("tesseract is gone".to_owned()));
        };
        let both = LANGUAGES.join("+");
        let (mixed, korean) = (self.words(&both, image).await?, self.words(LANGUAGES[0], image).await?);
        Ok(words::text(&words::corrected(mixed, &korean)))
    }
}
