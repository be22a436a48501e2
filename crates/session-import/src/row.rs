use serde_json::{Map, Value};

use crate::mapping::text;
use crate::report::{Notes, Repair};
use crate::timestamps;
use kernel::Timestamp;
use uuid::Uuid;

/// A row of a source: its columns as JSON. Bytes are `\x` and hexadecimal digits, as PostgreSQL shows them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    columns: Map<String, Value>,
    /// Whether some of its text was not UTF-8 and had to be replaced.
    damaged: bool,
}

impl Row {
    /// Reads a row written as a JSON object.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(json);
        let damaged = matches!(text, std::borrow::Cow::Owned(_));
        match serde_json::from_str(&text) {
            Ok(Value::Object(columns)) => Ok(Self { columns, damaged }),
            Ok(_) => Err("the row is not an object".into()),
            Err(error) => Err(format!("the row cannot be read: {error}")),
        }
    }

    /// A column as text, for a report.
    pub(crate) fn shown(&self, names: &[&str]) -> Option<String> {
        let value = names.iter().find_map(|name| self.columns.get(*name).filter(|value| !value.is_null()))?;
        Some(plain_text(value))
    }
}

/// The columns of a row that were not used yet. What is taken and cannot be understood is put back, so
/// that it ends up among what is kept as it was.
pub(crate) struct Fields<'a> {
    left: Map<String, Value>,
    notes: &'a mut Notes,
}

fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn new(row: Row, notes: &'a mut Notes) -> Self {
        if row.damaged {
            notes.repaired(Repair::Encoding);
        }
        let mut left = Map::new();
        for (name, value) in row.columns {
            if !value.is_null() {
                let (value, cleaned) = text::without_nul(value);
                if cleaned {
                    notes.repaired(Repair::Nul);
                }
                left.insert(name, value);
            }
        }
        Self { left, notes }
    }

    /// Notes a repair.
    pub(crate) fn repaired(&mut self, repair: Repair) {
        self.notes.repaired(repair);
    }

    /// Drops the columns that only repeat a key.
    pub(crate) fn drop_key(&mut self, names: &[&str], key: &str) {
        for name in names {
            if self.left.get(*name).is_some_and(|value| plain_text(value) == key) {
                self.left.remove(*name);
            }
        }
    }

    /// Takes the first of these columns that has a value.
    pub(crate) fn value(&mut self, names: &[&str]) -> Option<Value> {
        let name = names.iter().find(|name| self.left.contains_key(**name))?;
        self.left.remove(*name)
    }

    /// The same as text; numbers and JSON as they are written. Blank text is none.
    pub(crate) fn text(&mut self, names: &[&str]) -> Option<String> {
        self.value(names).map(|value| plain_text(&value)).filter(|text| !text.trim().is_empty())
    }

    /// The same as text, blank or not.
    pub(crate) fn content(&mut self, names: &[&str]) -> Option<String> {
        self.value(names).map(|value| plain_text(&value))
    }

    /// The same as something else. What is not that is put back and counted.
    pub(crate) fn parsed<T>(
        &mut self,
        names: &[&str],
        repair: Repair,
        parse: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let name = *names.iter().find(|name| self.left.contains_key(**name))?;
        let value = self.left.remove(name)?;
        if value.as_str().is_some_and(|text| text.trim().is_empty()) {
            return None;
        }
        let parsed = parse(&value);
        if parsed.is_none() {
            self.notes.repaired(repair);
            self.left.insert(name.to_owned(), value);
        }
        parsed
    }

    /// The same as a whole number.
    pub(crate) fn integer(&mut self, names: &[&str]) -> Option<i64> {
        self.parsed(names, Repair::Value, integer)
    }

    /// The same as a count that is not negative.
    pub(crate) fn count<T: TryFrom<i64>>(&mut self, names: &[&str]) -> Option<T> {
        self.parsed(names, Repair::Value, |value| integer(value).and_then(|number| T::try_from(number).ok()))
    }

    /// The same as yes or no.
    pub(crate) fn flag(&mut self, names: &[&str]) -> Option<bool> {
        self.parsed(names, Repair::Value, |value| match plain_text(value).trim().to_lowercase().as_str() {
            "1" | "true" | "t" | "yes" | "y" => Some(true),
            "0" | "false" | "f" | "no" | "n" => Some(false),
            _ => None,
        })
    }

    /// The same as a moment.
    pub(crate) fn time(&mut self, names: &[&str]) -> Option<Timestamp> {
        let (at, naive) = self.parsed(names, Repair::Time, |value| timestamps::read(&plain_text(value)))?;
        if naive {
            self.notes.repaired(Repair::NaiveTime);
        }
        Some(at)
    }

    /// The same as a UUID, if it is one.
    pub(crate) fn uuid(&mut self, names: &[&str]) -> Option<Uuid> {
        self.parsed(names, Repair::Value, |value| uuid(&plain_text(value)))
    }

    /// The same as a JSON object; an empty one when there is none.
    pub(crate) fn object(&mut self, names: &[&str]) -> Map<String, Value> {
        let object = self.parsed(names, Repair::Metadata, |value| match json(value)? {
            Value::Object(map) => Some(Some(map)),
            Value::Null => Some(None),
            _ => None,
        });
        object.flatten().unwrap_or_default()
    }

    /// What is left.
    pub(crate) fn rest(self) -> Map<String, Value> {
        self.left
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().filter(|float| whole(*float)).map(|float| float as i64))
        }
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| text.parse().ok().filter(|float| whole(*float)).map(|float: f64| float as i64))
        }
        Value::Bool(flag) => Some(i64::from(*flag)),
        _ => None,
    }
}

