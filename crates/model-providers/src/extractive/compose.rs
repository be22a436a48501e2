use std::fmt::Write as _;

use super::select::Picked;

/// Joins the chosen sentences; a marker closes each run of sentences from one passage.
pub(super) fn compose(picked: &[Picked]) -> String {
    let mut answer = String::new();
    for (at, sentence) in picked.iter().enumerate() {
        if !answer.is_empty() {
            answer.push(' ');
        }
        answer.push_str(&sentence.text);
        if picked.get(at + 1).is_none_or(|next| next.number != sentence.number) {
            let _ = write!(answer, " [{}]", sentence.number);
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_closes_the_sentences_of_one_passage() {
        let picked = [("가.", 2), ("나.", 2), ("다.", 1)];
        let picked = picked.map(|(text, number)| Picked { text: text.to_owned(), number });
        assert_eq!(compose(&picked), "가. 나. [2] 다. [1]");
    }
}
