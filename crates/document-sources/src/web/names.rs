//! What a fetched file is called and what kind it is said to be.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};
use url::Url;

/// The longest name of a file, in bytes, as file systems have it.
const MAX_NAME_BYTES: usize = 255;
/// The longest media type that is believed, in bytes.
const MAX_MEDIA_TYPE_BYTES: usize = 200;

/// The media type with its parameters, as the server told it.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let told = headers.get(CONTENT_TYPE)?.to_str().ok()?.trim();
    (!told.is_empty() && told.len() <= MAX_MEDIA_TYPE_BYTES).then(|| told.to_owned())
}

/// The name the server gave, else the last part of the path, else the host.
pub(crate) fn file_name(headers: &HeaderMap, url: &Url) -> String {
    let given = headers.get(CONTENT_DISPOSITION).and_then(|told| disposed(told.as_bytes()));
    given.or_else(|| last_segment(url)).unwrap_or_else(|| url.host_str().unwrap_or("document").to_owned())
}

fn last_segment(url: &Url) -> Option<String> {
    let last = url.path_segments()?.rev().find(|segment| !segment.is_empty())?;
    safe_name(&decoded(last))
}

/// Percent-decodes text that should be UTF-8; what is not stays encoded.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), Cow::into_owned)
}

/// A name without folders, control characters or characters that turn the direction of text; `None` when nothing is
/// left. A long one loses its middle, so that its ending stays.
pub(crate) fn safe_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last.chars().filter(|c| !c.is_control() && !turns_text(*c)).collect();
    let name = visible.trim().trim_start_matches('.').trim_end_matches('.').trim();
    (!name.is_empty()).then(|| shortened(name))
}

const fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shortened(name: &str) -> String {
    if name.len() <= MAX_NAME_BYTES {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |at| &name[at..]);
    let ending = if ending.len() <= 16 { ending } else { "" };
    let stem = &name[..name.floor_char_boundary(MAX_NAME_BYTES - ending.len())];
    format!("{stem}{ending}")
}

/// The file name in `Content-Disposition` (RFC 6266): `filename*` (RFC 8187) before `filename`.
fn disposed(header: &[u8]) -> Option<String> {
    let header = std::str::from_utf8(header).ok()?;
    let parameters = parameters(header);
    let named = |wanted: &str| parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let extended = named("filename*").and_then(|(_, value)| extended(value));
    // Servers that do not know `filename*` often percent-encode the plain name, and browsers read it so.
    let plain = || named("filename").map(|(_, value)| decoded(value));
    extended.or_else(plain).and_then(|name| safe_name(&name))
}

fn extended(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _language, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Vec<u8> = percent_decode_str(encoded).collect();
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" => String::from_utf8(bytes).ok(),
        "iso-8859-1" => Some(bytes.into_iter().map(char::from).collect()),
        _ => None,
    }
}

/// `name=value` pairs after the first `;`; values may be quoted, and then hold `;` and escaped quotes.
fn parameters(header: &str) -> Vec<(String, String)> {
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest);
    let mut found = Vec::new();
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => after
                .split_once(';')
                .map_or((after.trim().to_owned(), ""), |(value, left)| (value.trim().to_owned(), left)),
        };
        found.push((name.trim_matches(|c: char| c == ';' || c.is_whitespace()).to_owned(), value));
        rest = left;
    }
    found
}

fn unquoted(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    use super::*;

    fn named(disposition: &str, url: &str) -> String {
        let value = HeaderValue::from_bytes(disposition.as_bytes()).unwrap();
        file_name(&HeaderMap::from_iter([(CONTENT_DISPOSITION, value)]), &Url::parse(url).unwrap())
    }

    #[test]
    fn the_server_names_the_file() {
        for (disposition, name) in [
            ("attachment; filename=a.pdf", "a.pdf"),
            ("attachment; filename=\"a;b \\\"c\\\".pdf\"; x=y", "a;b \"c\".pdf"),
            ("attachment; FileName = \"a.pdf\"", "a.pdf"),
            ("attachment; filename=\"b.pdf\"; filename*=UTF-8''%EB%B0%B0%EC%86%A1.pdf", "배송.pdf"),
            ("attachment; filename*=utf-8'ko'%EB%B0%B0%EC%86%A1.pdf; filename=b.pdf", "배송.pdf"),
            ("attachment; filename*=iso-8859-1''caf%E9.txt", "café.txt"),
            ("attachment; filename*=euc-kr''%B9; filename=b.pdf", "b.pdf"),
            ("attachment; filename*=UTF-8''%FF; filename=b.pdf", "b.pdf"),
            ("attachment; filename=\"%EB%B0%B0%EC%86%A1.pdf\"", "배송.pdf"),
            ("attachment; filename=배송.pdf", "배송.pdf"),
            ("inline; filename=\"../../etc/passwd\"", "passwd"),
            ("inline; filename=\"C:\\\\temp\\\\a.doc\"", "a.doc"),
            ("inline; filename*=UTF-8''..%2F..%2Fa%00b.txt", "ab.txt"),
            ("inline; filename=\"gpj.\u{202e}exe\"", "gpj.exe"),
            ("inline; filename=\"..\"", "terms.html"),
            ("inline; filename=\"", "terms.html"),
            ("inline", "terms.html"),
        ] {
            assert_eq!(named(disposition, "https://a.example/terms.html"), name, "{disposition}");
        }
    }

    #[test]
    fn without_a_name_it_is_the_end_of_the_path_or_the_host() {
        for (url, name) in [
            ("https://a.example/b/%EC%95%BD%EA%B4%80.md?c=d", "약관.md"),
            ("https://a.example/b/", "b"),
            ("https://a.example/%2e%2e%2fb.md", "b.md"),
            ("https://a.example/%FF", "%FF"),
            ("https://a.example/", "a.example"),
        ] {
            assert_eq!(file_name(&HeaderMap::new(), &Url::parse(url).unwrap()), name, "{url}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = safe_name(&format!("{}.pdf", "가".repeat(200))).unwrap();
        assert!(name.len() <= MAX_NAME_BYTES && name.ends_with("가.pdf"), "{name}");
    }

    proptest! {
        #[test]
        fn no_header_makes_a_name_that_leaves_a_folder(header in "\\PC{0,80}") {
            if let Some(name) = disposed(header.as_bytes()) {
                prop_assert!(!name.contains(['/', '\\']) && !name.starts_with('.') && name.len() <= MAX_NAME_BYTES);
            }
        }
    }
}
