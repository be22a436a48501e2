//! Presentations.

use crate::support::office::{package, relationships};
use crate::support::{outline, read};

fn shape(kind: &str, paragraphs: &[(&str, &str)]) -> String {
    let placeholder = if kind.is_empty() { String::new() } else { format!("<p:ph type=\"{kind}\"/>") };
    let paragraphs: String = paragraphs
        .iter()
        .map(|(properties, text)| format!("<a:p>{properties}<a:r><a:t>{text}</a:t></a:r></a:p>"))
        .collect();
    format!("<p:sp><p:nvSpPr><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr><p:txBody>{paragraphs}</p:txBody></p:sp>")
}

fn slide(attributes: &str, shapes: &str) -> String {
    format!("<p:sld xmlns:p=\"p\" xmlns:a=\"a\" {attributes}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>")
}

#[test]
fn slides_are_read_in_their_order_with_titles_lists_tables_and_notes() {
    let main = "<p:presentation xmlns:p=\"p\" xmlns:r=\"r\"><p:sldIdLst><p:sldId id=\"256\" r:id=\"r9\"/>\
                <p:sldId id=\"257\" r:id=\"r1\"/><p:sldId id=\"258\" r:id=\"r2\"/></p:sldIdLst></p:presentation>";
    let links = relationships(&[
        ("r1", "slide", "slides/slide1.xml"),
        ("r2", "slide", "slides/slide2.xml"),
        ("r9", "slide", "slides/slide9.xml"),
    ]);
    let first = slide("", &[shape("ctrTitle", &[("", "상담 교육")]), shape("subTitle", &[("", "2026년")])].concat());
    let list = [("", "인사"), ("<a:pPr lvl=\"1\"/>", "이름을 말한다"), ("<a:pPr><a:buNone/></a:pPr>", "끝")];
    let cell = |properties: &str, text: &str| {
        format!("<a:tc {properties}><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>")
    };
    let table = format!(
        "<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr>{}{}</a:tr><a:tr>{}{}</a:tr></a:tbl></a:graphicData>\
         </a:graphic></p:graphicFrame>",
        cell("", "구분"),
        cell("", "시간"),
        cell("", "점심"),
        cell("", "12시")
    );
    let shapes =
        [shape("title", &[("", "전화 응대")]), shape("body", &list), table, shape("sldNum", &[("", "2")])].concat();
    let second = slide("", &format!("<p:grpSp>{shapes}</p:grpSp>"));
    let hidden = slide("show=\"0\"", &shape("body", &[("", "숨김")]));
    let notes = slide("", &[shape("body", &[("", "천천히 말할 것")]), shape("sldNum", &[("", "2")])].concat());
    let note_link = relationships(&[("n", "notesSlide", "../notesSlides/n1.xml")]);
    let file = package(
        Some("PowerPoint 프레젠테이션"),
        &[
            ("ppt/presentation.xml", main),
            ("ppt/_rels/presentation.xml.rels", &links),
            ("ppt/slides/slide9.xml", &first),
            ("ppt/slides/slide1.xml", &second),
            ("ppt/slides/slide2.xml", &hidden),
            ("ppt/slides/_rels/slide1.xml.rels", &note_link),
            ("ppt/notesSlides/n1.xml", &notes),
        ],
    );
    let document = read("교육.pptx", file).unwrap();
    assert_eq!((document.title.as_str(), document.pages), ("상담 교육", 3));
    assert_eq!(
        outline(&document),
        [
            "1 |p|2026년",
            "2 전화 응대|li|- 인사\n  - 이름을 말한다",
            "2 전화 응대|p|끝",
            "2 전화 응대|table|| 구분 | 시간 |\n|---|---|\n| 점심 | 12시 |",
            "2 전화 응대|p|천천히 말할 것",
        ]
    );
}
