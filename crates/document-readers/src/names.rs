//! What a file's name and media type tell.

use rag_pipeline::model::RawDocument;

/// The file's name without folders and ending.
pub(crate) fn base_name(name: &str) -> &str {
    let file = name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(name);
    match file.rsplit_once('.') {
        Some((base, _)) if !base.is_empty() => base,
        _ => file,
    }
}

/// The ending of the name, lower case, without the dot; a URL's query and fragment are no part of it.
pub(crate) fn ending(name: &str) -> Option<String> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let file = file.split(['?', '#']).next().unwrap_or(file);
    file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).filter(|ending| !ending.is_empty())
}

/// The media type without parameters, lower case.
pub(crate) fn media_type(raw: &RawDocument) -> Option<String> {
    raw.media_type.as_deref().map(|m| m.split(';').next().unwrap_or(m).trim().to_ascii_lowercase())
}

/// The `charset` of the media type.
pub(crate) fn charset(raw: &RawDocument) -> Option<String> {
    let parameters = raw.media_type.as_deref()?.split(';').skip(1);
    parameters.filter_map(|parameter| parameter.split_once('=')).find_map(|(key, value)| {
        key.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_endings_are_those_of_the_file() {
        assert_eq!(base_name("a/안내.v2.md"), "안내.v2");
        assert_eq!(base_name(".env"), ".env");
        assert_eq!(ending("https://a.example/b.HTML?c=d.pdf").as_deref(), Some("html"));
        assert_eq!(ending("a.b/c"), None);
    }

    #[test]
    fn the_charset_is_taken_from_the_media_type() {
        let media_type = Some("text/html; Charset=\"EUC-KR\"".to_owned());
        let raw = RawDocument { name: String::new(), media_type, bytes: Vec::new() };
        assert_eq!(charset(&raw).as_deref(), Some("EUC-KR"));
    }
}
