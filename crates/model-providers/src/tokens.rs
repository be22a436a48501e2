use std::sync::{Arc, Mutex, PoisonError};

use rag_pipeline::text::{EstimatedTokens, TokenCounter};
use tiktoken_rs::{CoreBPE, o200k_base};

/// Counts tokens as `OpenAI`'s newer models do (`o200k`), with the tables that are built in: no network.
///
/// The tables take 46 MB and a tenth of a second to unpack. They are unpacked at the first count and given back by
/// [`forget`](Self::forget), so that a server that takes no documents in does not carry them.
#[derive(Default)]
pub struct O200kTokens(Mutex<Option<Arc<CoreBPE>>>);

impl O200kTokens {
    /// Gives the tables back; the next count unpacks them again.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn tables(&self) -> Option<Arc<CoreBPE>> {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tables.is_none() {
            match o200k_base() {
                Ok(unpacked) => *tables = Some(Arc::new(unpacked)),
                // They are a part of the program: only a broken build comes here.
                Err(error) => {
                    tracing::error!(error = %error, "the tables of o200k cannot be unpacked, tokens are estimated");
                }
            }
        }
        tables.clone()
    }
}

impl TokenCounter for O200kTokens {
    fn name(&self) -> String {
        "o200k".into()
    }

    fn count(&self, text: &str) -> u32 {
        match self.tables() {
            Some(tables) => tables.count_ordinary(text) as u32,
            None => EstimatedTokens.count(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_the_model_and_tables_come_back() {
        let tokens = O200kTokens::default();
        assert_eq!(tokens.count("hello world"), 2);
        assert_eq!(tokens.count(""), 0);
        tokens.forget();
        let korean = tokens.count("배송비는 3,000원입니다.");
        assert!((5..15).contains(&korean), "{korean}");
        // What looks like a special token is text.
        assert!(tokens.count("<|endoftext|>") > 1);
    }
}
