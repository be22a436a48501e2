//! The texts that cells share.

use rag_pipeline::model::ReadError;

use crate::job::Job;
use crate::ooxml::{Step, each_event};

/// All shared texts, in order; readings of characters (`rPh`) are left out.
pub(super) fn read(job: &Job<'_>, part: &str, text: &str) -> Result<Vec<String>, ReadError> {
    let mut texts: Vec<String> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    each_event(job, part, text, |step| {
        match step {
            Step::Open(element) => {
                if element.name == "si" {
                    texts.push(String::new());
                }
                path.push(element.name);
            }
            Step::Close => {
                path.pop();
            }
            Step::Text(more) => {
                let is_shown = path.last().is_some_and(|name| name == "t") && !path.iter().any(|name| name == "rPh");
                if let Some(text) = texts.last_mut().filter(|_| is_shown) {
                    text.push_str(&more);
                }
            }
        }
        Ok(())
    })?;
    Ok(texts)
}
