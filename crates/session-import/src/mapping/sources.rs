//! What an answer drew on, as other systems note it.

use serde_json::{Map, Value};
use session_core::model::Source;

/// Reads sources: a list, an object that holds one, or a single entry. `None` when an entry is neither a
/// text nor an object; then nothing of it is taken, so that the caller keeps it whole.
pub(super) fn read(value: &Value) -> Option<Vec<Source>> {
    let entries: Vec<&Value> = match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        Value::Object(map) => {
            match ["sources", "references", "documents", "items"].iter().find_map(|key| map.get(*key)) {
                Some(Value::Array(items)) => items.iter().collect(),
                Some(_) => return None,
                None if map.is_empty() => Vec::new(),
                None => vec![value],
            }
        }
        Value::String(text) if text.trim().is_empty() => Vec::new(),
        Value::String(_) => vec![value],
        _ => return None,
    };
    entries.into_iter().zip(1..).map(|(entry, number)| source(entry, number)).collect()
}

fn source(entry: &Value, number: u32) -> Option<Source> {
    let bare = |name: &str| {
        let is_address = name.starts_with("http://") || name.starts_with("https://");
        Source {
            number,
            id: name.to_owned(),
            title: name.to_owned(),
            headings: Vec::new(),
            score: 0.0,
            content: String::new(),
            url: is_address.then(|| name.to_owned()),
        }
    };
    match entry {
        Value::String(name) => Some(bare(name)),
        Value::Object(map) => Some(from_object(map, number)),
        _ => None,
    }
}

fn from_object(map: &Map<String, Value>, number: u32) -> Source {
    let text = |names: &[&str]| {
        names.iter().find_map(|name| match map.get(*name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        })
    };
    let url = text(&["url", "link", "uri"]);
    let title = text(&["title", "name", "document_title", "filename", "source"]);
    let id = text(&["id", "document_id", "doc_id", "documentId"]);
    let name = id.clone().or_else(|| title.clone()).or_else(|| url.clone()).unwrap_or_else(|| number.to_string());
    let score = ["score", "similarity", "relevance"].iter().find_map(|key| map.get(*key)?.as_f64()).unwrap_or(0.0);
    let number = map.get("number").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or(number);
    let headings = map.get("headings").and_then(|value| serde_json::from_value(value.clone()).ok());
    Source {
        number,
        title: title.unwrap_or_else(|| name.clone()),
        id: name,
        headings: headings.unwrap_or_default(),
        score: score as f32,
        content: text(&["content", "text", "snippet", "page_content"]).unwrap_or_default(),
        url,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_of_names_and_of_objects_are_read() {
        let sources =
            read(&json!(["환불 안내", {"doc_id": 7, "title": "배송", "similarity": 0.5, "text": "이틀"}])).unwrap();
        assert_eq!((sources[0].number, sources[0].title.as_str()), (1, "환불 안내"));
        assert_eq!((sources[1].number, sources[1].id.as_str(), sources[1].content.as_str()), (2, "7", "이틀"));
        assert!((sources[1].score - 0.5).abs() < f32::EPSILON);
    }

    #[test]
    fn what_an_iyagi_wrote_is_read_back_unchanged() {
        let source = Source {
            number: 3,
            id: "refund".into(),
            title: "환불".into(),
            headings: vec!["환불".into(), "기간".into()],
            score: 0.1,
            content: "7일".into(),
            url: Some("https://shop.example/refund".into()),
        };
        assert_eq!(read(&serde_json::to_value([&source]).unwrap()), Some(vec![source]));
    }

    #[test]
    fn nothing_is_no_source_and_a_number_is_not_understood() {
        assert_eq!((read(&json!(null)), read(&json!({}))), (Some(vec![]), Some(vec![])));
        assert_eq!(read(&json!([7])), None);
    }
}
