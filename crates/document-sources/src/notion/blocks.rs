//! The blocks of a page, with what is nested in them.

use std::future::Future;
use std::pin::Pin;

use rag_pipeline::model::SourceError;
use serde_json::Value;

use super::api::Api;
use super::{api, uuid};
use crate::failure::permanent;

/// How deeply blocks are read that are nested in each other.
const MAX_DEPTH: usize = 20;

/// A piece of a page.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Block {
    /// What Notion calls it: `paragraph`, `heading_1` …
    pub(super) kind: String,
    /// What Notion says of it, under the name of its kind.
    pub(super) content: Value,
    /// What is nested in it.
    pub(super) children: Vec<Block>,
}

/// Reads all blocks below a page; at most `most`.
pub(super) async fn below(api: &Api, url: &str, page: &str, most: usize) -> Result<Vec<Block>, SourceError> {
    let mut reading = Reading { api, url, left: most, most };
    reading.children(page.to_owned(), 0).await
}

struct Reading<'a> {
    api: &'a Api,
    url: &'a str,
    left: usize,
    most: usize,
}

type Children<'a> = Pin<Box<dyn Future<Output = Result<Vec<Block>, SourceError>> + Send + 'a>>;

impl Reading<'_> {
    fn children(&mut self, parent: String, depth: usize) -> Children<'_> {
        Box::pin(async move {
            let mut blocks = Vec::new();
            for told in self.listed(&parent).await? {
                let mut block = block(&told);
                let id = told["id"].as_str().and_then(uuid);
                if let Some(id) = id.filter(|_| is_read_with_its_page(&told, &block.kind)) {
                    if depth < MAX_DEPTH {
                        block.children = self.children(id, depth + 1).await?;
                    } else {
                        tracing::warn!(page = self.url, "blocks that are nested too deeply are left out");
                    }
                }
                blocks.push(block);
            }
            Ok(blocks)
        })
    }

    /// The blocks right below another one, as Notion tells them.
    async fn listed(&mut self, parent: &str) -> Result<Vec<Value>, SourceError> {
        let path = format!("blocks/{parent}/children");
        let (mut blocks, mut cursor) = (Vec::new(), None);
        loop {
            let mut part = self.api.get(self.url, &path, cursor.as_deref()).await?;
            if let Value::Array(told) = part["results"].take() {
                let Some(left) = self.left.checked_sub(told.len()) else {
                    let reason = format!("it has more than {} blocks; split the page", self.most);
                    return Err(permanent(self.url, reason));
                };
                self.left = left;
                blocks.extend(told);
            }
            cursor = api::next_cursor(&part);
            if cursor.is_none() {
                return Ok(blocks);
            }
        }
    }
}

fn block(told: &Value) -> Block {
    let kind = told["type"].as_str().unwrap_or_default().to_owned();
    Block { content: told[kind.as_str()].clone(), kind, children: Vec::new() }
}

/// Pages and databases within a page are documents of their own.
fn is_read_with_its_page(told: &Value, kind: &str) -> bool {
    told["has_children"] == true && !matches!(kind, "child_page" | "child_database")
}
