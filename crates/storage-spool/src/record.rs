//! One turn as one line.

use session_core::model::ClosedTurn;

/// A line with its end. JSON has no raw line breaks, so a record never spans lines.
pub(crate) fn line(turn: &ClosedTurn) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(turn)?;
    Ok(format!("{:08x} {} {json}\n", crc32fast::hash(json.as_bytes()), json.len()))
}

/// The turn of a line without its end; `None` when it does not check.
pub(crate) fn read(line: &[u8]) -> Option<ClosedTurn> {
    let text = std::str::from_utf8(line).ok()?;
    let (sum, rest) = text.split_once(' ')?;
    let (length, json) = rest.split_once(' ')?;
    let whole =
        length.parse() == Ok(json.len()) && u32::from_str_radix(sum, 16) == Ok(crc32fast::hash(json.as_bytes()));
    if whole { serde_json::from_str(json).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use session_core::testing::samples::closed_turn;

    use super::*;

    #[test]
    fn a_line_reads_back_and_any_flipped_or_missing_byte_is_noticed() {
        let turn = closed_turn(1, "줄\n바꿈 \u{2028} 👋");
        let line = line(&turn).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        let bytes = line.trim_end().as_bytes();
        assert_eq!(read(bytes), Some(turn.clone()));
        for at in 0..bytes.len() {
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 1;
            // A digit of the sum may change its case only; then it still says the same.
            assert!(read(&flipped).is_none_or(|same| same == turn && at < 8), "byte {at}");
            assert_eq!(read(&bytes[..at]), None, "cut at {at}");
        }
    }
}
