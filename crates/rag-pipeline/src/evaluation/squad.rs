//! Question-answering files of the SQuAD shape: questions whose passage is known.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::Asked;
use crate::ingest::NewDocument;
use crate::model::RawDocument;

/// A question-answering file of the SQuAD shape that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SquadError {
    /// Not JSON.
    #[error("the file is not JSON")]
    Malformed(#[source] serde_json::Error),
    /// JSON of another shape.
    #[error("{place} {problem}")]
    Shape {
        /// Where in the file: `data[0].paragraphs[2].context`.
        place: String,
        /// What is wrong there.
        problem: &'static str,
    },
    /// Nothing in it can be asked.
    #[error("the file has no question that can be answered ({unanswerable} that cannot)")]
    Nothing {
        /// Questions marked as unanswerable.
        unanswerable: usize,
    },
}

/// A question and the passage it was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SquadQuestion {
    /// Its id; one that has none is named by its place in the file.
    pub id: String,
    /// What is asked.
    pub text: String,
    /// The place of its passage in [`Squad::passages`].
    pub passage: usize,
}

/// Questions about passages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Squad {
    /// The distinct contexts in the order of the file, white space at their ends removed.
    pub passages: Vec<String>,
    /// The questions that can be answered, in the order of the file.
    pub questions: Vec<SquadQuestion>,
    /// How many were left out because their passage does not answer them.
    pub unanswerable: usize,
}

impl Squad {
    /// At most `limit` of the questions, evenly spread over the file and the same every time. All passages stay: a
    /// smaller sample is not an easier one.
    #[must_use]
    pub fn sample(mut self, limit: usize) -> Self {
        let all = self.questions.len();
        if limit < all {
            let wanted: Vec<usize> = (0..limit).map(|at| at * all / limit).collect();
            let mut at = 0..;
            self.questions.retain(|_| at.next().is_some_and(|at| wanted.binary_search(&at).is_ok()));
        }
        self
    }

    /// The passages, each a document without a title of its own, to be taken in like any other text.
    pub fn documents(&self) -> Vec<NewDocument> {
        let document = |(at, text): (usize, &String)| {
            NewDocument::from(RawDocument {
                name: format!("{}.txt", document_id(at)),
                media_type: Some("text/plain".to_owned()),
                bytes: text.as_bytes().to_vec(),
            })
        };
        self.passages.iter().enumerate().map(document).collect()
    }

    /// The questions, as they are asked of [`Self::documents`].
    pub fn asked(&self) -> Vec<Asked> {
        let asked = |question: &SquadQuestion| {
            Asked::alone(question.id.clone(), &question.text, vec![document_id(question.passage)])
        };
        self.questions.iter().map(asked).collect()
    }
}

/// The document of a passage. It becomes its title: a word that no question has.
fn document_id(passage: usize) -> String {
    format!("passage{passage:06}")
}

/// Reads a question-answering file of the SQuAD shape: `{"data": [{"paragraphs": [{"context", "qas": [{"id",
/// "question", "answers"}]}]}]}`, or the list in `data` alone; a list may also be of paragraphs. Fields that are not
/// needed may be there or not. Questions that are marked `is_impossible`, or have an empty list of answers, are counted
/// and left out. Equal contexts become one passage.
///
/// # Errors
/// [`SquadError`] names the first place that is not as it should be.
pub fn parse_squad(json: &str) -> Result<Squad, SquadError> {
    let json = json.strip_prefix('\u{feff}').unwrap_or(json);
    let file: Value = serde_json::from_str(json).map_err(SquadError::Malformed)?;
    let mut reading = Reading::default();
    match &file {
        Value::Object(fields) => reading.articles(list(fields, "data", "the file")?, "data")?,
        Value::Array(articles) => reading.articles(articles, "")?,
        _ => return Err(shape("the file", "is neither an object with \"data\" nor a list")),
    }
    let squad = reading.squad;
    if squad.questions.is_empty() {
        return Err(SquadError::Nothing { unanswerable: squad.unanswerable });
    }
    Ok(squad)
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    squad: Squad,
    places: HashMap<String, usize>,
}

impl Reading {
    fn articles(&mut self, articles: &[Value], list_place: &str) -> Result<(), SquadError> {
        for (at, article) in articles.iter().enumerate() {
            let place = format!("{list_place}[{at}]");
            let fields = object(article, &place)?;
            if fields.contains_key("context") {
                self.paragraph(fields, &place)?;
                continue;
            }
            for (at, paragraph) in list(fields, "paragraphs", &place)?.iter().enumerate() {
                let place = format!("{place}.paragraphs[{at}]");
                self.paragraph(object(paragraph, &place)?, &place)?;
            }
        }
        Ok(())
    }

