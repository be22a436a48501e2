use serde::{Deserialize, Serialize};

/// What kind of difficulty a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseKind {
    /// An everyday question.
    Plain,
    /// A question that leans on earlier ones.
    Followup,
    /// A question with typing errors.
    Typo,
    /// A question with missing or excess spaces.
    Spacing,
    /// A question the documents do not answer.
    Unanswerable,
}

impl CaseKind {
    /// Its name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Followup => "followup",
            Self::Typo => "typo",
            Self::Spacing => "spacing",
            Self::Unanswerable => "unanswerable",
        }
    }
}

/// Whether rules and weights may be chosen by a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// For tuning.
    Dev,
    /// For reporting only.
    Heldout,
}

impl Split {
    /// Its name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Heldout => "heldout",
        }
    }
}

/// One question of the evaluation set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its unique id.
    pub id: String,
    /// Its kind.
    pub kind: CaseKind,
    /// Its split.
    pub split: Split,
    /// Earlier questions of the same customer, oldest first.
    #[serde(default)]
    pub history: Vec<String>,
    /// What the customer writes.
    pub question: String,
    /// Ids of the documents that hold the answer; any one is right; empty when none does.
    #[serde(default, deserialize_with = "one_or_many_or_none")]
    pub document: Vec<String>,
    /// What a right answer contains: all of these, of each any one spelling.
    #[serde(default, deserialize_with = "facts")]
    pub facts: Vec<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Vec<String> {
    fn from(value: OneOrMany) -> Self {
        match value {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

fn one_or_many_or_none<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::<OneOrMany>::deserialize(deserializer)?.map(Vec::from).unwrap_or_default())
}

fn facts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<String>>, D::Error> {
    Ok(Vec::<OneOrMany>::deserialize(deserializer)?.into_iter().map(Vec::from).collect())
}

/// A line of the evaluation file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// Not a case.
    #[error("line {line} is not a case: {source}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// Two cases of one id.
    #[error("line {line} repeats the id \"{id}\"")]
    Repeated {
        /// The line, from 1.
        line: usize,
        /// The id.
        id: String,
    },
}

/// Reads an evaluation file: one JSON object a line, blank lines ignored.
///
/// # Errors
/// [`CaseError`] names the first line that is not a case, or that repeats an id.
pub fn parse_cases(jsonl: &str) -> Result<Vec<Case>, CaseError> {
    let mut cases: Vec<Case> = Vec::new();
    for (at, line) in jsonl.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let case: Case = serde_json::from_str(line).map_err(|source| CaseError::Malformed { line: at + 1, source })?;
        if cases.iter().any(|known| known.id == case.id) {
            return Err(CaseError::Repeated { line: at + 1, id: case.id });
        }
        cases.push(case);
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_may_be_one_several_or_none_and_a_fact_may_have_a_choice() {
        let text = r#"{"id":"a","kind":"plain","split":"dev","question":"?","document":"d","facts":["x",["y","z"]]}

{"id":"b","kind":"followup","split":"heldout","history":["!"],"question":"?","document":["d","e"],"facts":[]}
{"id":"c","kind":"unanswerable","split":"dev","history":[],"question":"?","document":null,"facts":[]}"#;
        let cases = parse_cases(text).unwrap();
        assert_eq!(cases[0].facts, [vec!["x".to_owned()], vec!["y".to_owned(), "z".to_owned()]]);
        assert_eq!(cases.iter().map(|c| c.document.len()).collect::<Vec<_>>(), [1, 2, 0]);
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        assert!(parse_cases("\n{").unwrap_err().to_string().starts_with("line 2 is not a case"));
        let twice = r#"{"id":"a","kind":"plain","split":"dev","question":"?","facts":[]}"#;
        assert!(matches!(parse_cases(&format!("{twice}\n{twice}")), Err(CaseError::Repeated { line: 2, .. })));
    }
}
