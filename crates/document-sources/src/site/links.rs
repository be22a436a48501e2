//! What a page says to robots and where its links lead.

use html5gum::emitters::default::{DefaultEmitter, StartTag};
use html5gum::{Token, Tokenizer};
use reqwest::header::HeaderMap;
use url::Url;

/// How many links of one page are kept.
const MAX_LINKS: usize = 2_000;
/// The longest title that is kept, in characters.
const TITLE_CHARS: usize = 200;

/// What matters of a page to whoever walks a site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// Its title, when it has one.
    pub(super) title: Option<String>,
    /// Where its links lead, in their order, without those that are not to be followed.
    pub(super) links: Vec<Url>,
    /// The address it would rather be known by.
    pub(super) canonical: Option<Url>,
    /// Whether it asks to be left out.
    pub(super) noindex: bool,
    /// Whether it asks that its links be left alone.
    pub(super) nofollow: bool,
}

/// Reads a page that was found at `url`. Robots are spoken to by their name or all at once (`robots`).
pub(super) fn read(html: &[u8], url: &Url, robot: &str) -> Page {
    let mut emitter = DefaultEmitter::default();
    // Script, style and title hold text, whatever it looks like.
    emitter.naively_switch_states(true);
    let mut page = Page::default();
    let mut base = url.clone();
    let mut in_title = false;
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => {
                in_title = tag.name.as_slice() == b"title" && page.title.is_none();
                start(&tag, &mut base, robot, &mut page);
            }
            Token::String(text) if in_title => page.title = title(&text),
            Token::EndTag(_) => in_title = false,
            _ => {}
        }
    }
    page
}

/// What the header `X-Robots-Tag` says.
pub(super) fn obey_headers(headers: &HeaderMap, robot: &str, page: &mut Page) {
    for told in headers.get_all("x-robots-tag").iter().filter_map(|told| told.to_str().ok()) {
        match told.split_once(':') {
            // `unavailable_after: date` is a directive, `name: directives` speaks to one robot.
            Some((name, rest)) if name.trim().eq_ignore_ascii_case(robot) => obey(rest, page),
            Some((name, _)) if !name.contains(',') && !name.trim().eq_ignore_ascii_case("unavailable_after") => {}
            _ => obey(told, page),
        }
    }
}

fn start(tag: &StartTag<()>, base: &mut Url, robot: &str, page: &mut Page) {
    match tag.name.as_slice() {
        b"base" => {
            if let Some(told) = target(tag, base) {
                *base = told;
            }
        }
        b"a" | b"area" if page.links.len() < MAX_LINKS && !has_word(tag, "rel", "nofollow") => {
            page.links.extend(target(tag, base));
        }
        b"link" if has_word(tag, "rel", "canonical") && page.canonical.is_none() => page.canonical = target(tag, base),
        b"meta" => {
            let name = attribute(tag, "name").unwrap_or_default();
            if name.eq_ignore_ascii_case("robots") || name.eq_ignore_ascii_case(robot) {
                obey(&attribute(tag, "content").unwrap_or_default(), page);
            }
        }
        _ => {}
    }
}

fn obey(directives: &str, page: &mut Page) {
    for directive in directives.split(',').map(|directive| directive.trim().to_ascii_lowercase()) {
        page.noindex |= matches!(directive.as_str(), "noindex" | "none");
        page.nofollow |= matches!(directive.as_str(), "nofollow" | "none");
    }
}

fn target(tag: &StartTag<()>, base: &Url) -> Option<Url> {
    let href = attribute(tag, "href")?;
    let href = href.trim();
    (!href.is_empty()).then(|| base.join(href).ok()).flatten().filter(|url| matches!(url.scheme(), "http" | "https"))
}