    fn paragraph(&mut self, paragraph: &Map<String, Value>, place: &str) -> Result<(), SquadError> {
        let context = text(paragraph, "context", place)?;
        let passages = &mut self.squad.passages;
        let passage = *self.places.entry(context.to_owned()).or_insert_with(|| {
            passages.push(context.to_owned());
            passages.len() - 1
        });
        for (at, question) in list(paragraph, "qas", place)?.iter().enumerate() {
            let place = format!("{place}.qas[{at}]");
            let question = object(question, &place)?;
            let asked = text(question, "question", &place)?;
            if is_answerable(question, &place)? {
                let (id, text) = (id(question).unwrap_or(place), asked.to_owned());
                self.squad.questions.push(SquadQuestion { id, text, passage });
            } else {
                self.squad.unanswerable += 1;
            }
        }
        Ok(())
    }
}

/// KorQuAD 2 has one `answer` where the others have a list.
fn is_answerable(question: &Map<String, Value>, place: &str) -> Result<bool, SquadError> {
    match question.get("is_impossible") {
        Some(Value::Bool(true)) => return Ok(false),
        None | Some(Value::Bool(false) | Value::Null) => {}
        Some(_) => return Err(shape(format!("{place}.is_impossible"), "is neither true nor false")),
    }
    if matches!(question.get("answer"), Some(Value::Object(_))) {
        return Ok(true);
    }
    Ok(!list(question, "answers", place)?.is_empty())
}

fn id(question: &Map<String, Value>) -> Option<String> {
    match question.get("id")? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

fn object<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>, SquadError> {
    value.as_object().ok_or_else(|| shape(place, "is not an object"))
}

fn list<'a>(fields: &'a Map<String, Value>, name: &str, place: &str) -> Result<&'a [Value], SquadError> {
    let place = || format!("{place}.{name}").replace("the file.", "");
    let value = fields.get(name).ok_or_else(|| shape(place(), "is missing"))?;
    value.as_array().map(Vec::as_slice).ok_or_else(|| shape(place(), "is not a list"))
}

/// A text that says something, white space at its ends removed.
fn text<'a>(fields: &'a Map<String, Value>, name: &str, place: &str) -> Result<&'a str, SquadError> {
    let place = || format!("{place}.{name}");
    let value = fields.get(name).ok_or_else(|| shape(place(), "is missing"))?;
    let text = value.as_str().ok_or_else(|| shape(place(), "is not a text"))?.trim();
    if text.is_empty() { Err(shape(place(), "is empty")) } else { Ok(text) }
}

