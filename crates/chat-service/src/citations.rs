//! Markers in a streamed answer.

/// Lets only markers through that name a given passage, and numbers them anew in the order in which
/// they appear: what a reader sees is `[1]`, `[2]`, … for the sources that were really used.
///
/// Works on a stream: a marker cut in two by the stream is held back until it is whole.
#[derive(Debug)]
pub struct Citations {
    passages: u32,
    cited: Vec<u32>,
    held: String,
}

/// `[` and at most this many digits may be a marker.
const MAX_DIGITS: usize = 3;

impl Citations {
    /// A filter for an answer over passages 1 to `passages`.
    pub const fn new(passages: u32) -> Self {
        Self { passages, cited: Vec::new(), held: String::new() }
    }

    /// Takes more text and gives what can be shown of it by now.
    pub fn push(&mut self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        for character in text.chars() {
            match (self.held.is_empty(), character) {
                (true, '[') => self.held.push('['),
                (true, other) => shown.push(other),
                (false, '0'..='9') if self.held.len() <= MAX_DIGITS => self.held.push(character),
                (false, ']') if self.held.len() > 1 => shown.push_str(&self.marker()),
                (false, '[') => {
                    shown.push_str(&std::mem::replace(&mut self.held, "[".into()));
                }
                (false, other) => {
                    shown.push_str(&std::mem::take(&mut self.held));
                    shown.push(other);
                }
            }
        }
        shown
    }

    /// The rest of the text: what was held back in case it became a marker.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// The passages cited, by their old numbers, in the order of their new ones.
    pub fn cited(&self) -> &[u32] {
        &self.cited
    }

    fn marker(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        let Ok(number) = held[1..].parse::<u32>() else { return String::new() };
        if number == 0 || number > self.passages {
            return String::new();
        }
        let place = self.cited.iter().position(|cited| *cited == number).unwrap_or_else(|| {
            self.cited.push(number);
            self.cited.len() - 1
        });
        format!("[{}]", place + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(passages: u32, parts: &[&str]) -> (String, Vec<u32>) {
        let mut citations = Citations::new(passages);
        let mut text: String = parts.iter().map(|part| citations.push(part)).collect();
        text.push_str(&citations.finish());
        (text, citations.cited().to_vec())
    }

    #[test]
    fn markers_are_numbered_in_the_order_they_appear() {
        let (text, cited) = filtered(4, &["무료입니다. [3] 단, 제주는 아닙니다. [1][3]"]);
        assert_eq!(text, "무료입니다. [1] 단, 제주는 아닙니다. [2][1]");
        assert_eq!(cited, [3, 1]);
    }

    #[test]
    fn markers_of_passages_that_were_not_given_are_removed() {
        assert_eq!(filtered(2, &["가 [0] 나 [3] 다 [999] 라 [2]"]), ("가  나  다  라 [1]".into(), vec![2]));
    }

    #[test]
    fn a_marker_cut_anywhere_by_the_stream_is_the_same() {
        let whole = "값은 [2], [12] 그리고 [x] [ 1] [1234] [끝";
        let expected = filtered(12, &[whole]);
        for (cut, _) in whole.char_indices() {
            assert_eq!(filtered(12, &[&whole[..cut], &whole[cut..]]), expected, "cut at {cut}");
        }
        assert_eq!(expected.0, "값은 [1], [2] 그리고 [x] [ 1] [1234] [끝");
    }
}
