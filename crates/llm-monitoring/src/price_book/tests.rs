//! What a book answers, and how it refuses.

use super::*;
use crate::entry::MAX_PRICE;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn today() -> Timestamp {
    at("2026-11-20T12:00:00Z")
}

fn entry(lines: &str) -> String {
    format!("[[price]]\nprovider = \"p\"\nmodel = \"m\"\n{lines}\n")
}

fn book(input: i64, output: i64) -> PriceBook {
    entry(&format!("input_micros_per_million_tokens = {input}\noutput_micros_per_million_tokens = {output}"))
        .parse()
        .unwrap()
}

const PRICES: &str = "input_micros_per_million_tokens = 1\noutput_micros_per_million_tokens = 2";

#[test]
fn the_built_in_book_prices_its_own_answerer_at_an_explicit_zero() {
    let book = PriceBook::built_in().unwrap();
    assert_eq!(book.cost("iyagi-extractive-1", 5_000, 400, today()), Some(Money::ZERO));
    assert_eq!(book.currency(), "USD");
}

#[test]
fn the_built_in_book_prices_a_call_as_its_provider_does() {
    let book = PriceBook::built_in().unwrap();
    // 1,000 × $0.15/M + 200 × $0.60/M = $0.000270
    assert_eq!(book.cost("gpt-4o-mini", 1_000, 200, today()), Some(Money::from_micros(270)));
}

#[test]
fn an_unknown_model_has_no_cost_rather_than_a_cost_of_zero() {
    let book = PriceBook::built_in().unwrap();
    for model in ["gpt-99", "GPT-4o-mini", "gpt-4o-mini ", ""] {
        assert_eq!(book.cost(model, 1, 1, today()), None, "{model:?}");
        assert!(!book.knows(model, today()));
    }
}

#[test]
fn a_cost_is_rounded_once_and_half_upwards() {
    for (input, output, prompt, completion, micros) in [
        (500_000, 0, 1, 0, 1),       // 0.5
        (499_999, 0, 1, 0, 0),       // 0.499999
        (1_500_000, 0, 1, 0, 2),     // 1.5
        (400_000, 400_000, 1, 1, 1), // 0.4 + 0.4, together 0.8
        (250_000, 250_000, 1, 0, 0), // 0.25
        (150_000, 600_000, 0, 0, 0),
    ] {
        let cost = book(input, output).cost("m", prompt, completion, today());
        assert_eq!(cost, Some(Money::from_micros(micros)), "{input}/{output} for {prompt}+{completion}");
    }
}

#[test]
fn the_largest_call_at_the_dearest_price_still_fits() {
    let cost = book(MAX_PRICE, MAX_PRICE).cost("m", u32::MAX, u32::MAX, today());
    assert_eq!(cost, Some(Money::from_micros(2 * i64::from(u32::MAX) * 1_000_000)));
}

#[test]
fn a_new_price_holds_from_midnight_of_its_day_and_the_old_one_before() {
    let book = PriceBook::built_in().unwrap();
    for (moment, micros) in [("2026-12-31T23:59:59.999999Z", 4_500_000), ("2027-01-01T00:00:00Z", 9_000_000)] {
        let cost = book.cost("gemini-3.8-flash", 1_000_000, 1_000_000, at(moment));
        assert_eq!(cost, Some(Money::from_micros(micros)), "{moment}");
    }
}

#[test]
fn a_model_with_only_a_dated_price_has_none_before_that_day() {
    let book: PriceBook = entry(&format!("effective_from = 2026-11-20\n{PRICES}")).parse().unwrap();
    assert_eq!(book.cost("m", 1_000_000, 0, at("2026-11-19T23:59:59Z")), None);
    assert_eq!(book.cost("m", 1_000_000, 0, today()), Some(Money::from_micros(1)));
}

#[test]
fn the_order_of_entries_in_the_file_does_not_matter() {
    let dated = |day: &str, price: u32| {
        entry(&format!(
            "effective_from = {day}\ninput_micros_per_million_tokens = {price}\noutput_micros_per_million_tokens = 0"
        ))
    };
    let book: PriceBook = (dated("2026-06-01", 6) + &dated("2026-01-01", 1) + &dated("2026-03-01", 3)).parse().unwrap();
    for (moment, micros) in [("2026-02-01T00:00:00Z", 1), ("2026-04-01T00:00:00Z", 3), ("2026-07-01T00:00:00Z", 6)] {
        assert_eq!(book.cost("m", 1_000_000, 0, at(moment)), Some(Money::from_micros(micros)), "{moment}");
    }
}

#[test]
fn a_wrong_entry_is_named_by_number_and_model_and_says_what_is_accepted() {
    let good = "[[price]]\nprovider = \"p\"\nmodel = \"first\"\n".to_owned() + PRICES + "\n";
    for (wrong, expected) in [
        (entry("input_micros_per_million_tokens = 1"), "output_micros_per_million_tokens"),
        (entry(&format!("{PRICES}\nprice = 3")), "unknown field `price`"),
        (entry("input_micros_per_million_tokens = 0.15\noutput_micros_per_million_tokens = 1"), "invalid type"),
        (entry("input_micros_per_million_tokens = -1\noutput_micros_per_million_tokens = 1"), "from 0 to"),
        (entry("input_micros_per_million_tokens = 1\noutput_micros_per_million_tokens = 1000000000001"), "from 0 to"),
        (entry(&format!("currency = \"usd\"\n{PRICES}")), "three capital letters"),
        (entry(&format!("currency = \"KRW\"\n{PRICES}")), "the book's is USD"),
        (entry(&format!("effective_from = 2026-01-01T00:00:00Z\n{PRICES}")), "it takes a date"),
        (entry(PRICES) + &entry(PRICES), "another entry without `effective_from`"),
        (entry(&format!("effective_from = 2026-01-01\n{PRICES}")).repeat(2), "another entry from 2026-01-01"),
        (entry(PRICES) + &entry(PRICES).replace("\"p\"", "\"q\""), "listed for provider `p`"),
        (entry(PRICES).replace("\"p\"", "\" \""), "`provider` is empty"),
    ] {
        let error = (good.clone() + &wrong).parse::<PriceBook>().unwrap_err().to_string();
        let number = 1 + wrong.matches("[[price]]").count();
        assert!(error.starts_with(&format!("price book entry {number} (m): ")), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_nameless_entry_is_named_by_its_number() {
    let error = format!("[[price]]\nprovider = \"p\"\n{PRICES}").parse::<PriceBook>().unwrap_err().to_string();
    assert_eq!(error, "price book entry 1 (no model): missing field `model`");
}

#[test]
fn a_text_that_is_no_price_book_is_refused_as_a_whole() {
    for text in ["", "# nothing", "[[price]", "[[prices]]\nmodel = \"m\"", "price = 3"] {
        let error = text.parse::<PriceBook>().unwrap_err();
        assert!(matches!(error, PriceBookError::Unreadable(_)), "{text:?}: {error}");
    }
}
