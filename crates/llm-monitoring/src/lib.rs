//! What a turn cost: token counts and the [`PriceBook`] that prices them.
//!
//! Amounts are integers throughout: prices in micro-units per million tokens, costs in
//! [`kernel::Money`]. A model the book does not list has no cost; it is never taken as free.

mod entry;
mod price_book;

pub use price_book::{PriceBook, PriceBookError};