fn shape(place: impl Into<String>, problem: &'static str) -> SquadError {
    SquadError::Shape { place: place.into(), problem }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(value: &Value) -> Result<Squad, SquadError> {
        parse_squad(&value.to_string())
    }

    fn qa(id: &str, question: &str) -> Value {
        json!({"id": id, "question": question, "answers": [{"text": "a", "answer_start": 0}]})
    }

    fn file(paragraphs: &Value) -> Value {
        json!({"version": "1", "data": [{"title": "t", "paragraphs": paragraphs}]})
    }

    #[test]
    fn questions_keep_their_passage_and_equal_contexts_are_one() {
        let one = json!([{"context": "서울은 수도이다.", "qas": [qa("a", "수도는?"), qa("b", "서울은 🏙?")]},
            {"context": "부산은 항구다.", "qas": [qa("c", "항구는?")]},
            {"context": " 서울은 수도이다.\n", "qas": [qa("d", "다시?")]}]);
        let squad = parse(&file(&one)).unwrap();
        assert_eq!(squad.passages, ["서울은 수도이다.", "부산은 항구다."]);
        let asked: Vec<_> = squad.questions.iter().map(|q| (q.id.as_str(), q.text.as_str(), q.passage)).collect();
        assert_eq!(asked, [("a", "수도는?", 0), ("b", "서울은 🏙?", 0), ("c", "항구는?", 1), ("d", "다시?", 0)]);
        assert_eq!(squad.unanswerable, 0);
    }

    #[test]
    fn the_shapes_that_are_in_use_are_all_read() {
        let paragraphs = json!([{"context": "c", "qas": [qa("a", "q")]}]);
        let articles = json!([{"paragraphs": paragraphs}]);
        let marked = format!("\u{feff}{}", file(&paragraphs));
        let expected = parse(&file(&paragraphs)).unwrap();
        for file in [articles.to_string(), paragraphs.to_string(), marked] {
            assert_eq!(parse_squad(&file).unwrap(), expected, "{file}");
        }
        let single =
            json!([{"context": "c", "qas": [{"id": 7, "question": "q", "answer": {"text": "c"}, "type": "x"}]}]);
        assert_eq!(parse(&single).unwrap().questions[0].id, "7");
        let nameless = json!([{"context": "c", "qas": [{"question": "q", "answers": [{}]}]}]);
        assert_eq!(parse(&nameless).unwrap().questions[0].id, "[0].qas[0]");
    }

    #[test]
    fn unanswerable_questions_are_counted_and_their_passages_stay() {
        let impossible = json!({"id": "x", "question": "?", "answers": [], "is_impossible": true});
        let plausible = json!({"id": "y", "question": "?", "answers": [{"text": "c"}], "is_impossible": true});
        let empty = json!({"id": "z", "question": "?", "answers": []});
        let both = json!([{"context": "c", "qas": [impossible, qa("a", "q")]},
            {"context": "d", "qas": [plausible, empty]}]);
        let squad = parse(&file(&both)).unwrap();
        assert_eq!((squad.passages.len(), squad.questions.len(), squad.unanswerable), (2, 1, 3));
        let none = json!([{"context": "c", "qas": [empty]}]);
        let error = parse(&none).unwrap_err();
        assert_eq!(error.to_string(), "the file has no question that can be answered (1 that cannot)");
        assert!(matches!(parse(&json!({"data": []})), Err(SquadError::Nothing { unanswerable: 0 })));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place() {
        let qas = |qas: Value| json!([{"context": "c", "qas": qas}]);
        let cases = [
            (json!("x"), "the file is neither an object with \"data\" nor a list"),
            (json!({"version": "1"}), "data is missing"),
            (json!({"data": {}}), "data is not a list"),
            (json!({"data": [1]}), "data[0] is not an object"),
            (json!([{"title": "t"}]), "[0].paragraphs is missing"),
            (file(&json!([{"qas": []}])), "data[0].paragraphs[0].context is missing"),
            (file(&json!([{"context": 1, "qas": []}])), "data[0].paragraphs[0].context is not a text"),
            (file(&json!([{"context": " \n", "qas": []}])), "data[0].paragraphs[0].context is empty"),
            (json!([{"context": "c"}]), "[0].qas is missing"),
            (qas(json!([qa("a", "q"), {"id": "b", "answers": []}])), "[0].qas[1].question is missing"),
            (qas(json!([{"question": "q"}])), "[0].qas[0].answers is missing"),
            (qas(json!([{"question": "q", "answers": "c"}])), "[0].qas[0].answers is not a list"),
            (
                qas(json!([{"question": "q", "is_impossible": "no"}])),
                "[0].qas[0].is_impossible is neither true nor false",
            ),
        ];
        for (file, expected) in cases {
            assert_eq!(parse(&file).unwrap_err().to_string(), expected);
        }
        assert!(matches!(parse_squad("{\"data\": ["), Err(SquadError::Malformed(_))));
        assert!(matches!(parse_squad(""), Err(SquadError::Malformed(_))));
    }

    #[test]
    fn a_sample_is_spread_over_the_file_and_keeps_every_passage() {
        let paragraphs: Vec<Value> =
            (0..10).map(|n| json!({"context": format!("c{n}"), "qas": [qa(&n.to_string(), "q")]})).collect();
        let squad = parse(&Value::Array(paragraphs)).unwrap();
        let ids = |limit| squad.clone().sample(limit).questions.into_iter().map(|q| q.id).collect::<Vec<_>>();
        assert_eq!(ids(3), ["0", "3", "6"]);
        assert_eq!(ids(10), ids(11));
        assert_eq!(ids(1), ["0"]);
        assert_eq!(squad.clone().sample(3).passages.len(), 10);
    }

    #[test]
    fn a_question_names_the_document_that_its_passage_becomes() {
        let squad = parse(&json!([{"context": "c", "qas": []}, {"context": "d", "qas": [qa("a", "q")]}])).unwrap();
        let (documents, asked) = (squad.documents(), squad.asked());
        assert_eq!(documents[1].raw.bytes, b"d");
        assert_eq!(format!("{}.txt", asked[0].right[0]), documents[1].raw.name);
    }
}
