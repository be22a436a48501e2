//! The properties that a Markdown document begins with.

use rag_pipeline::model::ReadDocument;

/// Takes `key: value` lines between `---` lines off the start, and fills in what they say.
/// Keys other than `id`, `title`, `url` and `collection` are left alone; a block that never closes is text.
pub(crate) fn take<'a>(text: &'a str, document: &mut ReadDocument) -> &'a str {
    let Some(rest) = text.strip_prefix("---\n") else { return text };
    let Some((block, body)) = rest.split_once("\n---\n").or_else(|| rest.strip_suffix("\n---").map(|b| (b, ""))) else {
        return text;
    };
    for line in block.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = unquoted(value.trim());
        if value.is_empty() {
            continue;
        }
        match key.trim().to_ascii_lowercase().as_str() {
            "id" => document.id = Some(value.to_owned()),
            "title" => value.clone_into(&mut document.title),
            "url" => document.url = Some(value.to_owned()),
            "collection" => document.collection = Some(value.to_owned()),
            _ => {}
        }
    }
    body
}

fn unquoted(value: &str) -> &str {
    ['"', '\''].iter().find_map(|q| value.strip_prefix(*q)?.strip_suffix(*q)).unwrap_or(value)
}
