/// The language of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locale {
    Korean,
    English,
}

impl Locale {
    /// What the first of the usual variables that is set says.
    pub(super) fn of_process() -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().filter_map(|name| std::env::var(name).ok());
        Self::of(set)
    }

    fn of(mut values: impl Iterator<Item = String>) -> Self {
        match values.find(|value| !value.is_empty()) {
            Some(value) if value.starts_with("ko") => Self::Korean,
            _ => Self::English,
        }
    }

    /// For `Accept-Language`.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::Korean => "ko",
            Self::English => "en",
        }
    }

    /// One of two texts.
    pub(super) const fn pick<'a>(self, korean: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Korean => korean,
            Self::English => english,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_says_anything_decides_and_english_is_the_default() {
        for (values, expected) in [
            (vec!["ko_KR.UTF-8", "en_US"], Locale::Korean),
            (vec!["", "ko"], Locale::Korean),
            (vec!["C", "ko"], Locale::English),
            (vec![], Locale::English),
        ] {
            assert_eq!(Locale::of(values.into_iter().map(str::to_owned)), expected);
        }
    }
}
