//! Parts of Office documents as trees of elements, by their local names.
//!
//! No document type is taken, so no entity but the five of XML and numbers of characters is known: nothing expands.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;
use rag_pipeline::model::ReadError;

use crate::job::Job;

/// An element with all that is in it.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// Names as they are written, with prefix.
    attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Node>,
}

/// What is in an element.
#[derive(Debug)]
pub(crate) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    /// The attribute of that local name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| local(key) == name).map(|(_, value)| value.as_str())
    }

    /// The id of a relationship (`r:id`), which has a prefix where the element's own `id` has none.
    pub(crate) fn relationship(&self) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key.contains(':') && local(key) == "id");
        found.map(|(_, value)| value.as_str())
    }

    /// The `val` of the child of that name; an empty one when the child is there without.
    pub(crate) fn value_of(&self, child: &str) -> Option<&str> {
        self.child(child).map(|child| child.attribute("val").unwrap_or_default())
    }

    /// Whether a child that switches something on is there, and not set to off.
    pub(crate) fn is_on(&self, child: &str) -> bool {
        self.child(child).is_some_and(|child| !matches!(child.attribute("val"), Some("0" | "false" | "off" | "none")))
    }

    pub(crate) fn elements(&self) -> impl DoubleEndedIterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|element| element.name == name)
    }

    /// The descendant at the end of a path of names.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// All text below.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.push_text(&mut text);
        text
    }

    fn push_text(&self, text: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(more) => text.push_str(more),
                Node::Element(element) => element.push_text(text),
            }
        }
    }
}

/// Parses a part of the document.
pub(crate) fn parse(job: &Job<'_>, part: &str, text: &str) -> Result<Element, ReadError> {
    let mut open = vec![Element::default()];
    each_event(job, part, text, |event| {
        let step = match event {
            Step::Open(element) => {
                open.push(element);
                return Ok(());
            }
            Step::Close => open.pop().map(Node::Element),
            Step::Text(text) => Some(Node::Text(text)),
        };
        if let (Some(node), Some(above)) = (step, open.last_mut()) {
            match (node, above.children.last_mut()) {
                (Node::Text(text), Some(Node::Text(before))) => before.push_str(&text),
                (node, _) => above.children.push(node),
            }
        }
        Ok(())
    })?;
    let root = open.pop().and_then(|document| document.children.into_iter().find_map(element_of));
    root.ok_or_else(|| job.unreadable(format!("its part {part} is empty")))
}

fn element_of(node: Node) -> Option<Element> {
    match node {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    }
}

/// What happens next in a part.
pub(crate) enum Step {
    Open(Element),
    Close,
    Text(String),
}

/// Reads a part from its beginning to its end, which is checked to be there. Opened elements come without children.
pub(crate) fn each_event(
    job: &Job<'_>,
    part: &str,
    text: &str,
    mut step: impl FnMut(Step) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let broken = |cause: &dyn std::fmt::Display| job.unreadable(format!("its part {part} is broken: {cause}"));
    let mut reader = Reader::from_str(text);
    let mut depth = 0_u32;
    let mut events = 0_u32;
    loop {
        let event = reader.read_event().map_err(|cause| broken(&cause))?;
        events = events.wrapping_add(1);
        if events.is_multiple_of(4_096) {
            job.check_time()?;
        }
        match event {
            Event::Start(start) => {
                depth += 1;
                if depth > job.limits.depth {
                    return Err(job.too_large("levels of elements", job.limits.depth.into()));
                }
                step(Step::Open(opened(&start).map_err(|cause| broken(&cause))?))?;
            }
            Event::Empty(start) => {
                step(Step::Open(opened(&start).map_err(|cause| broken(&cause))?))?;
                step(Step::Close)?;
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                step(Step::Close)?;
            }
            Event::Text(text) => step(Step::Text(text.xml10_content().into_owned()))?,
            Event::CData(text) => step(Step::Text(text.xml10_content().into_owned()))?,
            Event::GeneralRef(reference) => {
                let character = resolved(&reference).map_err(|cause| broken(&cause))?;
                step(Step::Text(character.to_string()))?;
            }
            Event::DocType(_) => return Err(broken(&"it declares a document type, which Office documents never do")),
            Event::Eof if depth > 0 => return Err(broken(&"it ends before its elements do")),
            Event::Eof => return Ok(()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn opened(start: &BytesStart<'_>) -> quick_xml::Result<Element> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute?;
        let value = attribute.normalized_value(XmlVersion::Explicit1_0)?.into_owned();
        attributes.push((attribute.key.as_ref().to_owned(), value));
    }
    Ok(Element { name: start.local_name().as_ref().to_owned(), attributes, children: Vec::new() })
}

fn resolved(reference: &BytesRef<'_>) -> Result<char, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|cause| cause.to_string())? {
        return Ok(character);
    }
    match &**reference {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => Err(format!("nothing declares &{other};")),
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}
