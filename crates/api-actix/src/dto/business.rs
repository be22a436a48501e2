use serde::Serialize;
use utoipa::ToSchema;

/// How [`session_core::model::BusinessMetadata`] looks in JSON; the domain type itself is what is read and written.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessMetadata)]
pub(crate) struct BusinessBody {
    /// What the conversation is about.
    #[schema(example = "배송문의", max_length = 100)]
    inquiry_category: Option<String>,
    /// How content the customer was.
    #[schema(minimum = 1, maximum = 5)]
    satisfaction_score: Option<u8>,
    /// `해결됨`, `미해결` or `진행중`; `resolved`, `unresolved` and `inProgress` are read too.
    #[schema(example = "진행중")]
    resolution_status: Option<String>,
    /// `긴급`, `보통` or `낮음`; `urgent`, `normal` and `low` are read too.
    #[schema(example = "보통")]
    priority: Option<String>,
    /// Whether somebody must come back to it.
    follow_up_needed: Option<bool>,
    /// What it means for the business.
    #[schema(max_length = 500)]
    business_impact: Option<String>,
    /// Free tags, each of at most 50 characters.
    #[schema(max_items = 20)]
    topic_tags: Option<Vec<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use session_core::model::BusinessMetadata;

    #[test]
    fn the_documented_fields_are_those_of_the_domain_type() {
        let json = serde_json::to_value(BusinessBody::default()).unwrap();
        let names = json.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
        let unknown = serde_json::from_str::<BusinessMetadata>(r#"{"?":1}"#).unwrap_err().to_string();
        assert_eq!(unknown.matches('`').count() / 2 - 1, names.len());
        assert!(names.iter().all(|name| unknown.contains(&format!("`{name}`"))), "{unknown}");
    }
}