fn whole(float: f64) -> bool {
    float.fract() == 0.0 && float.abs() < 9e15
}

/// Text that holds JSON is read; its NULs, hidden in escapes until now, are taken out.
fn json(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => serde_json::from_str(text).ok().map(|value| text::without_nul(value).0),
        other => Some(other.clone()),
    }
}

/// A UUID as text or as bytes.
pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    let text = text.trim();
    match text.strip_prefix("\\x") {
        Some(digits) if digits.len() == 32 => Uuid::try_parse(digits).ok(),
        Some(_) => None,
        None => Uuid::try_parse(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> Row {
        Row::read(json.as_bytes()).unwrap()
    }

    #[test]
    fn the_first_name_with_a_value_is_taken_and_the_rest_is_left() {
        let mut notes = Notes::default();
        let mut fields = Fields::new(row(r#"{"user":null,"user_id":7,"extra":"x"}"#), &mut notes);
        assert_eq!(fields.text(&["user", "user_id"]).as_deref(), Some("7"));
        assert_eq!(Value::Object(fields.rest()), serde_json::json!({"extra": "x"}));
    }

    #[test]
    fn what_is_not_understood_is_counted_and_kept() {
        let mut notes = Notes::default();
        let mut fields = Fields::new(row(r#"{"metadata":"{bad","count":"many"}"#), &mut notes);
        assert!(fields.object(&["metadata"]).is_empty());
        assert_eq!(fields.integer(&["count"]), None);
        assert_eq!(Value::Object(fields.rest()), serde_json::json!({"metadata": "{bad", "count": "many"}));
        assert_eq!((notes.times(Repair::Metadata), notes.times(Repair::Value)), (1, 1));
    }

    #[test]
    fn numbers_flags_and_ids_come_in_many_forms() {
        let mut notes = Notes::default();
        let text = r#"{"a":"12","b":3.0,"c":"f","d":1,"e":"\\x0123456789abcdef0123456789abcdef","f":""}"#;
        let mut fields = Fields::new(row(text), &mut notes);
        assert_eq!((fields.integer(&["a"]), fields.integer(&["b"])), (Some(12), Some(3)));
        assert_eq!((fields.flag(&["c"]), fields.flag(&["d"])), (Some(false), Some(true)));
        assert_eq!(fields.uuid(&["e"]).unwrap().to_string(), "01234567-89ab-cdef-0123-456789abcdef");
        assert_eq!((fields.integer(&["f"]), notes), (None, Notes::default()));
    }

    #[test]
    fn nul_is_taken_out_of_text_and_of_json_in_text() {
        let mut notes = Notes::default();
        let mut fields = Fields::new(row(r#"{"content":"a\u0000b","metadata":"{\"k\":\"\\u0000v\"}"}"#), &mut notes);
        assert_eq!(fields.text(&["content"]).as_deref(), Some("ab"));
        assert_eq!(Value::Object(fields.object(&["metadata"])), serde_json::json!({"k": "v"}));
        assert_eq!(notes.times(Repair::Nul), 1);
    }
}
