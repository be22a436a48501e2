//! What a site asks of robots: `robots.txt`, as RFC 9309 has it.

use std::time::Duration;

use url::Url;

/// How much of the file is read, in bytes: what RFC 9309 asks for at least.
pub(super) const MAX_BYTES: u64 = 500 * 1_024;
/// How many rules are kept; a match costs a look at each.
const MAX_RULES: usize = 2_000;

/// What a site asks of one robot.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Robots {
    rules: Vec<Rule>,
    /// How long to wait between two requests, when the site asks for it.
    pub(super) delay: Option<Duration>,
    /// Addresses of sitemaps, as written.
    pub(super) sitemaps: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allow: bool,
    /// A path with `*` for anything, and `$` at the end where nothing may follow; normalised.
    pattern: String,
}

/// The lines of one or more user agents.
#[derive(Debug, Default)]
struct Group {
    agents: Vec<String>,
    rules: Vec<Rule>,
    delay: Option<Duration>,
}

impl Robots {
    /// Reads what concerns `agent`: all groups that name it, else those for everybody.
    pub(super) fn read(text: &str, agent: &str) -> Self {
        let (groups, sitemaps) = groups(text);
        let named = |wanted: &str| groups.iter().any(|group| group.names(wanted));
        let agent = agent.to_ascii_lowercase();
        let wanted = if named(&agent) { agent.as_str() } else { "*" };
        let mut robots = Self { sitemaps, ..Self::default() };
        for group in groups.iter().filter(|group| group.names(wanted)) {
            robots.rules.extend(group.rules.iter().cloned());
            robots.delay = robots.delay.max(group.delay);
        }
        robots.rules.truncate(MAX_RULES);
        robots
    }

    /// Whether `url` may be asked: the longest rule that matches decides, and of equally long ones the one that allows.
    pub(super) fn allows(&self, url: &Url) -> bool {
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        if path == "/robots.txt" {
            return true;
        }
        let path = normalised(path);
        let matching = self.rules.iter().filter(|rule| matches(&rule.pattern, &path));
        matching.max_by_key(|rule| (rule.pattern.len(), rule.allow)).is_none_or(|rule| rule.allow)
    }
}

impl Group {
    fn names(&self, agent: &str) -> bool {
        self.agents.iter().any(|named| named == agent)
    }
}

fn groups(text: &str) -> (Vec<Group>, Vec<String>) {
    let (mut groups, mut sitemaps) = (Vec::<Group>::new(), Vec::new());
    let mut naming = false;
    for (key, value) in text.trim_start_matches('\u{feff}').lines().filter_map(pair) {
        if key == "sitemap" {
            sitemaps.push(value.to_owned());
            continue;
        }
        if key == "user-agent" {
            if !naming {
                groups.push(Group::default());
            }
            naming = true;
            groups.last_mut().into_iter().for_each(|group| group.agents.push(product(value)));
            continue;
        }
        let Some(group) = groups.last_mut() else { continue };
        match key.as_str() {
            "allow" | "disallow" if !value.is_empty() => {
                group.rules.push(Rule { allow: key == "allow", pattern: normalised(value) });
            }
            "crawl-delay" => group.delay = seconds(value).or(group.delay),
            // An empty rule is none, but ends the list of agents as any other does.
            "allow" | "disallow" => {}
            _ => continue,
        }
        naming = false;
    }
    (groups, sitemaps)
}

fn pair(line: &str) -> Option<(String, &str)> {
    let (key, value) = line.split('#').next()?.split_once(':')?;
    Some((key.trim().to_ascii_lowercase(), value.trim()))
}

/// The name in a user agent: `Iyagi/1.0 (…)` is `iyagi`.
fn product(agent: &str) -> String {
    let name = agent.split(|c: char| !(c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '*'))).next();
    name.unwrap_or_default().to_ascii_lowercase()
}

fn seconds(value: &str) -> Option<Duration> {
    value.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

/// One spelling for each path: what need not be encoded is not, what must be is, digits in upper case.
fn normalised(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(path.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let encoded = (byte == b'%').then(|| path.get(at + 1..at + 3)).flatten();
        match encoded.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) if decoded.is_ascii_alphanumeric() || b"-._~".contains(&decoded) => {
                out.push(char::from(decoded));
            }
            Some(decoded) => out.push_str(&format!("%{decoded:02X}")),
            None if byte.is_ascii_graphic() => out.push(char::from(byte)),
            None => out.push_str(&format!("%{byte:02X}")),
        }
        at += if encoded.is_some_and(|digits| u8::from_str_radix(digits, 16).is_ok()) { 3 } else { 1 };
    }
    out
}

