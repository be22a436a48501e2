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

/// Picks the newest exchanges that fit the window, oldest first.
///
/// A question and its answer are taken or left together: half an exchange misleads a model. Of several
/// answers to one question the last one counts. The newest exchange is always taken, even when it alone
/// is over the budget of tokens. An answer whose question is not among the messages is left out, unless
/// it answers none.
pub fn recent_exchanges(messages: &[Message], window: Window, count_tokens: &dyn Fn(&str) -> usize) -> Vec<Exchange> {
    let mut picked: Vec<Exchange> = Vec::new();
    let (mut used_messages, mut used_tokens) = (0, 0);
    for pair in exchanges(messages).into_iter().rev() {
        let tokens: usize = pair.messages().map(|message| count_tokens(&message.content)).sum();
        let too_many = used_messages + pair.messages().count() > window.messages;
        let too_long = used_tokens + tokens > window.tokens && !picked.is_empty();
        if too_many || too_long {
            break;
        }
        used_messages += pair.messages().count();
        used_tokens += tokens;
        picked.push(pair.into());
    }
    picked.reverse();
    picked
}

/// A question and the last answer to it.
#[derive(Clone, Copy, Default)]
struct Pair<'a> {
    question: Option<&'a Message>,
    answer: Option<&'a Message>,
}

impl<'a> Pair<'a> {
    fn messages(self) -> impl Iterator<Item = &'a Message> {
        self.question.into_iter().chain(self.answer)
    }

    fn takes(self, answer: &Message) -> bool {
        self.question.is_some_and(|question| match answer.parent {
            Some(parent) => question.id == parent,
            None => question.turn == answer.turn,
        })
    }
}

impl From<Pair<'_>> for Exchange {
    fn from(pair: Pair<'_>) -> Self {
        let text = |message: Option<&Message>| message.map(|m| m.content.clone()).unwrap_or_default();
        let sources = pair.answer.into_iter().flat_map(|answer| &answer.sources);
        Self {
            question: text(pair.question),
            answer: text(pair.answer),
            cited_titles: sources.map(|source| source.title.clone()).collect(),
        }
    }
}

/// In the order of the questions.
fn exchanges(messages: &[Message]) -> Vec<Pair<'_>> {
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    for message in messages {
        match message.role {
            Role::User => pairs.push(Pair { question: Some(message), answer: None }),
            Role::Assistant => match pairs.iter_mut().rev().find(|pair| pair.takes(message)) {
                Some(pair) => pair.answer = Some(message),
                None if message.parent.is_none() => pairs.push(Pair { question: None, answer: Some(message) }),
                None => {}
            },
            Role::System => {}
        }
    }
    pairs
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
    fn of_several_answers_to_one_question_the_last_one_counts() {
        let mut messages = conversation(2);
        let asked = messages[0].id;
        messages.push(Message { parent: Some(asked), ..samples::assistant_message(3, "고쳐 한 답변") });
        let picked = recent_exchanges(&messages, Window { messages: 10, tokens: 100 }, &|_| 1);
        assert_eq!(questions(&picked), ["질문 1", "질문 2"]);
        assert_eq!((picked[0].answer.as_str(), picked[1].answer.as_str()), ("고쳐 한 답변", "답변 2"));
    }

    #[test]
    fn an_empty_window_gives_nothing() {
        assert!(recent_exchanges(&conversation(2), Window { messages: 0, tokens: 100 }, &str::len).is_empty());
    }
}
