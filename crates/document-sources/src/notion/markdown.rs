//! A page as Markdown. The title is the only top heading; Notion's first level is the second here.

use super::blocks::Block;
use super::text::{escaped_line, guarded, line, link, marked, plain};

/// The whole page.
pub(super) fn document(title: &str, properties: &[String], blocks: &[Block]) -> String {
    let mut parts = vec![format!("# {}", escaped_line(title))];
    if !properties.is_empty() {
        parts.push(properties.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n"));
    }
    parts.push(markdown(blocks));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

/// Blocks one after another: items of one list on lines of their own, all else with a blank line between.
fn markdown(blocks: &[Block]) -> String {
    let mut out = String::new();
    let mut before = "";
    let mut number = 0;
    for block in blocks {
        number = if block.kind == "numbered_list_item" { number + 1 } else { 0 };
        let text = rendered(block, number);
        if text.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push_str(if is_item(&block.kind) && before == block.kind { "\n" } else { "\n\n" });
        }
        out.push_str(&text);
        before = &block.kind;
    }
    out
}

fn is_item(kind: &str) -> bool {
    matches!(kind, "bulleted_list_item" | "numbered_list_item" | "to_do" | "toggle")
}

fn rendered(block: &Block, number: usize) -> String {
    let rich = &block.content["rich_text"];
    match block.kind.as_str() {
        "heading_1" => heading("##", block),
        "heading_2" => heading("###", block),
        "heading_3" => heading("####", block),
        "heading_4" => heading("#####", block),
        "bulleted_list_item" | "toggle" => item("- ", &marked(rich), &block.children),
        "numbered_list_item" => item(&format!("{number}. "), &marked(rich), &block.children),
        "to_do" => {
            let done = if block.content["checked"] == true { "[x] " } else { "[ ] " };
            item("- ", &format!("{done}{}", marked(rich)), &block.children)
        }
        "quote" | "callout" => prefixed("> ", &joined(&marked(rich), &markdown(&block.children))),
        "code" => code(block),
        "equation" => guarded(&escaped_line(block.content["expression"].as_str().unwrap_or_default())),
        "table" => table(block),
        "child_page" | "child_database" => guarded(&escaped_line(block.content["title"].as_str().unwrap_or_default())),
        "bookmark" | "embed" | "link_preview" => address(block),
        "image" | "video" | "audio" | "file" | "pdf" => attachment(block),
        // Columns, synced blocks and whatever comes to Notion: their own text, if any, and what they hold.
        _ => joined(&marked(rich), &markdown(&block.children)),
    }
}

fn joined(first: &str, second: &str) -> String {
    [first, second].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// A heading, and what a heading that unfolds holds. Without text it is none.
fn heading(marks: &str, block: &Block) -> String {
    let text = line(&block.content["rich_text"]);
    let heading = if text.is_empty() { text } else { format!("{marks} {text}") };
    joined(&heading, &markdown(&block.children))
}

/// An item with what is nested in it, indented by its mark.
fn item(mark: &str, text: &str, children: &[Block]) -> String {
    let nested = markdown(children);
    if text.is_empty() && nested.is_empty() {
        return String::new();
    }
    let indent = " ".repeat(mark.len());
    let close = children.first().is_some_and(|child| is_item(&child.kind));
    let gap = if text.is_empty() || nested.is_empty() {
        ""
    } else if close {
        "\n"
    } else {
        "\n\n"
    };
    let body = prefixed(&indent, &format!("{text}{gap}{nested}"));
    format!("{mark}{}", &body[indent.len()..])
}

/// Each line after a prefix; empty ones without spaces at their end.
fn prefixed(prefix: &str, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    text.split('\n').map(|line| format!("{prefix}{line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Fenced by more backticks than stand in it.
fn code(block: &Block) -> String {
    let text = plain(&block.content["rich_text"]);
    if text.trim().is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let language = block.content["language"].as_str().filter(|language| *language != "plain text").unwrap_or_default();
    let language: String = language.chars().filter(|c| c.is_ascii_alphanumeric() || "+#-".contains(*c)).collect();
    let fenced = format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'));
    joined(&fenced, &marked(&block.content["caption"]))
}

/// A table whose first row is its head, as Markdown has no other.
fn table(block: &Block) -> String {
    let rows: Vec<Vec<String>> = block.children.iter().filter(|row| row.kind == "table_row").map(cells).collect();
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    if width == 0 {
        return String::new();
    }
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells = (0..width).map(|at| row.get(at).map_or("", String::as_str));
            format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
        })
        .collect();
    lines.insert(1, format!("|{}", " --- |".repeat(width)));
    lines.join("\n")
}

fn cells(row: &Block) -> Vec<String> {
    row.content["cells"].as_array().into_iter().flatten().map(line).collect()
}

fn address(block: &Block) -> String {
    let url = block.content["url"].as_str().unwrap_or_default();
    let caption = line(&block.content["caption"]);
    let text = if caption.is_empty() { escaped_line(url) } else { caption };
    guarded(&link(&text, url))
}

/// Name and caption of a file. Its address counts for an hour and opens it to anybody: it is not told.
fn attachment(block: &Block) -> String {
    let name = escaped_line(block.content["name"].as_str().unwrap_or_default());
    let caption = line(&block.content["caption"]);
    let parts: Vec<_> = [name, caption].into_iter().filter(|part| !part.is_empty()).collect();
    guarded(&parts.join(": "))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn block(kind: &str, content: Value, children: Vec<Block>) -> Block {
        Block { kind: kind.to_owned(), content, children }
    }

    fn said(kind: &str, text: &str, children: Vec<Block>) -> Block {
        block(kind, json!({"rich_text": [{"plain_text": text}]}), children)
    }

    #[test]
    fn headings_stand_below_the_title() {
        let blocks = [
            said("heading_1", "가", vec![said("paragraph", "접힌 글", vec![])]),
            said("heading_3", "나", vec![]),
            said("heading_2", "", vec![]),
        ];
        assert_eq!(document("제목 #1", &[], &blocks), "# 제목 \\#1\n\n## 가\n\n접힌 글\n\n#### 나\n");
    }

    #[test]
    fn lists_nest_and_count() {
        let blocks = [
            said("bulleted_list_item", "하나", vec![said("bulleted_list_item", "하나 안", vec![])]),
            said("bulleted_list_item", "둘\n줄", vec![said("paragraph", "둘 안", vec![])]),
            said("numbered_list_item", "첫째", vec![said("code", "x", vec![])]),
            said("numbered_list_item", "둘째", vec![]),
            said("paragraph", "사이", vec![]),
            said("numbered_list_item", "다시 첫째", vec![]),
            block("to_do", json!({"rich_text": [{"plain_text": "한 일"}], "checked": true}), vec![]),
            said("toggle", "질문", vec![said("paragraph", "대답", vec![])]),
        ];
        let told = "- 하나\n  - 하나 안\n- 둘\\\n  줄\n\n  둘 안\n\n1. 첫째\n\n   ```\n   x\n   ```\n2. 둘째\n\n사이\n\n\
                    1. 다시 첫째\n\n- [x] 한 일\n\n- 질문\n\n  대답";
        assert_eq!(markdown(&blocks), told);
    }

    #[test]
    fn quotes_and_callouts_hold_what_is_in_them() {
        let blocks = [said("quote", "가\n나", vec![said("paragraph", "다", vec![])]), said("callout", "라", vec![])];
        assert_eq!(markdown(&blocks), "> 가\\\n> 나\n>\n> 다\n\n> 라");
    }

    #[test]
    fn code_is_fenced_by_more_than_is_in_it() {
        let told = block("code", json!({"rich_text": [{"plain_text": "a\n```\nb\n"}], "language": "c++"}), vec![]);
        assert_eq!(markdown(&[told]), "````c++\na\n```\nb\n````");
    }

    #[test]
    fn a_table_is_rows_of_the_same_width() {
        let row = |cells: &[&str]| {
            let cells: Vec<_> = cells.iter().map(|cell| json!([{"plain_text": cell}])).collect();
            block("table_row", json!({"cells": cells}), vec![])
        };
        let table = block("table", json!({}), vec![row(&["크기", "값"]), row(&["A|B", "3,000\n원"]), row(&["C"])]);
        assert_eq!(markdown(&[table]), "| 크기 | 값 |\n| --- | --- |\n| A\\|B | 3,000 원 |\n| C |  |");
        assert_eq!(markdown(&[block("table", json!({}), vec![])]), "");
    }

    #[test]
    fn what_holds_others_is_seen_through_and_files_tell_their_names_only() {
        let blocks = [
            block("column_list", json!({}), vec![block("column", json!({}), vec![said("paragraph", "왼쪽", vec![])])]),
            block("divider", json!({}), vec![]),
            block("image", json!({"file": {"url": "https://s3/secret"}, "caption": [{"plain_text": "그림"}]}), vec![]),
            block("file", json!({"name": "약관.pdf", "caption": [], "file": {"url": "https://s3/secret"}}), vec![]),
            block("bookmark", json!({"url": "https://a.example/b_c", "caption": []}), vec![]),
            block("child_page", json!({"title": "아래 쪽"}), vec![]),
            block("of_tomorrow", json!({"rich_text": [{"plain_text": "새것"}]}), vec![]),
            block("unsupported", json!({}), vec![]),
        ];
        let told = "왼쪽\n\n그림\n\n약관.pdf\n\n[https://a.example/b\\_c](<https://a.example/b_c>)\n\n아래 쪽\n\n새것";
        assert_eq!(markdown(&blocks), told);
    }

    #[test]
    fn what_a_database_says_comes_first() {
        let lines = ["분류: 배송".to_owned()];
        assert_eq!(document("질문", &lines, &[said("paragraph", "답", vec![])]), "# 질문\n\n- 분류: 배송\n\n답\n");
    }
}
