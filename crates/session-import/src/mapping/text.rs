//! Texts that fit.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// A value without NUL characters, which PostgreSQL cannot keep, and whether there were any.
pub(crate) fn without_nul(value: Value) -> (Value, bool) {
    match value {
        Value::String(text) if text.contains('\0') => (Value::String(text.replace('\0', "")), true),
        Value::Array(items) => {
            let mut found = false;
            let items = items.into_iter().map(|item| clean(item, &mut found)).collect();
            (Value::Array(items), found)
        }
        Value::Object(map) => {
            let mut found = false;
            let map = map.into_iter().map(|(key, value)| {
                found |= key.contains('\0');
                (key.replace('\0', ""), clean(value, &mut found))
            });
            (Value::Object(map.collect()), found)
        }
        other => (other, false),
    }
}

fn clean(value: Value, found: &mut bool) -> Value {
    let (value, cleaned) = without_nul(value);
    *found |= cleaned;
    value
}

/// A name without control characters that has at most `max` characters. A longer one is cut and ends in a
/// checksum of the whole, so that two people never become one.
pub(crate) fn name(text: &str, max: usize) -> Option<String> {
    const MARK: usize = 17;
    let plain: String = text.trim().chars().filter(|c| !c.is_control()).collect();
    if plain.trim().is_empty() {
        return None;
    }
    if plain.chars().count() <= max {
        return Some(plain);
    }
    let digest = Sha256::digest(plain.as_bytes());
    let mark: String = digest.iter().take((MARK - 1) / 2).map(|byte| format!("{byte:02x}")).collect();
    let start: String = plain.chars().take(max - MARK).collect();
    Some(format!("{start}-{mark}"))
}

/// A title: one line of at most `max` characters.
pub(crate) fn title(text: &str, max: usize) -> Option<String> {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    let short = if line.chars().count() > max {
        let cut: String = line.chars().take(max - 1).collect();
        format!("{}…", cut.trim_end())
    } else {
        line
    };
    (!short.is_empty()).then_some(short)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nul_is_found_at_any_depth() {
        assert_eq!(without_nul(json!({"a\0": ["b\0", 1]})), (json!({"a": ["b", 1]}), true));
        assert_eq!(without_nul(json!({"a": ["b", 1]})), (json!({"a": ["b", 1]}), false));
    }

    #[test]
    fn two_long_names_with_the_same_start_stay_two() {
        let (one, other) = (name(&"가".repeat(300), 200).unwrap(), name(&"가".repeat(301), 200).unwrap());
        assert_eq!((one.chars().count(), other.chars().count()), (200, 200));
        assert_ne!(one, other);
        assert_eq!((name(" a\nb ", 200).as_deref(), name(" \t", 200)), (Some("ab"), None));
    }

    #[test]
    fn a_title_is_one_short_line() {
        assert_eq!(title(" 배송\n문의 ", 200).as_deref(), Some("배송 문의"));
        assert_eq!(title(&"가".repeat(300), 200).unwrap().chars().count(), 200);
        assert_eq!(title("\n", 200), None);
    }
}
