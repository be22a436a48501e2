//! Lists are read page by page, by key rather than by offset: a page costs the same wherever it lies.

/// One page of a list, and where the next one starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Give this back to read on; `None` at the end.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// Cuts a page from one item more than asked for, so that no count is needed to know whether more follow.
    pub fn from_overfetch(mut items: Vec<T>, limit: PageLimit, cursor: impl Fn(&T) -> C) -> Self {
        let more = items.len() > limit.get();
        items.truncate(limit.get());
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

/// How many items a page may have: 1 to [`PageLimit::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(usize);

impl PageLimit {
    /// The most items of a page.
    pub const MAX: usize = 200;
    /// What is used when the caller does not say.
    pub const DEFAULT: Self = Self(20);

    /// `None` when `limit` is 0 or over [`Self::MAX`].
    pub const fn new(limit: usize) -> Option<Self> {
        if limit == 0 || limit > Self::MAX { None } else { Some(Self(limit)) }
    }

    /// The number of items.
    pub const fn get(self) -> usize {
        self.0
    }

    /// One more than the page: what an adapter fetches for [`Page::from_overfetch`].
    pub const fn overfetch(self) -> u64 {
        self.0 as u64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_without_more_has_no_cursor() {
        let limit = PageLimit::new(2).unwrap();
        assert_eq!(Page::from_overfetch(vec![1, 2], limit, |i| *i).next, None);
        let page = Page::from_overfetch(vec![1, 2, 3], limit, |i| *i);
        assert_eq!((page.items, page.next), (vec![1, 2], Some(2)));
    }

    #[test]
    fn limits_are_1_to_200() {
        assert!(PageLimit::new(0).is_none() && PageLimit::new(201).is_none());
        assert_eq!(PageLimit::new(200).map(PageLimit::get), Some(200));
    }
}
