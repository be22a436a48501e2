use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap};
use actix_web::{FromRequest, HttpRequest};
use chat_analytics::advisor::Wording;

/// The languages the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    #[default]
    Korean,
    English,
}

impl Language {
    /// The language a client asks for; Korean when it does not say, or says neither.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let asked: Vec<&str> = headers.get_all(ACCEPT_LANGUAGE).filter_map(|value| value.to_str().ok()).collect();
        Self::preferred(&asked.join(","))
    }

    /// A text in this language.
    pub(crate) const fn of_wording(self, text: Wording) -> &'static str {
        match self {
            Self::Korean => text.korean,
            Self::English => text.english,
        }
    }

    /// The first of the highest quality; quality 0 means "not this one".
    fn preferred(header: &str) -> Self {
        let mut best: Option<(Self, f32)> = None;
        for (language, quality) in header.split(',').filter_map(range) {
            if quality > 0.0 && best.is_none_or(|(_, highest)| quality > highest) {
                best = Some((language, quality));
            }
        }
        best.map_or_else(Self::default, |(language, _)| language)
    }
}

/// One language range of the header, when it is one that the server speaks.
fn range(part: &str) -> Option<(Language, f32)> {
    let mut fields = part.split(';').map(str::trim);
    let tag = fields.next()?.to_ascii_lowercase();
    let language = match tag.split('-').next()? {
        "ko" | "*" => Language::Korean,
        "en" => Language::English,
        _ => return None,
    };
    let quality = fields.find_map(|field| field.strip_prefix("q=").or_else(|| field.strip_prefix("Q=")));
    Some((language, quality.map_or(Some(1.0), |text| text.trim().parse().ok())?))
}

impl FromRequest for Language {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request.headers())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_the_highest_quality_wins_and_korean_is_the_default() {
        for (header, language) in [
            ("", Language::Korean),
            ("fr, de;q=0.9", Language::Korean),
            ("en-US,en;q=0.9,ko;q=0.8", Language::English),
            ("en;q=0.3, ko-KR;q=0.7", Language::Korean),
            ("ko;q=0, en;q=0.1", Language::English),
            ("en;q=0", Language::Korean),
            ("en;q=many", Language::Korean),
            ("*", Language::Korean),
            ("fr, EN ; q=0.5", Language::English),
        ] {
            assert_eq!(Language::preferred(header), language, "{header}");
        }
    }
}
