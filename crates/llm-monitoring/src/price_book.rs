//! The prices of models, by model and moment.

use std::collections::BTreeMap;
use std::str::FromStr;

use kernel::{Money, Timestamp};
use serde::Deserialize;

use crate::entry::{self, Entry};

/// Tokens a price is stated for.
const TOKENS_PER_PRICE: u128 = 1_000_000;

/// The built-in book, `config/prices.toml`.
const BUILT_IN: &str = include_str!("../../../config/prices.toml");

/// Why a price book was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PriceBookError {
    /// The text is not TOML, or not a list of `[[price]]` entries.
    #[error("the price book is not readable: {0}")]
    Unreadable(String),
    /// One entry is wrong.
    #[error("price book entry {number} ({model}): {problem}")]
    Entry {
        /// Its position in the book, from 1.
        number: usize,
        /// Its `model`, or `no model`.
        model: String,
        /// What is wrong and what is accepted.
        problem: String,
    },
}

/// What each model costs, from when. All prices of one book are in one currency, because
/// [`Money`] does not carry one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceBook {
    currency: String,
    /// The entries of a model, oldest first.
    models: BTreeMap<String, Vec<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    price: Vec<toml::Value>,
}

impl PriceBook {
    /// The built-in book.
    ///
    /// # Errors
    /// None in a build that passes its tests; the type is that of reading any book.
    pub fn built_in() -> Result<Self, PriceBookError> {
        BUILT_IN.parse()
    }

    /// The currency of every cost of this book, as an ISO 4217 code.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// Whether the book has a price for this model at this moment.
    pub fn knows(&self, model: &str, at: Timestamp) -> bool {
        self.price(model, at).is_some()
    }

    /// What a call cost: prompt and completion priced together and rounded once, half a micro-unit
    /// upwards. `None` when the book has no price for the model at that moment; never zero for that.
    ///
    /// `model` is the name as the provider reports it, matched exactly. `at` is when the call was
    /// made, so that a later price change does not rewrite history.
    pub fn cost(&self, model: &str, prompt_tokens: u32, completion_tokens: u32, at: Timestamp) -> Option<Money> {
        let price = self.price(model, at)?;
        let scaled = u128::from(prompt_tokens) * u128::from(price.input)
            + u128::from(completion_tokens) * u128::from(price.output);
        let micros = (scaled + TOKENS_PER_PRICE / 2) / TOKENS_PER_PRICE;
        i64::try_from(micros).ok().map(Money::from_micros)
    }

    fn price(&self, model: &str, at: Timestamp) -> Option<&Entry> {
        let entries = self.models.get(model)?;
        entries.iter().rev().find(|entry| entry.effective_from.is_none_or(|from| from <= at))
    }

    /// Adds an entry; the error says why it cannot stand beside those before it.
    fn add(&mut self, entry: Entry) -> Result<(), String> {
        if self.models.is_empty() {
            self.currency.clone_from(&entry.currency);
        } else if self.currency != entry.currency {
            return Err(format!("the currency is {}, but the book's is {}", entry.currency, self.currency));
        }
        let entries = self.models.entry(entry.model.clone()).or_default();
        if let Some(other) = entries.iter().find(|other| other.provider != entry.provider) {
            return Err(format!(
                "the model is listed for provider `{}` already; a name is one provider's",
                other.provider
            ));
        }
        if entries.iter().any(|other| other.effective_from == entry.effective_from) {
            return Err(match entry.effective_from {
                Some(from) => format!("there is another entry from {from}"),
                None => "there is another entry without `effective_from`".to_owned(),
            });
        }
        entries.push(entry);
        entries.sort_by_key(|entry| entry.effective_from);
        Ok(())
    }
}

impl FromStr for PriceBook {
    type Err = PriceBookError;

    /// Reads a book from TOML: `[[price]]` entries as in `config/prices.toml`.
    fn from_str(text: &str) -> Result<Self, PriceBookError> {
        let document: Document =
            toml::from_str(text).map_err(|error| PriceBookError::Unreadable(error.message().to_owned()))?;
        if document.price.is_empty() {
            return Err(PriceBookError::Unreadable("it has no [[price]] entry".to_owned()));
        }
        let mut book = Self { currency: String::new(), models: BTreeMap::new() };
        for (index, value) in document.price.into_iter().enumerate() {
            let name = value.get("model").and_then(toml::Value::as_str).unwrap_or("no model").to_owned();
            entry::read(value).and_then(|entry| book.add(entry)).map_err(|problem| PriceBookError::Entry {
                number: index + 1,
                model: name,
                problem,
            })?;
        }
        Ok(book)
    }
}

#[cfg(test)]
mod tests;
