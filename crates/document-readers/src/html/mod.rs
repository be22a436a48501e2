//! Pages of HTML: their content, without what is around it.

mod clutter;
mod tree;
mod walk;

use rag_pipeline::model::{ReadDocument, ReadError};

use self::clutter::is_clutter;
use self::tree::{Id, Tree};
use self::walk::Walk;
use crate::encoding;
use crate::job::Job;
use crate::outline::{Outline, squeezed};

/// In how many bytes a page has to declare its encoding; browsers look at 1,024, old Korean pages need more.
const DECLARATION: usize = 4_096;

/// Reads a page: `<main>` when there is one, else the article that has most of the text, else the body; without menus,
/// footers, scripts, forms and windows on top. When that leaves nothing, without going by classes and ids.
///
/// The title is `og:title` or `<title>`; where that only adds the shop's name to the first heading, the heading. The
/// address is that of `<link rel="canonical">`.
pub(crate) fn read(job: &Job<'_>) -> Result<ReadDocument, ReadError> {
    let text = encoding::text(job, declared_charset(&job.raw.bytes).as_deref())?;
    let tree = Tree::parse(job, &text)?;
    let mut document = content(job, &tree, main_part(&tree), true)?;
    if document.blocks.is_empty() {
        document = content(job, &tree, Tree::root(), false)?;
    }
    document.url = canonical(&tree);
    Ok(document)
}

fn content(job: &Job<'_>, tree: &Tree, from: Id, strict: bool) -> Result<ReadDocument, ReadError> {
    let mut walk = Walk { tree, job, outline: Outline::new(job), strict, line: String::new() };
    walk.flow(from)?;
    walk.end_paragraph()?;
    let title = title(tree, from);
    Ok(walk.outline.finish(title.as_deref(), 0))
}

fn main_part(tree: &Tree) -> Id {
    let (mut mains, mut articles) = (Vec::new(), Vec::new());
    tree.each(Tree::root(), |id| {
        if tree.name(id) == "main" || tree.attribute(id, "role") == Some("main") {
            mains.push(id);
        } else if tree.name(id) == "article" {
            articles.push(id);
        }
        !is_clutter(tree, id, true) || tree.name(id) == "head"
    });
    if let [main] = mains.as_slice() {
        return *main;
    }
    let body = tree.find("body").unwrap_or(Tree::root());
    let size = |id: Id| {
        let mut size = 0;
        tree.each(id, |below| {
            size += tree.text(below).map_or(0, |text| text.trim().len());
            !is_clutter(tree, below, true)
        });
        size
    };
    let largest = articles.into_iter().max_by_key(|article| size(*article));
    largest.filter(|article| size(*article) * 2 > size(body)).unwrap_or(body)
}

fn title(tree: &Tree, content: Id) -> Option<String> {
    let named = meta(tree, "og:title")
        .or_else(|| tree.find("title").map(|title| tree.text_below(title)))
        .map(|title| squeezed(&title))
        .filter(|title| !title.is_empty())?;
    let mut heading = None;
    tree.each(content, |id| {
        if heading.is_none() && tree.name(id) == "h1" && !is_clutter(tree, id, true) {
            heading = Some(squeezed(&tree.text_below(id)));
        }
        heading.is_none()
    });
    Some(heading.filter(|heading| !heading.is_empty() && named.contains(heading.as_str())).unwrap_or(named))
}

fn meta(tree: &Tree, property: &str) -> Option<String> {
    let mut found = None;
    tree.each(Tree::root(), |id| {
        if tree.name(id) == "meta" && tree.attribute(id, "property") == Some(property) {
            found = found.take().or_else(|| tree.attribute(id, "content").map(str::to_owned));
        }
        true
    });
    found
}

/// The address the page gives itself, when it is a whole one.
fn canonical(tree: &Tree) -> Option<String> {
    let mut found = None;
    tree.each(Tree::root(), |id| {
        let is_canonical = tree.attribute(id, "rel").is_some_and(|rel| rel.eq_ignore_ascii_case("canonical"));
        if tree.name(id) == "link" && is_canonical {
            found = found.take().or_else(|| tree.attribute(id, "href").map(|href| href.trim().to_owned()));
        }
        true
    });
    found.filter(|href| {
        (href.starts_with("https://") || href.starts_with("http://")) && !href.contains(char::is_whitespace)
    })
}

/// What follows `charset=` in the first bytes: in `<meta charset>`, `<meta http-equiv>` or the XML declaration.
fn declared_charset(bytes: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION)]).to_ascii_lowercase();
    let after = start
        .split("<meta")
        .skip(1)
        .filter_map(|meta| meta.split('>').next())
        .find_map(|meta| meta.split_once("charset").map(|(_, after)| after.to_owned()))
        .or_else(|| {
            start.strip_prefix("<?xml")?.split("?>").next()?.split_once("encoding").map(|(_, a)| a.to_owned())
        })?;
    let value = after.trim_start().strip_prefix('=')?.trim_start_matches(['"', '\'', ' ']);
    let end = value.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(value.len());
    (end > 0).then(|| value[..end].to_owned())
}