/// Whether a pattern matches the beginning of a path. Each part between two `*` is taken where it is found first, so
/// that no pattern takes long.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, whole) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return !whole || rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if whole && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allows(robots: &str, path: &str) -> bool {
        Robots::read(robots, "iyagi").allows(&Url::parse(&format!("https://a.example{path}")).unwrap())
    }

    #[test]
    fn the_examples_of_the_standard_hold() {
        // RFC 9309, section 2.2.2 and 5.2.
        let robots = "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n\
                      User-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n\
                      User-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\n\
                      User-Agent: quxbot\n\nEOF\n";
        let may = |agent: &str, path: &str| {
            Robots::read(robots, agent).allows(&Url::parse(&format!("https://a.example{path}")).unwrap())
        };
        assert!(!may("iyagi", "/a/b.gif") && may("iyagi", "/a/b.gif?c") && !may("iyagi", "/example/"));
        assert!(may("iyagi", "/publications/x") && may("iyagi", "/"));
        assert!(!may("foobot", "/") && may("foobot", "/example/page.html") && may("foobot", "/example/allowed.gif"));
        assert!(!may("foobot", "/example/other.gif"));
        assert!(!may("barbot", "/example/page.html") && may("bazbot", "/example/other"));
        assert!(may("quxbot", "/example/page.html"), "a group without rules allows everything");
        let longest = "User-Agent: *\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif";
        assert!(allows(longest, "/example/page/") && !allows(longest, "/example/page/disallowed.gif"));
    }

    #[test]
    fn paths_match_as_their_patterns_say() {
        for (pattern, path, is) in [
            ("/", "/anything", true),
            ("/fish", "/fish.html", true),
            ("/fish", "/Fish", false),
            ("/fish", "/catfish", false),
            ("/fish*", "/fishheads/yummy", true),
            ("/fish/", "/fish", false),
            ("/*.php", "/folder/any.php.file.html", true),
            ("/*.php$", "/filename.php", true),
            ("/*.php$", "/filename.php?parameters", false),
            ("/*.php$", "/a.php/b.php", true),
            ("/fish*.php", "/fishheads/catfish.php?p", true),
            ("/fish*.php", "/Fish.PHP", false),
            ("/a$", "/a", true),
            ("/a$", "/ab", false),
            ("/a*", "/a", true),
            ("/*/b", "/b", false),
            ("*/private", "/x/private", true),
            ("/약관", "/%EC%95%BD%EA%B4%80.html", true),
            ("/%ec%95%bd", "/약관", true),
            ("/%7Eshop", "/~shop", true),
            ("/a%2Fb", "/a/b", false),
            ("/a%2fb", "/a%2Fb", true),
            ("/?s=", "/?s=1", true),
        ] {
            assert_eq!(!allows(&format!("user-agent: *\ndisallow: {pattern}"), path), is, "{pattern} {path}");
        }
    }

    #[test]
    fn of_equally_long_rules_the_one_that_allows_counts() {
        let robots = "User-agent: *\nDisallow: /page\nAllow: /page\nAllow: /p\nDisallow: /";
        assert!(allows(robots, "/page") && allows(robots, "/p") && !allows(robots, "/x"));
    }

    #[test]
    fn a_robot_reads_all_groups_that_name_it_and_no_other() {
        let robots = "User-agent: *\nDisallow: /all\n\nuser-agent: IYAGI/2.0 # us\nDisallow: /one # a\n\n\
                      User-agent: other\nUser-agent: Iyagi\nCrawl-delay: 2.5\nDisallow: /two\n";
        assert!(!allows(robots, "/one") && !allows(robots, "/two") && allows(robots, "/all"));
        assert_eq!(Robots::read(robots, "iyagi").delay, Some(Duration::from_millis(2_500)));
        assert!(allows("User-agent: iyagibot\nDisallow: /", "/"), "another robot whose name begins like ours");
    }

    #[test]
    fn sitemaps_stand_anywhere_and_nonsense_is_passed_over() {
        let robots = "\u{feff}Sitemap: https://a.example/one.xml\nDisallow: /lost\nUser-agent: *\nnonsense\n\
                      Host: a\nSitemap: /two.xml\nDisallow:\nDisallow: /x\nCrawl-delay: -1\nCrawl-delay: soon";
        let read = Robots::read(robots, "iyagi");
        assert_eq!(read.sitemaps, ["https://a.example/one.xml", "/two.xml"]);
        assert_eq!(read.delay, None);
        assert!(allows(robots, "/lost") && !allows(robots, "/x"));
    }

    #[test]
    fn everything_is_allowed_where_nothing_is_said_and_the_file_itself_always() {
        assert!(allows("", "/a") && allows("User-agent: *\nDisallow: /", "/robots.txt"));
    }

    proptest! {
        #[test]
        fn no_file_makes_it_fail(text in "\\PC{0,200}", path in "/\\PC{0,40}") {
            let url = Url::parse("https://a.example").unwrap().join(&path);
            if let Ok(url) = url {
                Robots::read(&format!("user-agent: *\ndisallow: {text}\n{text}"), "iyagi").allows(&url);
            }
        }
    }
}
