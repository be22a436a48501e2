use rag_pipeline::model::TaskFailure;
use serde::Serialize;
use utoipa::ToSchema;

use crate::language::Language;

/// Why a document was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DocumentFailure)]
pub(crate) struct FailureBody {
    /// For programs: `encrypted`, `needs_ocr`, `source_not_found` …
    pub(crate) code: String,
    /// In the language of Accept-Language.
    pub(crate) message: String,
    /// Exactly what happened, in English.
    pub(crate) detail: String,
}

impl FailureBody {
    pub(crate) fn of(failure: TaskFailure, language: Language) -> Self {
        let message = text(&failure.code, language).map_or_else(|| failure.message.clone(), str::to_owned);
        Self { code: failure.code, message, detail: failure.message }
    }
}

/// What a code means; a code that is not listed is told by its detail.
fn text(code: &str, language: Language) -> Option<&'static str> {
    let (_, korean, english) = TEXTS.iter().find(|(known, ..)| *known == code)?;
    Some(match language {
        Language::Korean => korean,
        Language::English => english,
    })
}

const TEXTS: &[(&str, &str, &str)] = &[
    ("unsupported", "읽을 수 없는 형식의 파일입니다.", "Files of this kind cannot be read."),
    ("unreadable", "파일이 손상되었거나 형식이 올바르지 않습니다.", "The file is damaged or not what it claims to be."),
    (
        "encrypted",
        "암호가 걸린 파일입니다. 암호를 풀고 다시 올려 주세요.",
        "The file is encrypted. Remove its password and send it again.",
    ),
    ("empty", "글자가 없는 문서입니다.", "The document has no text."),
    ("needs_ocr", "글자를 인식해야 하는 쪽이 있는데 OCR이 꺼져 있습니다.", "A page has no text, and OCR is off."),
    ("ocr_failed", "쪽의 글자를 인식하지 못했습니다.", "The text of a page could not be recognised."),
    ("too_large", "문서가 허용 한도를 넘습니다.", "The document is over a limit."),
    ("timed_out", "문서를 읽는 데 너무 오래 걸립니다.", "Reading the document took too long."),
    ("crashed", "문서를 읽다가 읽기 프로그램이 멈췄습니다.", "The document made its reader fail."),
    (
        "not_here",
        "이 서버에 문서를 읽는 데 필요한 프로그램이 없습니다.",
        "A program that reading it needs is missing on this server.",
    ),
    ("invalid", "문서의 ID나 컬렉션 이름을 쓸 수 없습니다.", "The document's id or collection cannot be used."),
    (
        "other_embedding",
        "컬렉션이 다른 방식으로 임베딩되어 있습니다. iyagi reindex를 실행해 주세요.",
        "The collection is embedded another way. Run iyagi reindex.",
    ),
    ("embedding", "문서를 임베딩하지 못했습니다.", "The document could not be embedded."),
    ("vector_store", "벡터 저장소를 쓸 수 없습니다.", "The vector store cannot be used."),
    ("storage", "문서를 저장하지 못했습니다.", "The document could not be stored."),
    ("source_not_allowed", "가져올 수 없도록 설정된 주소입니다.", "The address may not be fetched."),
    ("source_not_found", "주소에 문서가 없습니다.", "There is nothing at the address."),
    ("source_too_large", "주소의 문서가 너무 큽니다.", "What is at the address is too large."),
    ("source_unavailable", "주소에서 지금은 문서를 가져올 수 없습니다.", "The address cannot be fetched for now."),
    ("source_failed", "주소에서 문서를 가져올 수 없습니다.", "The address cannot be fetched."),
    ("cancelled", "요청에 따라 취소했습니다.", "It was cancelled."),
    ("stuck", "문서를 처리하다가 여러 번 멈춰서 그만두었습니다.", "It was given up: its workers died on it."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_in_both_languages_with_its_detail() {
        let failure = TaskFailure::new("encrypted", "\"a.pdf\" is encrypted");
        let korean = FailureBody::of(failure.clone(), Language::Korean);
        assert!(korean.message.contains("암호") && korean.detail.contains("a.pdf"));
        assert!(FailureBody::of(failure, Language::English).message.is_ascii());
        let unknown = FailureBody::of(TaskFailure::new("new_kind", "what happened"), Language::Korean);
        assert_eq!(unknown.message, "what happened");
    }
}
