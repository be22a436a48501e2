//! Word documents.

use rag_pipeline::model::ReadError;

use crate::support::office::{docx, p, package, zip};
use crate::support::{outline, read};

const STYLES: &str = "<w:styles xmlns:w=\"w\">\
    <w:style w:styleId=\"a3\"><w:name w:val=\"Title\"/></w:style>\
    <w:style w:styleId=\"1\"><w:name w:val=\"heading 1\"/></w:style>\
    <w:style w:styleId=\"2\"><w:name w:val=\"제목 2\"/></w:style>\
    <w:style w:styleId=\"own\"><w:name w:val=\"우리 소제목\"/><w:basedOn w:val=\"base\"/></w:style>\
    <w:style w:styleId=\"base\"><w:name w:val=\"base\"/><w:pPr><w:outlineLvl w:val=\"2\"/></w:pPr></w:style>\
    <w:style w:styleId=\"10\"><w:name w:val=\"toc 1\"/></w:style>\
    <w:style w:styleId=\"list\"><w:name w:val=\"List Bullet\"/><w:pPr><w:numPr><w:numId w:val=\"1\"/></w:numPr></w:pPr></w:style>\
    </w:styles>";
const NUMBERING: &str = "<w:numbering xmlns:w=\"w\">\
    <w:abstractNum w:abstractNumId=\"0\"><w:lvl w:ilvl=\"0\"><w:numFmt w:val=\"bullet\"/></w:lvl></w:abstractNum>\
    <w:abstractNum w:abstractNumId=\"1\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/><w:numFmt w:val=\"decimal\"/></w:lvl>\
    <w:lvl w:ilvl=\"1\"><w:numFmt w:val=\"ganada\"/></w:lvl></w:abstractNum>\
    <w:num w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num><w:num w:numId=\"2\"><w:abstractNumId w:val=\"1\"/></w:num>\
    </w:numbering>";

fn item(numbering: u32, level: u32, text: &str) -> String {
    format!(
        "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"{numbering}\"/></w:numPr></w:pPr>\
         <w:r><w:t>{text}</w:t></w:r></w:p>"
    )
}

#[test]
fn headings_are_known_by_the_names_and_levels_of_their_styles() {
    let body = [
        p("a3", "고객센터 안내서"),
        p("10", "차례 ... 1"),
        p("1", "배송"),
        p("", "무료 &amp; 빠름"),
        p("2", "제주"),
        p("", "3,000원"),
        p("own", "우도"),
        p("", "5,000원"),
        p("1", "반품"),
        p("", "7일"),
    ];
    let document = read("a.docx", docx(&body.concat(), &[("styles", STYLES)])).unwrap();
    assert_eq!(document.title, "고객센터 안내서");
    assert_eq!(
        outline(&document),
        ["배송|p|무료 & 빠름", "배송/제주|p|3,000원", "배송/제주/우도|p|5,000원", "반품|p|7일"]
    );
}

#[test]
fn lists_have_their_numbers_and_inner_items_are_lines() {
    let body = [
        item(2, 0, "접수"),
        item(2, 1, "앱"),
        item(2, 1, "전화"),
        item(2, 0, "출고"),
        item(1, 0, "점"),
        p("list", "문체"),
    ];
    let document = read("a.docx", docx(&body.concat(), &[("styles", STYLES), ("numbering", NUMBERING)])).unwrap();
    assert_eq!(outline(&document), ["|li|1. 접수\n  가. 앱\n  나. 전화", "|li|2. 출고", "|li|- 점", "|li|- 문체"]);
}

#[test]
fn merged_cells_say_in_each_row_what_is_merged_down() {
    let cell = |properties: &str, text: &str| format!("<w:tc><w:tcPr>{properties}</w:tcPr>{}</w:tc>", p("", text));
    let rows = [
        [cell("<w:gridSpan w:val=\"2\"/>", "지역"), cell("", "금액")].concat(),
        [cell("<w:vMerge w:val=\"restart\"/>", "제주"), cell("", "본섬"), cell("", "3,000|원")].concat(),
        [cell("<w:vMerge/>", ""), cell("", "우도"), cell("", "5,000")].concat(),
    ];
    let rows: String = rows.iter().map(|row| format!("<w:tr>{row}</w:tr>")).collect();
    let document = read("a.docx", docx(&format!("<w:tbl>{rows}</w:tbl>"), &[])).unwrap();
    assert_eq!(
        outline(&document),
        ["|table|| 지역 |  | 금액 |\n|---|---|---|\n| 제주 | 본섬 | 3,000\\|원 |\n| 제주 | 우도 | 5,000 |"]
    );
}

#[test]
fn changes_are_read_as_accepted_and_notes_follow_their_paragraph() {
    let body = "<w:p><w:r><w:t>교환은 </w:t></w:r><w:del><w:r><w:delText>삼일</w:delText></w:r></w:del>\
        <w:ins><w:r><w:t>칠일</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>몰래</w:t></w:r>\
        <w:r><w:footnoteReference w:id=\"2\"/></w:r><w:r><w:tab/><w:t>안에</w:t></w:r></w:p>\
        <w:p><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>상자</w:t></w:r></w:p></w:txbxContent></mc:Choice>\
        <mc:Fallback><w:txbxContent><w:p><w:r><w:t>상자</w:t></w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:p>";
    let notes = format!(
        "<w:footnotes xmlns:w=\"w\"><w:footnote w:type=\"separator\" w:id=\"0\"/><w:footnote w:id=\"2\">{}</w:footnote></w:footnotes>",
        p("", "공휴일 제외")
    );
    let document = read("a.docx", docx(body, &[("footnotes", &notes)])).unwrap();
    assert_eq!(outline(&document), ["|p|교환은 칠일 안에", "|p|※ 공휴일 제외", "|p|상자"]);
}

#[test]
fn the_title_is_the_one_in_the_properties_unless_a_program_made_it_up() {
    let document = |title: &str| {
        let body = format!("<w:document xmlns:w=\"w\"><w:body>{}</w:body></w:document>", p("", "글"));
        read("보고서.docx", package(Some(title), &[("word/document.xml", &body)])).unwrap().title
    };
    assert_eq!(document("운영 지침"), "운영 지침");
    assert_eq!(document("Microsoft Word - x.doc"), "보고서");
}

#[test]
fn a_broken_document_says_what_is_broken() {
    let whole = docx(&p("", "글"), &[]);
    let Err(ReadError::Unreadable { reason, .. }) = read("a.docx", &whole[..whole.len() / 2]) else {
        panic!("it was read")
    };
    assert!(reason.starts_with("its zip is damaged"), "{reason}");
    let broken = package(None, &[("word/document.xml", "<w:document><w:body><w:p></w:body>")]);
    let Err(ReadError::Unreadable { reason, .. }) = read("a.docx", broken) else { panic!("it was read") };
    assert!(reason.starts_with("its part word/document.xml is broken"), "{reason}");
    assert!(matches!(read("a.docx", zip(&[("a.txt", "x")])), Err(ReadError::Unsupported { .. })));
}

#[test]
fn a_document_with_another_ending_is_read_as_what_it_is() {
    assert_eq!(outline(&read("a.pdf", docx(&p("", "글"), &[])).unwrap()), ["|p|글"]);
}
