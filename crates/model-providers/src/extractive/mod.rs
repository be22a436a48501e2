//! The answerer that needs no model: it picks sentences, it never writes any.

mod compose;
mod score;
mod select;
mod units;

use async_trait::async_trait;
use futures::stream;
use korean_text::{estimate_tokens, is_korean};
use rag_pipeline::model::{AnswerDelta, ChatRequest, FinishReason, ModelError, TokenUsage};
use rag_pipeline::ports::{AnswerStream, ChatModel};

/// Answers with the sentences of the passages that answer the question, each with its marker.
///
/// It needs no key, no network and no model. When no passage answers it says so, with
/// [`FinishReason::NoGrounding`]. It follows no instruction, neither the store's nor any a document
/// contains: text is only ever quoted. The stream yields one word at a time, at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExtractiveModel;

impl ExtractiveModel {
    /// Name and version, as recorded with answers.
    pub const NAME: &'static str = "iyagi-extractive-1";
}

/// What is said when nothing was found.
const UNKNOWN_KO: &str = "죄송합니다. 등록된 안내 문서에서 이 질문에 대한 내용을 찾지 못했습니다. 조금 더 구체적으로 물어봐 주시거나 고객센터로 문의해 주세요.";
const UNKNOWN_EN: &str = "I'm sorry, I could not find this in the store's documents. Please ask in other words, or contact customer service.";

#[async_trait]
impl ChatModel for ExtractiveModel {
    fn name(&self) -> String {
        Self::NAME.to_owned()
    }

    async fn answer(&self, request: ChatRequest) -> Result<AnswerStream, ModelError> {
        let picked = select::select(&request);
        let (text, reason) = if picked.is_empty() {
            let unknown = if is_korean(&request.question) { UNKNOWN_KO } else { UNKNOWN_EN };
            (unknown.to_owned(), FinishReason::NoGrounding)
        } else {
            (compose::compose(&picked), FinishReason::Stop)
        };
        let prompt: u32 = request.passages.iter().map(|p| estimate_tokens(&p.text)).sum();
        let usage = TokenUsage {
            prompt: prompt.saturating_add(estimate_tokens(&request.question)),
            completion: estimate_tokens(&text),
            estimated: true,
        };
        let words: Vec<String> = text.split_inclusive(char::is_whitespace).map(str::to_owned).collect();
        let deltas = words.into_iter().map(|word| Ok(AnswerDelta::Text(word)));
        let end = std::iter::once(Ok(AnswerDelta::Finished { usage, reason }));
        Ok(Box::pin(stream::iter(deltas.chain(end).collect::<Vec<_>>())))
    }
}
