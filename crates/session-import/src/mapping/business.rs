//! Business fields, from columns of their own or out of metadata.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use session_core::model::BusinessMetadata;

use crate::report::Repair;
use crate::row::Fields;

fn named<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

fn tags(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => {
            let read: Result<Vec<String>, _> = serde_json::from_str(text);
            Some(read.unwrap_or_else(|_| text.split(',').map(|tag| tag.trim().to_owned()).collect()))
        }
        other => named(other),
    }
}

/// From the columns of an Iyagi's session.
pub(super) fn from_columns(fields: &mut Fields<'_>) -> BusinessMetadata {
    BusinessMetadata {
        inquiry_category: fields.text(&["inquiry_category"]),
        satisfaction_score: fields.parsed(&["satisfaction_score"], Repair::Value, |value| {
            named(value).filter(|score| (1..=5).contains(score))
        }),
        resolution_status: fields.parsed(&["resolution_status"], Repair::Value, named),
        priority: fields.parsed(&["priority"], Repair::Value, named),
        follow_up_needed: fields.flag(&["follow_up_needed"]),
        business_impact: fields.text(&["business_impact"]),
        topic_tags: fields.parsed(&["topic_tags"], Repair::Value, tags).unwrap_or_default(),
    }
}

/// What metadata says of the business, in either spelling. It stays in the metadata; what is over a limit or
/// by an unknown name is passed over here.
pub(super) fn from_metadata(metadata: &Map<String, Value>) -> BusinessMetadata {
    let get = |snake: &str, camel: &str| metadata.get(snake).or_else(|| metadata.get(camel));
    let text = |snake, camel| get(snake, camel).and_then(Value::as_str).map(str::to_owned);
    let found = BusinessMetadata {
        inquiry_category: text("inquiry_category", "inquiryCategory"),
        satisfaction_score: get("satisfaction_score", "satisfactionScore").and_then(named),
        resolution_status: get("resolution_status", "resolutionStatus").and_then(named),
        priority: get("priority", "priority").and_then(named),
        follow_up_needed: get("follow_up_needed", "followUpNeeded").and_then(Value::as_bool),
        business_impact: text("business_impact", "businessImpact"),
        topic_tags: get("topic_tags", "topicTags").and_then(tags).unwrap_or_default(),
    };
    if found.validate().is_ok() { found } else { BusinessMetadata::default() }
}

#[cfg(test)]
mod tests {
    use session_core::model::Priority;

    use super::*;

    #[test]
    fn both_spellings_are_understood_and_nonsense_is_passed_over() {
        let read = |json: Value| from_metadata(json.as_object().unwrap());
        let found =
            read(serde_json::json!({"inquiryCategory": "배송문의", "priority": "긴급", "topic_tags": ["제주"]}));
        assert_eq!(found.inquiry_category.as_deref(), Some("배송문의"));
        assert_eq!((found.priority, found.topic_tags), (Some(Priority::Urgent), vec!["제주".to_owned()]));
        assert_eq!(
            read(serde_json::json!({"priority": "whenever", "satisfaction_score": 9})),
            BusinessMetadata::default()
        );
    }
}
