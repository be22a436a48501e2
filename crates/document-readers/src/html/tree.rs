//! A page as a tree in one vector.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, LocalName, Namespace, ParseOpts, QualName, ns, parse_document};
use rag_pipeline::model::ReadError;

use crate::job::Job;

/// Where a node is in its tree.
pub(super) type Id = usize;

const ROOT: Id = 0;
/// Takes what is in `<template>`: it is not shown.
const UNSHOWN: Id = 1;

/// How much is parsed before depth and time are looked at, in bytes.
const PORTION: usize = 4_096;

/// A parsed page.
pub(super) struct Tree(Vec<Node>);

#[derive(Default)]
struct Node {
    parent: Option<Id>,
    /// How many are above; what is moved with the one above it keeps what it had.
    depth: u32,
    children: Vec<Id>,
    what: What,
}

#[derive(Default)]
enum What {
    Element(QualName, Vec<Attribute>),
    Text(String),
    #[default]
    Other,
}

impl Tree {
    /// Parses a page. Anything is a page, unless its elements are nested too deep: the parser looks through all open ones
    /// at each new one.
    pub(super) fn parse(job: &Job<'_>, text: &str) -> Result<Self, ReadError> {
        let deepest = Rc::new(Cell::new(0));
        let nodes = RefCell::new(vec![Node::default(), Node::default()]);
        let mut parser = parse_document(Builder { nodes, deepest: Rc::clone(&deepest) }, ParseOpts::default());
        let mut rest = text;
        while !rest.is_empty() {
            let (portion, after) = rest.split_at(rest.floor_char_boundary(PORTION));
            parser.process(portion.into());
            if deepest.get() > job.limits.depth {
                return Err(job.too_large("levels of elements", job.limits.depth.into()));
            }
            job.check_time()?;
            rest = after;
        }
        Ok(parser.finish())
    }

    /// The top.
    pub(super) const fn root() -> Id {
        ROOT
    }

    pub(super) fn children(&self, id: Id) -> &[Id] {
        &self.0[id].children
    }

    pub(super) fn parent(&self, id: Id) -> Option<Id> {
        self.0[id].parent
    }

    /// The element's name, lower case; empty for what is no element of HTML.
    pub(super) fn name(&self, id: Id) -> &str {
        match &self.0[id].what {
            What::Element(name, _) if name.ns == ns!(html) => &name.local,
            What::Element(..) => "foreign",
            _ => "",
        }
    }

    pub(super) fn attribute(&self, id: Id, name: &str) -> Option<&str> {
        match &self.0[id].what {
            What::Element(_, attributes) => attributes.iter().find(|a| &*a.name.local == name).map(|a| &*a.value),
            _ => None,
        }
    }

    pub(super) fn text(&self, id: Id) -> Option<&str> {
        match &self.0[id].what {
            What::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The node and all below it, in the order of the page. Below those that `enter` refuses, nothing is visited.
    pub(super) fn each(&self, from: Id, mut enter: impl FnMut(Id) -> bool) {
        let mut open = vec![from];
        while let Some(id) = open.pop() {
            if enter(id) {
                open.extend(self.children(id).iter().rev());
            }
        }
    }

    /// The first element of that name.
    pub(super) fn find(&self, name: &str) -> Option<Id> {
        let mut found = None;
        self.each(ROOT, |id| {
            if found.is_none() && self.name(id) == name {
                found = Some(id);
            }
            found.is_none()
        });
        found
    }

    /// All text below, as it stands.
    pub(super) fn text_below(&self, id: Id) -> String {
        let mut all = String::new();
        self.each(id, |below| {
            all.push_str(self.text(below).unwrap_or_default());
            true
        });
        all
    }
}

/// Receives what the parser finds.
struct Builder {
    nodes: RefCell<Vec<Node>>,
    /// The deepest level that anything was put on.
    deepest: Rc<Cell<u32>>,
}

#[derive(Debug)]
struct Name(QualName);

impl ElemName for Name {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

impl Builder {
    fn make(&self, what: What) -> Id {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node { parent: None, depth: 0, children: Vec::new(), what });
        nodes.len() - 1
    }

    fn detach(&self, id: Id) {
        let mut nodes = self.nodes.borrow_mut();
        if let Some(parent) = nodes[id].parent.take() {
            nodes[parent].children.retain(|child| *child != id);
        }
    }

    /// Puts a node or text among the children of `parent`, at `place`.
    fn insert(&self, parent: Id, place: usize, child: NodeOrText<Id>) {
        let id = match child {
            NodeOrText::AppendNode(id) => id,
            NodeOrText::AppendText(text) => {
                let mut nodes = self.nodes.borrow_mut();
                let before = place.checked_sub(1).map(|before| nodes[parent].children[before]);
                if let Some(What::Text(before)) = before.map(|before| &mut nodes[before].what) {
                    before.push_str(&text);
                    return;
                }
                drop(nodes);
                self.make(What::Text(text.to_string()))
            }
        };
        let mut nodes = self.nodes.borrow_mut();
        nodes[id].parent = Some(parent);
        nodes[id].depth = nodes[parent].depth + 1;
        self.deepest.set(self.deepest.get().max(nodes[id].depth));
        let place = place.min(nodes[parent].children.len());
        nodes[parent].children.insert(place, id);
    }
}

impl TreeSink for Builder {
    type Handle = Id;
    type Output = Tree;
    type ElemName<'a> = Name;

    fn finish(self) -> Tree {
        Tree(self.nodes.into_inner())
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Id {
        ROOT
    }

    fn elem_name<'a>(&'a self, target: &'a Id) -> Name {
        match &self.nodes.borrow()[*target].what {
            What::Element(name, _) => Name(name.clone()),
            _ => Name(QualName::new(None, ns!(), LocalName::from(""))),
        }
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> Id {
        self.make(What::Element(name, attributes))
    }

    fn create_comment(&self, _: StrTendril) -> Id {
        self.make(What::Other)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Id {
        self.make(What::Other)
    }

    fn append(&self, parent: &Id, child: NodeOrText<Id>) {
        if let NodeOrText::AppendNode(id) = child {
            self.detach(id);
        }
        let place = self.nodes.borrow()[*parent].children.len();
        self.insert(*parent, place, child);
    }

    fn append_based_on_parent_node(&self, element: &Id, before: &Id, child: NodeOrText<Id>) {
        let has_parent = self.nodes.borrow()[*element].parent.is_some();
        if has_parent { self.append_before_sibling(element, child) } else { self.append(before, child) }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, _: &Id) -> Id {
        UNSHOWN
    }

    fn same_node(&self, one: &Id, other: &Id) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Id, child: NodeOrText<Id>) {
        if let NodeOrText::AppendNode(id) = child {
            self.detach(id);
        }
        let at = {
            let nodes = self.nodes.borrow();
            nodes[*sibling].parent.and_then(|parent| {
                nodes[parent].children.iter().position(|child| child == sibling).map(|place| (parent, place))
            })
        };
        if let Some((parent, place)) = at {
            self.insert(parent, place, child);
        }
    }

    fn add_attrs_if_missing(&self, target: &Id, more: Vec<Attribute>) {
        if let What::Element(_, have) = &mut self.nodes.borrow_mut()[*target].what {
            for attribute in more {
                if have.iter().all(|known| known.name != attribute.name) {
                    have.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Id) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &Id, new_parent: &Id) {
        let mut nodes = self.nodes.borrow_mut();
        let moved = std::mem::take(&mut nodes[*node].children);
        for child in &moved {
            nodes[*child].parent = Some(*new_parent);
        }
        nodes[*new_parent].children.extend(moved);
    }
}
