//! The title of a page and what its database says of it.

use serde_json::Value;

use super::text::{self, escaped_line};

/// The title, when there is one.
pub(super) fn title(page: &Value) -> Option<String> {
    let properties = page["properties"].as_object()?;
    let title = text::plain(&properties.values().find(|property| property["type"] == "title")?["title"]);
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    (!title.is_empty()).then_some(title)
}

/// `Name: value` for each property that says something in words or numbers, by name, as Markdown.
pub(super) fn lines(page: &Value) -> Vec<String> {
    let properties = page["properties"].as_object().into_iter().flatten();
    let told = properties.filter_map(|(name, property)| Some((name, value(property)?)));
    told.filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{}: {value}", escaped_line(name)))
        .collect()
}

/// Text comes with its links; the rest is plain.
fn value(property: &Value) -> Option<String> {
    let kind = property["type"].as_str()?;
    let told = &property[kind];
    match kind {
        "rich_text" => Some(text::line(told)),
        "select" | "status" => Some(escaped_line(told["name"].as_str()?)),
        "multi_select" => {
            let names: Vec<_> = told.as_array()?.iter().filter_map(|option| option["name"].as_str()).collect();
            Some(escaped_line(&names.join(", ")))
        }
        "number" => told.is_number().then(|| told.to_string()),
        "date" => Some(date(told)?),
        "url" | "email" | "phone_number" => Some(escaped_line(told.as_str()?)),
        "formula" => match told["type"].as_str()? {
            "string" => Some(escaped_line(told["string"].as_str()?)),
            "number" => told["number"].is_number().then(|| told["number"].to_string()),
            _ => None,
        },
        _ => None,
    }
}

fn date(told: &Value) -> Option<String> {
    let start = told["start"].as_str()?;
    Some(escaped_line(&told["end"].as_str().map_or_else(|| start.to_owned(), |end| format!("{start} ~ {end}"))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_that_say_something_are_told_by_name() {
        let page = json!({"properties": {
            "질문": {"type": "title", "title": [{"plain_text": "배송은\n"}, {"plain_text": "언제?"}]},
            "답": {"type": "rich_text", "rich_text": [{"plain_text": "내일", "href": "https://a.example/"}]},
            "분류": {"type": "select", "select": {"name": "배송"}},
            "상태": {"type": "status", "status": null},
            "표": {"type": "multi_select", "multi_select": [{"name": "a_b"}, {"name": "c"}]},
            "값": {"type": "number", "number": 3000},
            "날": {"type": "date", "date": {"start": "2026-01-01", "end": "2026-01-02"}},
            "식": {"type": "formula", "formula": {"type": "string", "string": "x"}},
            "사람": {"type": "people", "people": [{"name": "김"}]},
            "빈": {"type": "rich_text", "rich_text": []},
        }});
        assert_eq!(title(&page).as_deref(), Some("배송은 언제?"));
        let mut told = lines(&page);
        told.sort();
        let mut wanted = [
            "답: [내일](<https://a.example/>)",
            "분류: 배송",
            "표: a\\_b, c",
            "값: 3000",
            "날: 2026-01-01 \\~ 2026-01-02",
            "식: x",
        ];
        wanted.sort_unstable();
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_page_without_a_title_has_none() {
        assert_eq!(title(&json!({"properties": {"a": {"type": "title", "title": []}}})), None);
        assert_eq!(title(&json!({})), None);
    }
}
