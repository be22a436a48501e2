//! Bytes as text: which encoding, and reading it.

use encoding_rs::{EUC_KR, Encoding, UTF_8};
use rag_pipeline::model::ReadError;

use crate::job::Job;
use crate::names::charset;

/// What a page's bytes may hold of characters that its encoding does not have: 1 in 200. Pages have a stray byte now and
/// then; text in the wrong encoding is wrong everywhere.
const STRAY: usize = 200;

/// The file's text, line breaks as `\n`, without NUL.
///
/// The first of these that fits: a byte order mark (UTF-8, UTF-16); the media type's `charset`; `declared`, which the
/// file says of itself; UTF-8; CP949, the superset of EUC-KR in use on Korean Windows.
///
/// # Errors
/// [`ReadError::Unreadable`] when none does, [`ReadError::Empty`] when there is white space only.
pub(crate) fn text(job: &Job<'_>, declared: Option<&str>) -> Result<String, ReadError> {
    let text = decoded(job, declared)?;
    if text.trim().is_empty() {
        return Err(job.empty());
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', ""))
}

fn decoded(job: &Job<'_>, declared: Option<&str>) -> Result<String, ReadError> {
    let bytes = &job.raw.bytes;
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return Ok(encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned());
    }
    if looks_binary(bytes) {
        return Err(job.unreadable("it is not text; send it with the name ending of what it is"));
    }
    let of_server = charset(job.raw);
    let named: Vec<_> = [of_server.as_deref(), declared]
        .into_iter()
        .flatten()
        .filter_map(|n| Encoding::for_label(n.as_bytes()))
        .collect();
    let clean = named
        .iter()
        .copied()
        .chain([UTF_8, EUC_KR])
        .find_map(|e| e.decode_without_bom_handling_and_without_replacement(bytes));
    if let Some(text) = clean {
        return Ok(text.into_owned());
    }
    let lenient = named.first().copied().unwrap_or(UTF_8).decode_without_bom_handling(bytes).0;
    let stray = lenient.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    if declared.is_some() && stray * STRAY <= lenient.chars().count() {
        return Ok(lenient.into_owned());
    }
    let at = std::str::from_utf8(bytes).err().map_or(0, |cause| cause.valid_up_to());
    Err(job.unreadable(format!("it is neither UTF-8 (byte {at} is not) nor CP949; save it as UTF-8")))
}

/// Text has no NUL and hardly any control characters.
fn looks_binary(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(8_192)];
    let control = start.iter().filter(|b| matches!(b, 0..=8 | 14..=26 | 28..=31)).count();
    start.contains(&0) || control * 50 > start.len()
}

#[cfg(test)]
mod tests {
    use rag_pipeline::model::RawDocument;

    use super::*;
    use crate::Limits;

    fn read(bytes: &[u8], media_type: Option<&str>) -> Result<String, ReadError> {
        let raw =
            RawDocument { name: "a.txt".to_owned(), media_type: media_type.map(str::to_owned), bytes: bytes.to_vec() };
        text(&Job::begin(&raw, Limits::default())?, None)
    }

    #[test]
    fn a_mark_a_declaration_and_the_bytes_themselves_tell_the_encoding() {
        assert_eq!(read("\u{feff}가\r\n나".as_bytes(), None).unwrap(), "가\n나");
        assert_eq!(read(b"\xff\xfe\x00\xac", None).unwrap(), "가");
        assert_eq!(read(b"\xfe\xff\xac\x00", None).unwrap(), "가");
        assert_eq!(read(b"\xb9\xe8\xbc\xdb", None).unwrap(), "배송");
        // 뷁 and 똠 are in CP949 and not in EUC-KR proper.
        assert_eq!(read(b"\x94\xee\x8c\x63", None).unwrap(), "뷁똠");
        assert_eq!(read(b"caf\xe9", Some("text/plain; charset=iso-8859-1")).unwrap(), "café");
    }

    #[test]
    fn what_is_no_text_is_refused_with_advice() {
        let error = read(b"abc\xb9\xff\xff", None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"a.txt\" cannot be read: it is neither UTF-8 (byte 3 is not) nor CP949; save it as UTF-8"
        );
        assert!(matches!(read(b"\x7fELF\0\0\0", None), Err(ReadError::Unreadable { .. })));
        assert!(matches!(read(b" \n", None), Err(ReadError::Empty { .. })));
    }
}
