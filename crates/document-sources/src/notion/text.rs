//! Rich text of Notion as Markdown that reads as the same text.

use serde_json::Value;

/// What Markdown takes as more than itself anywhere in a line.
const SPECIAL: &str = "\\`*_[]<>|~&#";

/// The text without its looks.
pub(super) fn plain(rich: &Value) -> String {
    runs(rich).map(|run| run["plain_text"].as_str().unwrap_or_default()).collect()
}

/// The text on as many lines as it has, links as links. Bold and the like are left away: between Korean syllables
/// Markdown would not read its own signs.
pub(super) fn marked(rich: &Value) -> String {
    let lines: String = runs(rich).map(run).collect();
    lines
        .split('\n')
        .map(|line| guarded(line.trim()))
        .collect::<Vec<_>>()
        .join("\\\n")
        .trim_end_matches("\\\n")
        .to_owned()
}

/// The text on one line, as headings and cells need it.
pub(super) fn line(rich: &Value) -> String {
    one_line(&runs(rich).map(run).collect::<String>())
}

/// Text as it stands, escaped, on one line.
pub(super) fn escaped_line(text: &str) -> String {
    one_line(&escaped(text))
}

/// A link to an address of the web; to anything else, the text alone.
pub(super) fn link(text: &str, href: &str) -> String {
    let sound = href.starts_with("http://") || href.starts_with("https://");
    if sound && !href.contains(['<', '>', '\n', '\\', ' ']) && !text.trim().is_empty() {
        format!("[{text}](<{href}>)")
    } else {
        text.to_owned()
    }
}

fn runs(rich: &Value) -> impl Iterator<Item = &Value> {
    rich.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

fn run(run: &Value) -> String {
    let text = escaped(run["plain_text"].as_str().unwrap_or_default());
    match run["href"].as_str() {
        Some(href) if !text.contains('\n') => link(&text, href),
        _ => text,
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\r' => {}
            '\u{b}' => out.push('\n'),
            _ if SPECIAL.contains(c) => out.extend(['\\', c]),
            _ if c.is_control() && c != '\n' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line that does not begin like a list or an underline: `-`, `+`, `=`, `1.` and `1)`.
pub(super) fn guarded(line: &str) -> String {
    if line.starts_with(['-', '+', '=', ':']) {
        return format!("\\{line}");
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && line[digits..].starts_with(['.', ')']) {
        return format!("{}\\{}", &line[..digits], &line[digits..]);
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_reads_as_it_was_written() {
        for (written, told) in [
            ("배송비 *무료* [1] `a` <b>", "배송비 \\*무료\\* \\[1\\] \\`a\\` \\<b\\>"),
            ("# 1", "\\# 1"),
            ("- 하나", "\\- 하나"),
            ("1. 하나", "1\\. 하나"),
            ("3,000원", "3,000원"),
            ("한 줄\n- 두 줄", "한 줄\\\n\\- 두 줄"),
            ("끝\n", "끝"),
            ("A&amp;B", "A\\&amp;B"),
        ] {
            assert_eq!(marked(&json!([{"plain_text": written}])), told, "{written}");
        }
    }

    #[test]
    fn links_keep_their_text_and_where_they_lead_on_the_web() {
        let rich = json!([
            {"plain_text": "환불 "},
            {"plain_text": "규정", "href": "https://shop.example/refund?a=b"},
            {"plain_text": " 과 "},
            {"plain_text": "다른 쪽", "href": "/598337872cf94fdf8782e53db20768a5"},
            {"plain_text": "!", "href": "javascript:alert(1)"},
        ]);
        assert_eq!(marked(&rich), "환불 [규정](<https://shop.example/refund?a=b>) 과 다른 쪽!");
        assert_eq!(plain(&rich), "환불 규정 과 다른 쪽!");
    }

    #[test]
    fn a_heading_stays_on_one_line() {
        assert_eq!(line(&json!([{"plain_text": "첫\n둘"}, {"plain_text": " 셋"}])), "첫 둘 셋");
        assert_eq!(line(&json!(null)), "");
    }
}
