//! A conversation as Markdown, for people to read and to file.

use kernel::Timestamp;
use session_core::model::{MessageStatus, Role, Session, Source};

use crate::conversation::{Told, Transcript};
use crate::language::Language;

/// What was said stands in quotations, so that no message can be taken for a heading of the transcript.
pub(crate) struct MarkdownTranscript {
    session: Session,
    exported_at: Timestamp,
    language: Language,
}

/// The words of a transcript.
struct Words {
    untitled: &'static str,
    session: &'static str,
    store: &'static str,
    user: &'static str,
    began: &'static str,
    exported: &'static str,
    sources: &'static str,
    interrupted: &'static str,
    failed: &'static str,
}

const KOREAN: Words = Words {
    untitled: "제목 없는 대화",
    session: "대화",
    store: "상점",
    user: "고객",
    began: "시작",
    exported: "내보낸 때",
    sources: "출처",
    interrupted: "중단됨",
    failed: "실패",
};
const ENGLISH: Words = Words {
    untitled: "Untitled conversation",
    session: "Session",
    store: "Store",
    user: "Customer",
    began: "Began",
    exported: "Exported",
    sources: "Sources",
    interrupted: "interrupted",
    failed: "failed",
};

impl MarkdownTranscript {
    pub(crate) const fn new(session: Session, exported_at: Timestamp, language: Language) -> Self {
        Self { session, exported_at, language }
    }

    const fn words(&self) -> &'static Words {
        match self.language {
            Language::Korean => &KOREAN,
            Language::English => &ENGLISH,
        }
    }
}

impl Transcript for MarkdownTranscript {
    fn begin(&mut self, text: &mut String) -> Result<(), serde_json::Error> {
        let (words, session) = (self.words(), &self.session);
        let title = session.title.as_deref().map_or_else(|| words.untitled.to_owned(), inline);
        text.push_str(&format!("# {title}\n\n"));
        text.push_str(&format!("- {}: {}\n", words.session, session.id));
        text.push_str(&format!("- {}: {}\n", words.store, inline(session.store.as_str())));
        text.push_str(&format!("- {}: {}\n", words.user, inline(session.user.as_str())));
        text.push_str(&format!("- {}: {}\n", words.began, readable(session.created_at)));
        text.push_str(&format!("- {}: {}\n", words.exported, readable(self.exported_at)));
        Ok(())
    }

    fn message(&mut self, told: Told, text: &mut String) -> Result<(), serde_json::Error> {
        let (words, message) = (self.words(), told.message);
        let ending = match message.status {
            MessageStatus::Complete => String::new(),
            MessageStatus::Interrupted => format!(" ({})", words.interrupted),
            MessageStatus::Failed => format!(" ({})", words.failed),
        };
        let speaker = speaker(message.role, self.language);
        text.push_str(&format!("\n## {speaker} · {}{ending}\n\n", readable(message.created_at)));
        text.push_str(&quotation(&message.content));
        if !message.sources.is_empty() {
            text.push_str(&format!("\n{}:\n\n", words.sources));
            message.sources.iter().for_each(|source| text.push_str(&source_line(source)));
        }
        Ok(())
    }

    fn end(&mut self, _: &mut String) {}
}

const fn speaker(role: Role, language: Language) -> &'static str {
    match (role, language) {
        (Role::User, Language::Korean) => "고객",
        (Role::Assistant, Language::Korean) => "상담 도우미",
        (Role::System, Language::Korean) => "시스템",
        (Role::User, Language::English) => "Customer",
        (Role::Assistant, Language::English) => "Assistant",
        (Role::System, Language::English) => "System",
    }
}

/// To the second, in UTC.
fn readable(at: Timestamp) -> String {
    let text = at.to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    format!("{} UTC", seconds.replace('T', " "))
}

/// Every line quoted. A lone carriage return ends a line in Markdown as well, and `<` begins HTML.
fn quotation(content: &str) -> String {
    let lines = content.replace("\r\n", "\n").replace('\r', "\n").replace('<', "&lt;");
    lines.split('\n').map(|line| format!("> {line}\n")).collect()
}

fn source_line(source: &Source) -> String {
    let path = std::iter::once(&source.title).chain(&source.headings).map(|part| inline(part));
    let path: Vec<String> = path.collect();
    let address = source.url.as_deref().filter(|url| is_address(url)).map(|url| format!(" <{url}>"));
    format!("- \\[{}\\] {}{}\n", source.number, path.join(" › "), address.unwrap_or_default())
}

/// Something a reader can follow, and nothing else.
fn is_address(url: &str) -> bool {
    let web = url.starts_with("https://") || url.starts_with("http://");
    web && !url.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>'))
}

/// Text within a line, in which nothing is markup.
fn inline(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() => safe.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&' | '~' => safe.extend(['\\', c]),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use session_core::testing::samples;

    #[test]
    fn no_message_can_leave_its_quotation() {
        for content in ["a\n# 제목", "a\r# 제목", "a\r\n\r\n## 고객", "<script>alert(1)</script>\n\n- x"] {
            let quoted = quotation(content);
            assert!(quoted.lines().all(|line| line.starts_with("> ")), "{quoted}");
            assert!(!quoted.contains('<') && !quoted.contains('\r'), "{quoted}");
        }
    }

    #[test]
    fn titles_are_text_and_only_web_addresses_are_links() {
        assert_eq!(inline("a*b_c\n<i>[x](y)"), r"a\*b\_c \<i\>\[x\](y)");
        let of = |url: &str| source_line(&Source { url: Some(url.into()), ..samples::source(1) });
        assert_eq!(of("https://x.example/a"), "- \\[1\\] 배송 안내 › 지역별 배송비 <https://x.example/a>\n");
        for bad in ["javascript:alert(1)", "https://x/> <b>", "https://x/\n# a"] {
            assert_eq!(of(bad), "- \\[1\\] 배송 안내 › 지역별 배송비\n", "{bad}");
        }
    }

    #[test]
    fn times_are_told_to_the_second() {
        assert_eq!(readable(samples::start()), "2026-11-20 00:00:00 UTC");
    }
}
