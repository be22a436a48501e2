use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::language::Language;

macro_rules! codes {
    ($($variant:ident $wire:tt $status:ident $korean:literal $english:literal;)*) => {
        /// Every code an error body can carry. Clients decide by the code, never by the text.
        /// `{0}` in a text is filled in with a figure of the refusal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
        pub enum ErrorCode {
            $(
                #[doc = concat!("`", stringify!($status), "`: ", $english)]
                #[serde(rename = $wire)]
                $variant,
            )*
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code as it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)* }
            }

            /// The status it is sent with, as a number.
            pub fn http_status(self) -> u16 {
                self.status().as_u16()
            }

            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            pub(crate) const fn text(self, language: Language) -> &'static str {
                match (self, language) {
                    $(
                        (Self::$variant, Language::Korean) => $korean,
                        (Self::$variant, Language::English) => $english,
                    )*
                }
            }
        }
    };
}

codes! {
    BadRequest "BAD_REQUEST" BAD_REQUEST
        "요청을 읽을 수 없습니다." "The request cannot be read.";
    InvalidJson "INVALID_JSON" BAD_REQUEST
        "요청 본문이 올바른 JSON이 아닙니다." "The body is not valid JSON.";
    InvalidBody "INVALID_BODY" BAD_REQUEST
        "요청 본문의 항목이 올바르지 않습니다." "The body has a wrong, missing or unknown field.";
    InvalidQuery "INVALID_QUERY" BAD_REQUEST
        "요청 주소의 매개변수가 올바르지 않습니다." "The query has a wrong, missing or unknown parameter.";
    InvalidId "INVALID_ID" BAD_REQUEST
        "ID 형식이 올바르지 않습니다. UUID여야 합니다." "The id in the path is not a UUID.";
    InvalidCursor "INVALID_CURSOR" BAD_REQUEST
        "목록의 위치 값이 올바르지 않습니다." "The cursor is not one that a list gave.";
    InvalidEventId "INVALID_EVENT_ID" BAD_REQUEST
        "Last-Event-ID가 올바르지 않습니다. 이벤트 번호여야 합니다." "Last-Event-ID is not the number of an event.";
    InvalidCharacters "INVALID_CHARACTERS" BAD_REQUEST
        "NUL 문자는 쓸 수 없습니다." "NUL characters are not accepted.";
    EmptyMessage "EMPTY_MESSAGE" BAD_REQUEST
        "메시지를 입력해 주세요." "The message is empty.";
    MessageTooLong "MESSAGE_TOO_LONG" BAD_REQUEST
        "메시지는 {0}자까지 보낼 수 있습니다." "A message has at most {0} characters.";
    InvalidClientMessageId "INVALID_CLIENT_MESSAGE_ID" BAD_REQUEST
        "clientMessageId는 제어 문자 없는 1~128자여야 합니다." "clientMessageId has 1 to 128 characters and no control characters.";
    InvalidBusinessMetadata "INVALID_BUSINESS_METADATA" BAD_REQUEST
        "businessMetadata의 값이 허용 범위를 벗어났습니다." "A value of businessMetadata is out of its range.";
    InvalidTitle "INVALID_TITLE" BAD_REQUEST
        "제목은 제어 문자 없는 1~200자여야 합니다." "A title has 1 to 200 characters and no control characters.";
    InvalidFeedback "INVALID_FEEDBACK" BAD_REQUEST
        "평가는 thumbs(up, down) 또는 rating(1~5) 중 하나이고, 의견은 2,000자까지입니다."
        "Feedback is either thumbs (up, down) or rating (1 to 5), with a comment of at most 2,000 characters.";
    InvalidUserId "INVALID_USER_ID" BAD_REQUEST
        "주소의 사용자 ID는 제어 문자 없는 1~200자여야 합니다." "The user id in the path has 1 to 200 characters and no control characters.";
    InvalidUserContext "INVALID_USER_CONTEXT" BAD_REQUEST
        "preferences는 JSON으로 16,384바이트까지, summary는 4,000자까지이며 줄 바꿈과 탭 외의 제어 문자는 쓸 수 없습니다."
        "preferences have at most 16,384 bytes as JSON, a summary at most 4,000 characters, and no control characters but line feed and tab.";
    EmptyQuery "EMPTY_QUERY" BAD_REQUEST
        "검색어에 글자나 숫자가 있어야 합니다." "The query has no letter and no digit.";
    QueryTooLong "QUERY_TOO_LONG" BAD_REQUEST
        "검색어는 {0}자까지 쓸 수 있습니다." "A query has at most {0} characters.";
    InvalidDocumentId "INVALID_DOCUMENT_ID" BAD_REQUEST
        "주소의 문서 ID는 제어 문자 없는 1~200자여야 합니다." "The document id in the path has 1 to 200 characters and no control characters.";
    EmptyDocument "EMPTY_DOCUMENT" BAD_REQUEST
        "문서에 내용이 없습니다." "The document is empty.";
    RouteNotFound "ROUTE_NOT_FOUND" NOT_FOUND
        "없는 주소입니다." "There is nothing at this address.";
    SessionNotFound "SESSION_NOT_FOUND" NOT_FOUND
        "대화를 찾을 수 없습니다." "The session is not known.";
    TurnNotFound "TURN_NOT_FOUND" NOT_FOUND
        "질문을 찾을 수 없습니다." "The turn is not known.";
    MessageNotFound "MESSAGE_NOT_FOUND" NOT_FOUND
        "메시지를 찾을 수 없습니다." "The message is not known.";
    ShareNotFound "SHARE_NOT_FOUND" NOT_FOUND
        "공유 링크를 찾을 수 없거나 더 이상 쓸 수 없습니다." "The share link is unknown or no longer works.";
    DocumentNotFound "DOCUMENT_NOT_FOUND" NOT_FOUND
        "문서를 찾을 수 없습니다." "The document is not known.";
    TaskNotFound "TASK_NOT_FOUND" NOT_FOUND
        "작업을 찾을 수 없습니다." "The task is not known.";
    MethodNotAllowed "METHOD_NOT_ALLOWED" METHOD_NOT_ALLOWED
        "이 주소에서 쓸 수 없는 요청 방식입니다." "This address does not take that method.";
    TurnInProgress "TURN_IN_PROGRESS" CONFLICT
        "앞선 질문에 아직 답하고 있습니다. 답변이 끝난 뒤에 보내 주세요." "Another question of this session is being answered.";
    IdempotencyKeyReused "IDEMPOTENCY_KEY_REUSED" CONFLICT
        "같은 clientMessageId로 다른 내용을 보낼 수 없습니다." "The clientMessageId was used before with another body.";
    TurnCancelled "TURN_CANCELLED" CONFLICT
        "요청에 따라 답변을 멈췄습니다." "The answer was stopped on request.";
    NothingToAnswer "NOTHING_TO_ANSWER" CONFLICT
        "다시 답할 질문이 없는 메시지입니다." "The message has no question that could be answered again.";
    TurnInterrupted "TURN_INTERRUPTED" CONFLICT
        "답변이 중간에 멈췄습니다. 다시 질문해 주세요." "The answer was interrupted. Please ask again.";
    Conflict "CONFLICT" CONFLICT
        "다른 요청이 먼저 처리되었습니다. 다시 시도해 주세요." "Another request came first. Please try again.";
    StaleRevision "STALE_REVISION" CONFLICT
        "그 사이에 내용이 바뀌었습니다. 다시 읽은 뒤에 보내 주세요." "It was changed meanwhile. Please read it again first.";
    TooManyTurns "TOO_MANY_TURNS" TOO_MANY_REQUESTS
        "한 번에 {0}개까지 질문할 수 있습니다. 답변을 기다려 주세요." "At most {0} questions at a time. Please wait for the answers.";
    TooManyStreams "TOO_MANY_STREAMS" TOO_MANY_REQUESTS
        "동시에 답변을 {0}개까지 드릴 수 있습니다. 진행 중인 답변이 끝난 뒤에 다시 보내 주세요."
        "At most {0} answers at a time. Please ask again when one of them has ended.";
    RateLimited "RATE_LIMITED" TOO_MANY_REQUESTS
        "너무 자주 보냈습니다. {0}초 뒤에 다시 보내 주세요." "Too many messages. Please try again in {0} seconds.";
    UpgradeRequired "UPGRADE_REQUIRED" UPGRADE_REQUIRED
        "WebSocket으로 연결해 주세요." "This address takes WebSocket connections only.";
    SessionExpired "SESSION_EXPIRED" GONE
        "대화의 유효 시간이 지났습니다. 새 대화를 시작해 주세요." "The session has expired. Please start a new one.";
    SessionEnded "SESSION_ENDED" GONE
        "종료된 대화입니다. 새 대화를 시작해 주세요." "The session has ended. Please start a new one.";
    BodyTooLarge "BODY_TOO_LARGE" PAYLOAD_TOO_LARGE
        "요청 본문이 너무 큽니다. {0}바이트까지 보낼 수 있습니다." "The body is too large: at most {0} bytes.";
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" UNSUPPORTED_MEDIA_TYPE
        "본문은 application/json으로 보내 주세요." "The body must be application/json.";
    UnreadableDocument "UNREADABLE_DOCUMENT" UNPROCESSABLE_ENTITY
        "문서를 읽어 들이지 못했습니다." "The document could not be taken in.";
    InternalError "INTERNAL_ERROR" INTERNAL_SERVER_ERROR
        "서버에서 문제가 생겼습니다. 잠시 뒤에 다시 시도해 주세요." "Something went wrong on the server. Please try again later.";
    StorageUnavailable "STORAGE_UNAVAILABLE" SERVICE_UNAVAILABLE
        "저장소에 연결할 수 없습니다. 잠시 뒤에 다시 시도해 주세요." "The storage cannot be reached. Please try again shortly.";
    TooManyDocuments "TOO_MANY_DOCUMENTS" SERVICE_UNAVAILABLE
        "처리를 기다리는 문서가 너무 많습니다. 잠시 뒤에 다시 보내 주세요." "Too many documents wait to be taken in. Please try again later.";
    ModelUnavailable "MODEL_UNAVAILABLE" SERVICE_UNAVAILABLE
        "지금은 답변을 만들 수 없습니다. 잠시 뒤에 다시 시도해 주세요." "No model can answer right now. Please try again shortly.";
    ShuttingDown "SHUTTING_DOWN" SERVICE_UNAVAILABLE
        "서버가 다시 시작되고 있습니다. 잠시 뒤에 다시 시도해 주세요." "The server is restarting. Please try again shortly.";
    NotReady "NOT_READY" SERVICE_UNAVAILABLE
        "서버가 아직 준비되지 않았습니다." "The server is not ready.";
    TurnTimedOut "TURN_TIMED_OUT" GATEWAY_TIMEOUT
        "답변이 제시간에 끝나지 않았습니다. 다시 질문해 주세요." "The answer took too long. Please ask again.";
}

impl ErrorCode {
    /// What an error that is not ours means: one of the framework, known by its status only.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::RouteNotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            status if status.is_client_error() => Self::BadRequest,
            _ => Self::InternalError,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own_an_error_status_and_both_languages() {
        let names: BTreeSet<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            assert!(code.http_status() >= 400, "{code:?}");
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            let (korean, english) = (code.text(Language::Korean), code.text(Language::English));
            assert!(korean.chars().any(|c| ('가'..='힣').contains(&c)), "{code:?}: {korean}");
            assert!(english.is_ascii() && english.len() > 5, "{code:?}: {english}");
            assert_eq!(korean.contains("{0}"), english.contains("{0}"), "{code:?}");
        }
    }
}
