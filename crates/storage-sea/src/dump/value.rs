//! A dump's values as SQLite keeps them.

use kernel::{RepositoryError, Timestamp};
use sea_orm::Value as Stored;
use serde_json::Value;
use uuid::Uuid;

use super::ColumnKind;
use crate::hex::unhex;
use crate::time::Ts;

/// A value of a dump as our entities would store it in SQLite.
///
/// # Errors
/// [`RepositoryError::Corrupt`] when it is not of its kind.
pub fn sqlite_value(kind: ColumnKind, value: &Value) -> Result<Stored, RepositoryError> {
    let wrong = || RepositoryError::Corrupt(format!("a value of the dump is no {kind:?}"));
    if value.is_null() {
        return Ok(null(kind));
    }
    let text = || value.as_str().ok_or_else(wrong);
    Ok(match kind {
        ColumnKind::Text | ColumnKind::Other => text()?.into(),
        ColumnKind::Integer => value.as_i64().ok_or_else(wrong)?.into(),
        ColumnKind::Float => value.as_f64().ok_or_else(wrong)?.into(),
        ColumnKind::Boolean => value.as_bool().ok_or_else(wrong)?.into(),
        ColumnKind::Json => serde_json::from_str::<Value>(text()?).map_err(|_| wrong())?.into(),
        ColumnKind::Uuid => Uuid::parse_str(text()?).map_err(|_| wrong())?.into(),
        ColumnKind::Bytes => unhex(text()?).ok_or_else(wrong)?.into(),
        ColumnKind::Time => {
            let at: Timestamp = serde_json::from_value(value.clone()).map_err(|_| wrong())?;
            Ts::from(at).into()
        }
    })
}

/// NULL; SQLite has one for all types.
fn null(kind: ColumnKind) -> Stored {
    match kind {
        ColumnKind::Bytes | ColumnKind::Uuid => Stored::Bytes(None),
        ColumnKind::Integer | ColumnKind::Boolean => Stored::BigInt(None),
        ColumnKind::Float => Stored::Double(None),
        _ => Stored::String(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_of_every_kind_are_taken_and_others_refused() {
        for (kind, value) in [
            (ColumnKind::Text, json!("말")),
            (ColumnKind::Integer, json!(i64::MAX)),
            (ColumnKind::Float, json!(0.5)),
            (ColumnKind::Boolean, json!(true)),
            (ColumnKind::Json, json!("null")),
            (ColumnKind::Time, json!("2026-11-20T00:00:00.000001Z")),
            (ColumnKind::Uuid, json!("00000000-0000-0000-0000-000000000001")),
            (ColumnKind::Bytes, json!("00ff")),
        ] {
            assert_ne!(sqlite_value(kind, &value).unwrap(), null(kind), "{kind:?}");
            assert_eq!(sqlite_value(kind, &Value::Null).unwrap(), null(kind), "{kind:?}");
            assert!(sqlite_value(kind, &json!(["x"])).is_err(), "{kind:?}");
        }
        assert!(sqlite_value(ColumnKind::Bytes, &json!("0")).is_err());
        assert!(sqlite_value(ColumnKind::Time, &json!("gestern")).is_err());
    }

    #[test]
    fn a_time_is_stored_as_our_entities_store_it() {
        let at: Timestamp = serde_json::from_value(json!("2026-11-20T01:02:03.456789Z")).unwrap();
        let stored = sqlite_value(ColumnKind::Time, &json!("2026-11-20T01:02:03.456789Z")).unwrap();
        assert_eq!(stored, Stored::from(Ts::from(at)));
    }
}
