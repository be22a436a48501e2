use serde::{Deserialize, Serialize};

/// What the shop's business wants to know of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct BusinessMetadata {
    /// What it is about, e.g. `배송문의`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inquiry_category: Option<String>,
    /// How content the customer was: 1 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub satisfaction_score: Option<u8>,
    /// Whether the matter is settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution_status: Option<ResolutionStatus>,
    /// How pressing it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Whether somebody must come back to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up_needed: Option<bool>,
    /// What it means for the business, in the shop's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_impact: Option<String>,
    /// Free tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topic_tags: Vec<String>,
}

/// Whether a matter is settled; the wire names are the source systems'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResolutionStatus {
    /// Settled.
    #[serde(rename = "해결됨", alias = "resolved")]
    Resolved,
    /// Not settled.
    #[serde(rename = "미해결", alias = "unresolved")]
    Unresolved,
    /// Being worked on.
    #[serde(rename = "진행중", alias = "inProgress")]
    InProgress,
}

/// How pressing a matter is; the wire names are the source systems'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Priority {
    /// Urgent.
    #[serde(rename = "긴급", alias = "urgent")]
    Urgent,
    /// Normal.
    #[serde(rename = "보통", alias = "normal")]
    Normal,
    /// Low.
    #[serde(rename = "낮음", alias = "low")]
    Low,
}

/// Business metadata that breaks a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBusinessMetadata {
    /// Not 1 to 5.
    #[error("satisfactionScore is 1 to 5")]
    Score,
    /// A text over its limit.
    #[error("{0} is too long")]
    TooLong(&'static str),
}

impl BusinessMetadata {
    /// Checks the limits: score 1–5, category 100 characters, impact 500, at most 20 tags of 50 characters.
    pub fn validate(&self) -> Result<(), InvalidBusinessMetadata> {
        let long = |text: &str, max: usize| text.chars().count() > max;
        if self.satisfaction_score.is_some_and(|score| !(1..=5).contains(&score)) {
            return Err(InvalidBusinessMetadata::Score);
        }
        if self.inquiry_category.as_deref().is_some_and(|text| long(text, 100)) {
            return Err(InvalidBusinessMetadata::TooLong("inquiryCategory"));
        }
        if self.business_impact.as_deref().is_some_and(|text| long(text, 500)) {
            return Err(InvalidBusinessMetadata::TooLong("businessImpact"));
        }
        if self.topic_tags.len() > 20 || self.topic_tags.iter().any(|tag| long(tag, 50)) {
            return Err(InvalidBusinessMetadata::TooLong("topicTags"));
        }
        Ok(())
    }

    /// What `newer` says wins; what it leaves out stays; tags are united in order.
    #[must_use]
    pub fn merged(&self, newer: &Self) -> Self {
        let mut topic_tags = self.topic_tags.clone();
        for tag in &newer.topic_tags {
            if !topic_tags.contains(tag) {
                topic_tags.push(tag.clone());
            }
        }
        Self {
            inquiry_category: newer.inquiry_category.clone().or_else(|| self.inquiry_category.clone()),
            satisfaction_score: newer.satisfaction_score.or(self.satisfaction_score),
            resolution_status: newer.resolution_status.or(self.resolution_status),
            priority: newer.priority.or(self.priority),
            follow_up_needed: newer.follow_up_needed.or(self.follow_up_needed),
            business_impact: newer.business_impact.clone().or_else(|| self.business_impact.clone()),
            topic_tags,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_systems_names_are_read_and_written() {
        let json =
            r#"{"inquiryCategory":"배송문의","resolutionStatus":"미해결","priority":"긴급","topicTags":["제주"]}"#;
        let read: BusinessMetadata = serde_json::from_str(json).unwrap();
        assert_eq!(read.priority, Some(Priority::Urgent));
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
    }

    #[test]
    fn a_later_word_wins_and_silence_keeps_the_earlier_one() {
        let first = BusinessMetadata {
            priority: Some(Priority::Low),
            satisfaction_score: Some(4),
            topic_tags: vec!["a".into()],
            ..Default::default()
        };
        let later = BusinessMetadata {
            priority: Some(Priority::Urgent),
            topic_tags: vec!["a".into(), "b".into()],
            ..Default::default()
        };
        let merged = first.merged(&later);
        assert_eq!((merged.priority, merged.satisfaction_score), (Some(Priority::Urgent), Some(4)));
        assert_eq!(merged.topic_tags, ["a", "b"]);
    }

    #[test]
    fn limits_are_named() {
        let bad = BusinessMetadata { satisfaction_score: Some(6), ..Default::default() };
        assert_eq!(bad.validate(), Err(InvalidBusinessMetadata::Score));
        let bad = BusinessMetadata { topic_tags: vec!["x".repeat(51)], ..Default::default() };
        assert_eq!(bad.validate(), Err(InvalidBusinessMetadata::TooLong("topicTags")));
    }
}
