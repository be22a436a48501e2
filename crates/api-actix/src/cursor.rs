//! Where a list goes on. Clients give cursors back as they got them, and need not understand them.

use kernel::{DocumentId, MessageId, SessionId, Timestamp};
use session_core::ports::{SearchCursor, SessionCursor};
use session_core::search::Score;

use crate::error::{ApiError, ErrorCode, ErrorDetail};

/// Hexadecimal digits of the microseconds before the session's id.
const MICROS_DIGITS: usize = 16;
/// Hexadecimal digits of a UUID.
const UUID_DIGITS: usize = 32;
/// Hexadecimal digits of a score before the message's time.
const SCORE_DIGITS: usize = 8;

pub(crate) fn write_session(cursor: SessionCursor) -> String {
    format!("{:016x}{}", cursor.last_active_at.unix_micros(), cursor.id.as_uuid().simple())
}

pub(crate) fn read_session(text: &str) -> Result<SessionCursor, ApiError> {
    parse_session(text).ok_or_else(|| refuse("cursor"))
}

fn parse_session(text: &str) -> Option<SessionCursor> {
    let (last_active_at, id) = parse_time_and_id(text)?;
    Some(SessionCursor { last_active_at, id: id.parse::<SessionId>().ok()? })
}

fn parse_time_and_id(text: &str) -> Option<(Timestamp, &str)> {
    let is_hex = text.len() == MICROS_DIGITS + UUID_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (micros, id) = is_hex.then(|| text.split_at(MICROS_DIGITS))?;
    Some((Timestamp::from_unix_micros(i64::from_str_radix(micros, 16).ok()?)?, id))
}

pub(crate) fn write_search(cursor: SearchCursor) -> String {
    let (score, message) = (cursor.score.millionths(), cursor.message.as_uuid().simple());
    format!("{score:08x}{:016x}{message}", cursor.created_at.unix_micros())
}

pub(crate) fn read_search(text: &str) -> Result<SearchCursor, ApiError> {
    parse_search(text).ok_or_else(|| refuse("cursor"))
}

fn parse_search(text: &str) -> Option<SearchCursor> {
    let (score, rest) = text.split_at_checked(SCORE_DIGITS)?;
    let (created_at, message) = parse_time_and_id(rest)?;
    let score = score.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(score, 16).ok())??;
    Some(SearchCursor { score: Score::from_millionths(score), created_at, message: message.parse::<MessageId>().ok()? })
}

/// A message's sequence number. Databases count in signed 64 bits; what is over cannot have come from a list.
pub(crate) fn read_sequence(parameter: &'static str, text: &str) -> Result<u64, ApiError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse::<i64>().ok()).flatten();
    number.and_then(|number| u64::try_from(number).ok()).ok_or_else(|| refuse(parameter))
}

/// A list of documents goes on after an id, which is written in hexadecimal: ids have any characters.
pub(crate) fn write_document(id: &DocumentId) -> String {
    id.as_str().bytes().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn read_document(text: &str) -> Result<DocumentId, ApiError> {
    parse_document(text).ok_or_else(|| refuse("cursor"))
}

fn parse_document(text: &str) -> Option<DocumentId> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| Some(c.to_digit(16)? as u8)).collect();
    let (pairs, odd) = digits.as_deref()?.as_chunks::<2>();
    let bytes = odd.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())?;
    DocumentId::new(String::from_utf8(bytes).ok()?).ok()
}

fn refuse(parameter: &'static str) -> ApiError {
    ApiError::new(ErrorCode::InvalidCursor).with_detail(ErrorDetail::of(Some(parameter), "not a cursor of this list"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use session_core::testing::samples;

    proptest! {
        #[test]
        fn a_cursor_is_read_back_as_it_was_written(micros in 0..=i64::MAX / 64, number in any::<u64>()) {
            let last_active_at = Timestamp::from_unix_micros(micros).unwrap();
            let cursor = SessionCursor { last_active_at, id: samples::session_id(number) };
            prop_assert_eq!(parse_session(&write_session(cursor)), Some(cursor));
        }

        #[test]
        fn a_cursor_of_a_search_is_read_back_as_it_was_written(
            score in any::<u32>(), micros in 0..=i64::MAX / 64, number in any::<u64>(),
        ) {
            let created_at = Timestamp::from_unix_micros(micros).unwrap();
            let score = Score::from_millionths(score);
            let cursor = SearchCursor { score, created_at, message: samples::message_id(number) };
            prop_assert_eq!(parse_search(&write_search(cursor)), Some(cursor));
        }

        #[test]
        fn a_cursor_of_documents_is_read_back_as_it_was_written(id in "[가-힣a-z /%?]{1,20}x") {
            let id = DocumentId::new(id).unwrap();
            prop_assert_eq!(parse_document(&write_document(&id)), Some(id));
        }

        #[test]
        fn no_text_breaks_the_reader(text in ".{0,60}") {
            let _ = (parse_document(&text), parse_session(&text), parse_search(&text), read_sequence("before", &text));
        }
    }

    #[test]
    fn what_no_list_gave_is_refused() {
        for bad in ["", "x", &"f".repeat(48), &"0".repeat(47), &"가".repeat(16)] {
            assert_eq!(parse_session(bad), None, "{bad}");
            assert_eq!(parse_search(&format!("0000000{bad}")), None, "{bad}");
        }
        for bad in ["", "-1", "+1", "1.5", "9223372036854775808"] {
            assert!(read_sequence("before", bad).is_err(), "{bad}");
        }
        assert_eq!(read_sequence("before", "9223372036854775807").unwrap(), i64::MAX as u64);
    }
}
