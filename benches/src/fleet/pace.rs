//! How an upstream streams: so many tokens, so far apart. A question says it, so that both sides do the same.

use std::time::Duration;

/// What an upstream says again and again: the length of a usual token.
pub(crate) const TOKEN: &str = "배송은 ";

/// Tokens, and the milliseconds before each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) tokens: u32,
    pub(crate) gap_ms: u32,
    /// Whether it falls silent after the tokens, for good.
    pub(crate) silent: bool,
}

impl Pace {
    /// The question that asks for it.
    pub(crate) fn question(self) -> String {
        format!("{} tokens {} apart {}", self.tokens, self.gap_ms, if self.silent { "silent" } else { "done" })
    }

    /// The time between two tokens.
    pub(crate) async fn wait(self) {
        if self.gap_ms > 0 {
            tokio::time::sleep(Duration::from_millis(u64::from(self.gap_ms))).await;
        }
    }

    /// What a question asks for.
    pub(crate) fn read(question: &str) -> Option<Self> {
        let mut words = question.split(' ');
        let tokens = words.next()?.parse().ok()?;
        let gap_ms = words.nth(1)?.parse().ok()?;
        Some(Self { tokens, gap_ms, silent: words.nth(1)? == "silent" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_asks_for_what_it_was_made_for() {
        for pace in [Pace { tokens: 400, gap_ms: 10, silent: false }, Pace { tokens: 1, gap_ms: 0, silent: true }] {
            assert_eq!(Pace::read(&pace.question()), Some(pace));
        }
        assert_eq!(Pace::read("제주도는요?"), None);
    }
}