fn has_word(tag: &StartTag<()>, name: &str, word: &str) -> bool {
    attribute(tag, name).is_some_and(|value| value.split_ascii_whitespace().any(|w| w.eq_ignore_ascii_case(word)))
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// A title in another encoding than UTF-8 is left to whoever reads the page whole.
fn title(text: &[u8]) -> Option<String> {
    let words: Vec<&str> = std::str::from_utf8(text).ok()?.split_whitespace().collect();
    let title: String = words.join(" ").chars().filter(|c| !c.is_control()).take(TITLE_CHARS).collect();
    (!title.is_empty() && !title.contains('\u{fffd}')).then_some(title)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    use super::*;

    fn page(html: &str) -> Page {
        read(html.as_bytes(), &Url::parse("https://a.example/shop/list").unwrap(), "iyagi")
    }

    fn links(html: &str) -> Vec<String> {
        page(html).links.iter().map(Url::to_string).collect()
    }

    #[test]
    fn links_are_read_as_a_browser_does() {
        let html = "<!-- <a href=/no> --><script>'<a href=\"/no\">'</script><style><a href=/no></style>\
                    <A HREF='b.html'>b</a><a href=\" /c?d=1&amp;e=2 \"><a href=//other.example/f><a href>\
                    <a rel='x NoFollow' href=/no><a name=g><a href=mailto:a@a.example><a href=javascript:x()>\
                    <a href='https://[bad'><area href=../h#i><textarea><a href=/no></textarea>";
        let found = ["https://a.example/shop/b.html", "https://a.example/c?d=1&e=2", "https://other.example/f"];
        assert_eq!(links(html), [&found[..], &["https://a.example/h#i"]].concat());
    }

    #[test]
    fn a_page_full_of_links_is_read_to_a_limit() {
        assert_eq!(links(&"<a href=/x>".repeat(MAX_LINKS + 10)).len(), MAX_LINKS);
    }

    #[test]
    fn a_base_changes_where_links_lead() {
        assert_eq!(links("<base href=/other/><a href=b>"), ["https://a.example/other/b"]);
    }

    #[test]
    fn a_page_speaks_to_robots() {
        for (html, noindex, nofollow) in [
            ("<meta name=robots content='noindex, nofollow'>", true, true),
            ("<META CONTENT=NoFollow NAME=ROBOTS>", false, true),
            ("<meta name=iyagi content=none>", true, true),
            ("<meta name=robots content='index,follow'>", false, false),
            ("<meta name=otherbot content=none>", false, false),
            ("<meta name=description content='noindex'>", false, false),
        ] {
            let page = page(html);
            assert_eq!((page.noindex, page.nofollow), (noindex, nofollow), "{html}");
        }
    }

    #[test]
    fn headers_speak_to_robots_too() {
        for (told, noindex, nofollow) in [
            ("noindex, nofollow", true, true),
            ("iyagi: nofollow", false, true),
            ("otherbot: none", false, false),
            ("unavailable_after: 25 Jun 2030 15:00:00 PST", false, false),
        ] {
            let mut page = Page::default();
            let name = reqwest::header::HeaderName::from_static("x-robots-tag");
            obey_headers(&HeaderMap::from_iter([(name, HeaderValue::from_static(told))]), "iyagi", &mut page);
            assert_eq!((page.noindex, page.nofollow), (noindex, nofollow), "{told}");
        }
    }

    #[test]
    fn title_and_canonical_address_are_told() {
        let page = page("<title>\n 배송 &amp; <b>교환 </title><link rel=canonical href=/c><title>x</title>");
        assert_eq!(page.title.as_deref(), Some("배송 & <b>교환"));
        assert_eq!(page.canonical.unwrap().as_str(), "https://a.example/c");
        let euc_kr = b"<title>\xb9\xe8\xbc\xdb</title>";
        assert_eq!(read(euc_kr, &Url::parse("https://a.example").unwrap(), "iyagi").title, None);
    }

    proptest! {
        #[test]
        fn no_page_makes_it_fail(html in prop::collection::vec(any::<u8>(), 0..300)) {
            read(&html, &Url::parse("https://a.example").unwrap(), "iyagi");
        }
    }
}
