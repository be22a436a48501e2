//! What kind of file it is.
//!
//! The rule, in this order:
//! 1. Bytes that only one kind begins with decide, whatever the name and the media type say: a PDF that is called
//!    `a.docx` is read as a PDF.
//! 2. A media type that names one kind (`text/html`) decides. `text/plain`, `application/octet-stream` and unknown ones
//!    do not: servers send them for everything.
//! 3. The name's ending decides.
//! 4. Text that begins like a page of HTML is one. Text whose name has no ending at all is plain text.
//!
//! Where 2 or 3 say a kind that has bytes of its own (1) and they are not there, the file is refused with that reason.

use rag_pipeline::model::ReadError;

use crate::job::Job;
use crate::names::{ending, media_type};

/// The kinds of file that are told apart before reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Markdown,
    Html,
    /// Values parted by the delimiter; to be found out when there is none.
    Delimited(Option<u8>),
    Pdf,
    /// A zip: DOCX, PPTX or XLSX, or none of them.
    Package,
    /// An OLE compound file: an encrypted document, or one of before 2007.
    Compound,
    Image,
    /// What is known, and cannot be read.
    Foreign(&'static str),
}

/// Tells the kind.
///
/// # Errors
/// [`ReadError::Unsupported`] when it is none that is read, [`ReadError::Unreadable`] when the bytes are not what name or
/// media type say.
pub(crate) fn of(job: &Job<'_>) -> Result<Kind, ReadError> {
    let bytes = &job.raw.bytes;
    if let Some(kind) = by_signature(bytes) {
        return Ok(kind);
    }
    let said = media_type(job.raw).and_then(|m| by_media_type(&m));
    let ending = ending(&job.raw.name);
    match said.or_else(|| ending.as_deref().and_then(by_ending)) {
        Some(Kind::Pdf) => Err(job.unreadable("its bytes are not those of a PDF")),
        Some(Kind::Image) => Err(job.unreadable("its bytes are not those of an image")),
        Some(Kind::Package | Kind::Compound) => Err(job.unreadable("its bytes are not those of an Office document")),
        Some(kind) => Ok(kind),
        None if is_html(bytes) => Ok(Kind::Html),
        None if ending.is_none() && said_to_be_text(job) => Ok(Kind::Text),
        None => Err(job.unsupported()),
    }
}

fn by_signature(bytes: &[u8]) -> Option<Kind> {
    const IMAGES: &[&[u8]] = &[b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"GIF87a", b"GIF89a"];
    const OLD_HWP: &[u8] = b"HWP Document File";
    if bytes[..bytes.len().min(1_024)].windows(5).any(|window| window == b"%PDF-") && !is_html(bytes) {
        return Some(Kind::Pdf);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Some(Kind::Package);
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Some(Kind::Compound);
    }
    if IMAGES.iter().any(|signature| bytes.starts_with(signature)) || is_webp(bytes) || is_bmp(bytes) {
        return Some(Kind::Image);
    }
    if bytes.starts_with(b"{\\rtf") {
        return Some(Kind::Foreign("it is an RTF document; save it as DOCX or PDF"));
    }
    bytes.starts_with(OLD_HWP).then_some(Kind::Foreign("it is a HWP document; save it as PDF or DOCX"))
}

fn is_webp(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")
}

