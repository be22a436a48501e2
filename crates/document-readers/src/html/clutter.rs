//! What on a page is not its content.

use super::tree::{Id, Tree};

/// Elements that are never content.
const ELEMENTS: &[&str] = &[
    "aside", "audio", "button", "canvas", "datalist", "dialog", "embed", "foreign", "footer", "head", "iframe",
    "input", "link", "map", "menu", "meta", "nav", "noscript", "object", "script", "select", "style", "svg",
    "template", "textarea", "video",
];

/// Roles that are never content.
const ROLES: &[&str] = &[
    "alert",
    "alertdialog",
    "banner",
    "complementary",
    "contentinfo",
    "dialog",
    "menu",
    "menubar",
    "navigation",
    "search",
    "tablist",
    "toolbar",
];

/// Words in a class or id that tell a menu, a banner or a window on top; `gnb`, `lnb` and `snb` are how Korean pages call
/// their global, local and side menus.
const WORDS: &[&str] = &[
    "ads",
    "advert",
    "advertisement",
    "breadcrumb",
    "breadcrumbs",
    "consent",
    "cookie",
    "cookiebanner",
    "cookieconsent",
    "cookies",
    "footer",
    "gdpr",
    "gnb",
    "lnb",
    "menu",
    "modal",
    "nav",
    "navbar",
    "navigation",
    "pagination",
    "paging",
    "popup",
    "share",
    "sidebar",
    "skip",
    "skipnav",
    "snb",
    "sns",
    "toolbar",
];

/// Whether what is below is left out. `strict` also goes by classes and ids, which may mislead.
pub(super) fn is_clutter(tree: &Tree, id: Id, strict: bool) -> bool {
    let name = tree.name(id);
    if name.is_empty() || matches!(name, "html" | "body" | "main") {
        return false;
    }
    let is =
        |attribute: &str, value: &str| tree.attribute(id, attribute).is_some_and(|v| v.eq_ignore_ascii_case(value));
    ELEMENTS.contains(&name)
        || tree.attribute(id, "hidden").is_some()
        || is("aria-hidden", "true")
        || tree.attribute(id, "role").is_some_and(|role| ROLES.contains(&role))
        || tree.attribute(id, "style").is_some_and(hides)
        || (name == "header" && !is_within_content(tree, id))
        || (strict && name != "article" && is_named_so(tree, id))
}

fn hides(style: &str) -> bool {
    let style: String = style.to_ascii_lowercase().split_whitespace().collect();
    style.contains("display:none") || style.contains("visibility:hidden")
}

/// The header of an article holds its heading; the page's holds the logo and the menu.
fn is_within_content(tree: &Tree, id: Id) -> bool {
    let mut above = tree.parent(id);
    while let Some(id) = above {
        if matches!(tree.name(id), "article" | "main" | "section") || tree.attribute(id, "role") == Some("main") {
            return true;
        }
        above = tree.parent(id);
    }
    false
}

fn is_named_so(tree: &Tree, id: Id) -> bool {
    ["class", "id"].iter().filter_map(|attribute| tree.attribute(id, attribute)).any(|names| {
        let names = names.to_ascii_lowercase();
        let mut words = names.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| WORDS.contains(&word))
    })
}
