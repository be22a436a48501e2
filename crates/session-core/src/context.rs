//! The part of a conversation that a model is given.

use crate::model::{Message, Role};

/// One earlier question and what was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// What the customer asked.
    pub question: String,
    /// What was answered; empty when nothing was.
    pub answer: String,
    /// The titles of the documents the answer cited.
    pub cited_titles: Vec<String>,
}

/// How much of a conversation is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The most messages.
    pub messages: usize,
    /// The most tokens, by the caller's counter.
    pub tokens: usize,
}

/// Picks the newest messages that fit the window and pairs them by turn, oldest first.
///
/// A whole turn is taken or left: half an exchange misleads a model. The newest turn is always taken,
/// even when it alone is over the budget of tokens.
pub fn recent_exchanges(messages: &[Message], window: Window, count_tokens: &dyn Fn(&str) -> usize) -> Vec<Exchange> {
    let mut picked: Vec<Exchange> = Vec::new();
    let (mut used_messages, mut used_tokens) = (0, 0);
    for turn in turns_newest_first(messages) {
        let tokens: usize = turn.iter().map(|message| count_tokens(&message.content)).sum();
        let too_many = used_messages + turn.len() > window.messages;
        let too_long = used_tokens + tokens > window.tokens && !picked.is_empty();
        if too_many || too_long {
            break;
        }
        used_messages += turn.len();
        used_tokens += tokens;
        picked.push(exchange(&turn));
    }
    picked.reverse();
    picked
}

fn turns_newest_first(messages: &[Message]) -> Vec<Vec<&Message>> {
    let mut turns: Vec<Vec<&Message>> = Vec::new();
    for message in messages.iter().rev() {
        match turns.last_mut() {
            Some(turn) if turn.last().is_some_and(|newer| newer.turn == message.turn) => turn.push(message),
            _ => turns.push(vec![message]),
        }
    }
    turns
}

fn exchange(turn: &[&Message]) -> Exchange {
    let said = |role: Role| turn.iter().find(|message| message.role == role);
    Exchange {
        question: said(Role::User).map(|message| message.content.clone()).unwrap_or_default(),
        answer: said(Role::Assistant).map(|message| message.content.clone()).unwrap_or_default(),
        cited_titles: said(Role::Assistant)
            .map(|message| message.sources.iter().map(|source| source.title.clone()).collect())
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples;

    fn conversation(turns: u64) -> Vec<Message> {
        (1..=turns)
            .flat_map(|n| {
                [samples::user_message(n, &format!("질문 {n}")), samples::assistant_message(n, &format!("답변 {n}"))]
            })
            .collect()
    }

    fn questions(exchanges: &[Exchange]) -> Vec<&str> {
        exchanges.iter().map(|exchange| exchange.question.as_str()).collect()
    }

    #[test]
    fn the_newest_turns_are_given_oldest_first() {
        let window = Window { messages: 4, tokens: 1000 };
        let picked = recent_exchanges(&conversation(5), window, &str::len);
        assert_eq!(questions(&picked), ["질문 4", "질문 5"]);
        assert_eq!(picked[1].answer, "답변 5");
    }

    #[test]
    fn a_turn_over_the_token_budget_is_left_out_whole() {
        let window = Window { messages: 10, tokens: 25 };
        assert_eq!(questions(&recent_exchanges(&conversation(5), window, &|_| 10)), ["질문 5"]);
    }

    #[test]
    fn the_newest_turn_is_given_even_when_it_is_over_the_budget() {
        let window = Window { messages: 10, tokens: 1 };
        assert_eq!(questions(&recent_exchanges(&conversation(2), window, &|_| 10)), ["질문 2"]);
    }

    #[test]
    fn a_question_without_an_answer_is_an_exchange_too() {
        let messages = vec![samples::user_message(1, "혼자")];
        let picked = recent_exchanges(&messages, Window { messages: 10, tokens: 100 }, &str::len);
        assert_eq!((picked[0].question.as_str(), picked[0].answer.as_str()), ("혼자", ""));
    }

    #[test]
    fn an_empty_window_gives_nothing() {
        assert!(recent_exchanges(&conversation(2), Window { messages: 0, tokens: 100 }, &str::len).is_empty());
    }
}