/// `BM` begins many a text; a bitmap also has four zero bytes at 6 and the length of a known header at 14.
fn is_bmp(bytes: &[u8]) -> bool {
    bytes.starts_with(b"BM")
        && bytes.get(6..10) == Some(&[0; 4])
        && bytes.get(14..18).is_some_and(|size| matches!(size, [12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
}

fn is_html(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(1_024)]).to_ascii_lowercase();
    let mut rest = start.trim_start_matches('\u{feff}').trim_start();
    while let Some((_, after)) = rest.strip_prefix("<!--").and_then(|comment| comment.split_once("-->")) {
        rest = after.trim_start();
    }
    rest.starts_with("<!doctype html") || rest.starts_with("<html")
}

fn by_media_type(media_type: &str) -> Option<Kind> {
    Some(match media_type {
        "text/markdown" | "text/x-markdown" => Kind::Markdown,
        "text/html" | "application/xhtml+xml" => Kind::Html,
        "text/csv" | "application/csv" => Kind::Delimited(None),
        "text/tab-separated-values" => Kind::Delimited(Some(b'\t')),
        "application/pdf" => Kind::Pdf,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        | "application/vnd.openxmlformats-officedocument.presentationml.presentation"
        | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => Kind::Package,
        "image/png" | "image/jpeg" | "image/webp" | "image/tiff" | "image/bmp" | "image/gif" => Kind::Image,
        _ => return None,
    })
}

fn by_ending(ending: &str) -> Option<Kind> {
    Some(match ending {
        "txt" | "text" | "log" => Kind::Text,
        "md" | "markdown" | "mdown" => Kind::Markdown,
        "html" | "htm" | "xhtml" => Kind::Html,
        "csv" => Kind::Delimited(None),
        "tsv" | "tab" => Kind::Delimited(Some(b'\t')),
        "pdf" => Kind::Pdf,
        "docx" | "docm" | "dotx" | "pptx" | "pptm" | "ppsx" | "potx" | "xlsx" | "xlsm" | "xltx" => Kind::Package,
        "doc" | "ppt" | "xls" | "hwp" => Kind::Compound,
        "png" | "jpg" | "jpeg" | "webp" | "tif" | "tiff" | "bmp" | "gif" => Kind::Image,
        _ => return None,
    })
}

/// A file without an ending is taken for text when its sender says so, or says nothing and it is UTF-8.
fn said_to_be_text(job: &Job<'_>) -> bool {
    match media_type(job.raw) {
        Some(media_type) => media_type == "text/plain",
        None => std::str::from_utf8(&job.raw.bytes).is_ok_and(|text| !text.contains('\0')),
    }
}

#[cfg(test)]
mod tests {
    use rag_pipeline::model::RawDocument;

    use super::*;
    use crate::Limits;

    fn kind(name: &str, media_type: Option<&str>, bytes: &[u8]) -> Result<Kind, ReadError> {
        let media_type = media_type.map(str::to_owned);
        let raw = RawDocument { name: name.to_owned(), media_type, bytes: bytes.to_vec() };
        of(&Job::begin(&raw, Limits::default())?)
    }

    #[test]
    fn bytes_of_one_kind_only_decide() {
        assert_eq!(kind("a.docx", None, b"%PDF-1.7"), Ok(Kind::Pdf));
        assert_eq!(kind("a.txt", Some("text/plain"), b"PK\x03\x04"), Ok(Kind::Package));
        assert_eq!(kind("a", None, b"RIFF\0\0\0\0WEBPVP8 "), Ok(Kind::Image));
        assert_eq!(kind("a.txt", None, b"BM is a name"), Ok(Kind::Text));
    }

    #[test]
    fn a_media_type_of_one_kind_goes_before_the_ending_and_a_general_one_behind_it() {
        assert_eq!(kind("README.md", Some("text/html; charset=utf-8"), b"<p>"), Ok(Kind::Html));
        assert_eq!(kind("README.md", Some("text/plain"), b"# a"), Ok(Kind::Markdown));
        assert_eq!(kind("a.csv", Some("application/octet-stream"), b"a,b"), Ok(Kind::Delimited(None)));
    }

    #[test]
    fn a_name_that_says_nothing_leaves_the_text_to_tell() {
        assert_eq!(kind("page.php", None, b"\n<!-- x --><!DOCTYPE html><p>"), Ok(Kind::Html));
        assert_eq!(kind("README", None, b"a"), Ok(Kind::Text));
        assert!(matches!(kind("a.exe", None, b"x"), Err(ReadError::Unsupported { .. })));
    }

    #[test]
    fn bytes_that_contradict_the_name_are_refused() {
        let error = kind("a.pdf", None, b"hello").unwrap_err();
        assert_eq!(error.to_string(), "\"a.pdf\" cannot be read: its bytes are not those of a PDF");
        assert!(matches!(kind("a.docx", None, b"hello"), Err(ReadError::Unreadable { .. })));
        assert!(matches!(kind("a.png", None, b"hello"), Err(ReadError::Unreadable { .. })));
    }
}
