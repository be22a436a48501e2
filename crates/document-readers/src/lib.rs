//! Reading documents into headed text: plain text and Markdown.

mod front_matter;
mod markdown;
mod plain;
mod readers;
mod table;

pub use markdown::MarkdownReader;
pub use plain::PlainTextReader;
pub use readers::Readers;

use rag_pipeline::model::{RawDocument, ReadError};

/// The file's text: UTF-8, with or without a byte order mark, line breaks as `\n`.
fn utf8(raw: &RawDocument) -> Result<String, ReadError> {
    let bytes = raw.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&raw.bytes);
    let text = std::str::from_utf8(bytes).map_err(|cause| ReadError::Unreadable {
        name: raw.name.clone(),
        reason: format!("it is not UTF-8 from byte {} on; save it as UTF-8", cause.valid_up_to()),
    })?;
    if text.trim().is_empty() {
        return Err(ReadError::Empty { name: raw.name.clone() });
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', ""))
}

/// The file's name without folders and ending.
fn base_name(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    match file.rsplit_once('.') {
        Some((base, _)) if !base.is_empty() => base,
        _ => file,
    }
}

/// Whether the name ends in one of `endings` (lower case, with the dot).
fn has_ending(name: &str, endings: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    endings.iter().any(|ending| name.ends_with(ending))
}

/// The media type without parameters, lower case.
fn media_type(raw: &RawDocument) -> Option<String> {
    raw.media_type.as_deref().map(|m| m.split(';').next().unwrap_or(m).trim().to_ascii_lowercase())
}
