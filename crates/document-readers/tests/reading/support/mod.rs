//! Making documents, and reading them.

pub(crate) mod office;
pub(crate) mod pdf;

use std::path::PathBuf;

use document_readers::{Limits, Readers};
use rag_pipeline::model::{BlockKind, RawDocument, ReadDocument, ReadError};
use test_support::{Unavailable, locate};

pub(crate) fn raw(name: &str, bytes: impl Into<Vec<u8>>) -> RawDocument {
    RawDocument { name: name.to_owned(), media_type: None, bytes: bytes.into() }
}

pub(crate) fn read(name: &str, bytes: impl Into<Vec<u8>>) -> Result<ReadDocument, ReadError> {
    Readers::default().read_now(&raw(name, bytes))
}

pub(crate) fn read_within(limits: Limits, name: &str, bytes: impl Into<Vec<u8>>) -> Result<ReadDocument, ReadError> {
    Readers::new(limits).read_now(&raw(name, bytes))
}

/// Each block as `path | kind | text`, with the page before it where there is one.
pub(crate) fn outline(document: &ReadDocument) -> Vec<String> {
    let block = |block: &rag_pipeline::model::Block| {
        let kind = match block.kind {
            BlockKind::Paragraph => "p",
            BlockKind::ListItem => "li",
            BlockKind::Table => "table",
            BlockKind::Code => "code",
        };
        let page = block.page.map(|page| format!("{page} ")).unwrap_or_default();
        format!("{page}{}|{kind}|{}", block.heading_path.join("/"), block.text)
    };
    document.blocks.iter().map(block).collect()
}

/// A program that a test needs, of a package for Debian and for Homebrew.
pub(crate) fn program(name: &str, packages: &str) -> Result<PathBuf, Unavailable> {
    let places = [PathBuf::from("/usr/local/bin"), PathBuf::from("/opt/homebrew/bin")];
    locate::program(&[name], &places).ok_or_else(|| missing(name, packages))
}

pub(crate) fn poppler() -> Result<(), Unavailable> {
    for name in ["pdftotext", "pdftoppm", "pdfinfo"] {
        program(name, "poppler-utils and poppler-data (Debian) or poppler (Homebrew)")?;
    }
    let data = ["/usr/share/poppler", "/opt/homebrew/share/poppler", "/usr/local/share/poppler"];
    let is_there = data.iter().any(|folder| PathBuf::from(folder).join("cidToUnicode/Adobe-Korea1").is_file());
    if is_there {
        Ok(())
    } else {
        Err(missing("poppler's Korean character maps", "poppler-data (Debian) or poppler (Homebrew)"))
    }
}

/// The bytes of a Korean font.
pub(crate) fn font() -> Result<Vec<u8>, Unavailable> {
    let home = std::env::var("HOME").unwrap_or_default();
    let places = [
        "/usr/share/fonts/truetype/nanum/NanumGothic.ttf".to_owned(),
        format!("{home}/Library/Fonts/NanumGothic-Regular.ttf"),
        "/Library/Fonts/NanumGothic-Regular.ttf".to_owned(),
    ];
    let found = places.iter().find_map(|place| std::fs::read(place).ok());
    found
        .ok_or_else(|| missing("the font NanumGothic", "fonts-nanum (Debian) or the cask font-nanum-gothic (Homebrew)"))
}

fn missing(what: &str, packages: &str) -> Unavailable {
    Unavailable::Missing { what: what.to_owned(), how: format!("run ./scripts/test.sh, or install {packages}") }
}
