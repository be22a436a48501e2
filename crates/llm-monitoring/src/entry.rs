//! One `[[price]]` of a price book, read and checked by itself.

use kernel::Timestamp;
use serde::Deserialize;
use toml::value::Datetime;

/// The dearest price taken, in micro-units per million tokens: one whole unit of currency per
/// token. It keeps every cost of `u32` token counts inside an `i64`, and a slip of units is refused.
pub(crate) const MAX_PRICE: i64 = 1_000_000_000_000;

/// A price with the moment from which it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) provider: String,
    pub(crate) model: String,
    /// `None`: before every dated entry of the model.
    pub(crate) effective_from: Option<Timestamp>,
    /// Micro-units per million prompt tokens, 0 to [`MAX_PRICE`].
    pub(crate) input: u64,
    /// Micro-units per million completion tokens, 0 to [`MAX_PRICE`].
    pub(crate) output: u64,
    pub(crate) currency: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    provider: String,
    model: String,
    effective_from: Option<Datetime>,
    input_micros_per_million_tokens: i64,
    output_micros_per_million_tokens: i64,
    #[serde(default = "us_dollars")]
    currency: String,
}

fn us_dollars() -> String {
    "USD".to_owned()
}

/// Reads one entry; the error says what is wrong with it, not which entry it is.
pub(crate) fn read(value: toml::Value) -> Result<Entry, String> {
    let raw: RawEntry = value.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
    for (field, text) in [("provider", &raw.provider), ("model", &raw.model)] {
        if text.trim().is_empty() {
            return Err(format!("`{field}` is empty"));
        }
    }
    if raw.currency.len() != 3 || !raw.currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(format!("`currency` is `{}`; it takes a code of three capital letters such as USD", raw.currency));
    }
    Ok(Entry {
        effective_from: raw.effective_from.map(start_of_day).transpose()?,
        input: price("input_micros_per_million_tokens", raw.input_micros_per_million_tokens)?,
        output: price("output_micros_per_million_tokens", raw.output_micros_per_million_tokens)?,
        provider: raw.provider,
        model: raw.model,
        currency: raw.currency,
    })
}

fn price(field: &str, micros: i64) -> Result<u64, String> {
    u64::try_from(micros)
        .ok()
        .filter(|_| micros <= MAX_PRICE)
        .ok_or_else(|| format!("`{field}` is {micros}; it takes a whole number from 0 to {MAX_PRICE}"))
}

fn start_of_day(at: Datetime) -> Result<Timestamp, String> {
    let only_a_date = at.date.is_some() && at.time.is_none();
    only_a_date
        .then(|| Timestamp::parse(&format!("{at}T00:00:00Z")))
        .flatten()
        .ok_or_else(|| format!("`effective_from` is {at}; it takes a date such as 2027-01-01"))
}
