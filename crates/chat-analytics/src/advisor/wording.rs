/// A text in the languages that the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wording {
    /// Korean.
    pub korean: &'static str,
    /// English.
    pub english: &'static str,
}

impl Wording {
    pub(crate) const fn new(korean: &'static str, english: &'static str) -> Self {
        Self { korean, english }
    }
}
