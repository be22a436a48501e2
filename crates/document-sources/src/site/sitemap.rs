//! Sitemaps (sitemaps.org, protocol 0.9): lists of pages, and lists of such lists.

use quick_xml::Reader;
use quick_xml::events::Event;

/// How many addresses one file may hold, as the protocol has it.
const MAX_LOCATIONS: usize = 50_000;
/// How deeply elements stand in each other at most; those of the protocol and its extensions need five.
const MAX_DEPTH: usize = 32;
/// The longest address, in bytes, as the protocol has it.
const MAX_LOCATION_BYTES: usize = 2_048;

/// What one file lists, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sitemap {
    /// Addresses of pages.
    pub(super) pages: Vec<String>,
    /// Addresses of further sitemaps.
    pub(super) sitemaps: Vec<String>,
}

/// Reads a sitemap; a text with one address in each line is one too. `None` when it is neither. What follows an error
/// in it is left out.
pub(super) fn read(text: &str) -> Option<Sitemap> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') { xml(text) } else { lines(text) }
}

fn lines(text: &str) -> Option<Sitemap> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(MAX_LOCATIONS);
    let pages: Vec<String> = lines.map(str::to_owned).collect();
    let sound = |page: &String| page.starts_with("http://") || page.starts_with("https://");
    (!pages.is_empty() && pages.iter().all(sound)).then(|| Sitemap { pages, sitemaps: Vec::new() })
}

fn xml(text: &str) -> Option<Sitemap> {
    let mut reader = Reader::from_str(text);
    let mut found = Sitemap::default();
    let mut known = false;
    let mut inside: Vec<String> = Vec::new();
    let mut location = String::new();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(tag) => {
                inside.push(tag.local_name().as_ref().to_owned());
                known |= matches!(inside.as_slice(), [root] if root == "urlset" || root == "sitemapindex");
                location.clear();
            }
            Event::End(_) => {
                keep(&inside, &location, &mut found);
                inside.pop();
            }
            Event::Text(piece) => location.push_str(&piece),
            Event::CData(piece) => location.push_str(&piece),
            Event::GeneralRef(name) => location.extend(entity(&name)),
            Event::Eof => break,
            _ => {}
        }
        if location.len() > 4 * MAX_LOCATION_BYTES {
            location.clear();
        }
        let full = found.pages.len() + found.sitemaps.len() >= MAX_LOCATIONS;
        if !known && !inside.is_empty() || inside.len() > MAX_DEPTH || full {
            break;
        }
    }
    known.then_some(found)
}

fn keep(inside: &[String], location: &str, found: &mut Sitemap) {
    let location = location.trim();
    if location.is_empty() || location.len() > MAX_LOCATION_BYTES {
        return;
    }
    match inside.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["urlset", "url", "loc"] => found.pages.push(location.to_owned()),
        ["sitemapindex", "sitemap", "loc"] => found.sitemaps.push(location.to_owned()),
        _ => {}
    }
}

/// The character that `&name;` stands for; the five of XML and numbers. Others stand for nothing.
fn entity(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix("#x") {
            Some(digits) => number(digits, 16),
            None => name.strip_prefix('#').and_then(|digits| number(digits, 10)),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages_are_listed_in_their_order() {
        let text = "\u{feff}\n<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
                    xmlns:image=\"http://www.google.com/schemas/sitemap-image/1.1\">\
                    <url><loc> https://a.example/b?c=1&amp;d=&#50;&#x33; </loc><lastmod>2026-01-01</lastmod>\
                    <image:image><image:loc>https://a.example/i.png</image:loc></image:image></url>\
                    <url><loc><![CDATA[https://a.example/e]]></loc></url><url><loc/></url></urlset>";
        assert_eq!(read(text).unwrap().pages, ["https://a.example/b?c=1&d=23", "https://a.example/e"]);
    }

    #[test]
    fn an_index_lists_sitemaps() {
        let text = "<s:sitemapindex xmlns:s=\"x\"><s:sitemap><s:loc>https://a.example/1.xml.gz</s:loc></s:sitemap>\
                    </s:sitemapindex>";
        let read = read(text).unwrap();
        assert_eq!((read.pages.len(), read.sitemaps), (0, vec!["https://a.example/1.xml.gz".to_owned()]));
    }

    #[test]
    fn plain_text_with_an_address_in_each_line_is_one() {
        assert_eq!(read("https://a.example/1\r\n\nhttp://a.example/2\n").unwrap().pages.len(), 2);
    }

    #[test]
    fn what_is_something_else_is_none() {
        for other in ["", "  ", "<html><body>404</body></html>", "<rss><loc>x</loc></rss>", "Not found", "https://a\nb"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn what_comes_before_an_error_counts() {
        let text = "<urlset><url><loc>https://a.example/1</loc></url><url><loc>https://a.example/2</url>";
        assert_eq!(read(text).unwrap().pages, ["https://a.example/1"]);
    }

    #[test]
    fn elements_without_end_are_not_followed() {
        let text = format!("<urlset><url><loc>https://a.example/1</loc></url>{}", "<a>".repeat(1_000_000));
        assert_eq!(read(&text).unwrap().pages, ["https://a.example/1"]);
    }

    #[test]
    fn an_entity_that_unfolds_stands_for_nothing() {
        let text = "<!DOCTYPE u [<!ENTITY a \"xxxxxxxxxx\"><!ENTITY b \"&a;&a;\">]>\
                    <urlset><url><loc>https://a.example/&b;</loc></url></urlset>";
        assert_eq!(read(text).unwrap().pages, ["https://a.example/"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fail(text in "\\PC{0,200}") {
            read(&text);
            read(&format!("<urlset><url><loc>{text}"));
        }
    }
}
