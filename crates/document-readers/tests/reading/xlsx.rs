//! Workbooks.

use document_readers::Limits;
use rag_pipeline::model::ReadError;

use crate::support::office::xlsx;
use crate::support::{outline, read, read_within};

const STYLES: &str = "<numFmts><numFmt numFmtId=\"164\" formatCode=\"#,##0&quot;원&quot;\"/></numFmts>\
    <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/><xf numFmtId=\"9\"/><xf numFmtId=\"14\"/></cellXfs>";
const STRINGS: &str = "<si><t>품목</t></si><si><r><t>가</t></r><r><t>격</t></r><rPh><t>x</t></rPh></si><si><t>할인</t></si>\
    <si><t>날짜</t></si><si><t>머그컵</t></si>";

#[test]
fn sheets_are_headings_and_cells_look_as_people_see_them() {
    let prices = "<sheetData><row r=\"1\"><c r=\"B1\" t=\"inlineStr\"><is><t>2026년 가격</t></is></c></row>\
        <row r=\"2\"><c r=\"B2\" t=\"s\"><v>0</v></c><c r=\"C2\" t=\"s\"><v>1</v></c><c r=\"D2\" t=\"s\"><v>2</v></c>\
        <c r=\"F2\" t=\"s\"><v>3</v></c></row>\
        <row r=\"3\"><c r=\"B3\" t=\"s\"><v>4</v></c><c r=\"C3\" s=\"1\"><f>SUM(1,2)</f><v>12500</v></c>\
        <c r=\"D3\" s=\"2\"><v>0.15</v></c><c r=\"F3\" s=\"3\"><v>46347</v></c></row>\
        <row r=\"4\"><c r=\"C4\" s=\"1\"><v>9000</v></c><c r=\"D4\" t=\"e\"><v>#N/A</v></c>\
        <c r=\"F4\" t=\"str\"><f>A1&amp;B1</f><v>미정</v></c></row>\
        <row r=\"9\"><c r=\"B9\" t=\"inlineStr\"><is><t>부가세 포함</t></is></c></row></sheetData>\
        <mergeCells><mergeCell ref=\"B3:B4\"/></mergeCells>";
    let hidden = "<sheetData><row><c><v>1</v></c></row></sheetData>";
    let last = "<sheetData><row><c t=\"b\"><v>1</v></c></row></sheetData>";
    let file =
        xlsx(&[("가격표", "", prices), ("내부", "state=\"hidden\"", hidden), ("기타", "", last)], STYLES, STRINGS);
    let document = read("상품.xlsx", file).unwrap();
    assert_eq!((document.title.as_str(), document.pages), ("상품", 3));
    assert_eq!(
        outline(&document),
        [
            "1 가격표|p|2026년 가격",
            "1 가격표|table|| 품목 | 가격 | 할인 | 날짜 |\n|---|---|---|---|\n| 머그컵 | 12,500원 | 15% | 2026-11-21 |\n\
             | 머그컵 | 9,000원 |  | 미정 |",
            "1 가격표|p|부가세 포함",
            "3 기타|p|TRUE",
        ]
    );
}

#[test]
fn a_sheet_with_more_cells_than_allowed_is_refused() {
    let rows: String = (1..=200).map(|row| format!("<row r=\"{row}\"><c><v>1</v></c><c><v>2</v></c></row>")).collect();
    let file = xlsx(&[("a", "", &format!("<sheetData>{rows}</sheetData>"))], "", "");
    let limits = Limits { cells: 300, ..Limits::default() };
    let error = read_within(limits, "a.xlsx", file).unwrap_err();
    assert_eq!(error.to_string(), "\"a.xlsx\" is too large: cells over 300");
}

#[test]
fn cells_far_apart_cost_no_more_than_cells_side_by_side() {
    let sheet = "<sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"XFD1\"><v>2</v></c></row>\
        <row r=\"1048576\"><c r=\"XFD1048576\"><v>3</v></c></row></sheetData><mergeCells><mergeCell ref=\"A1:A1048576\"/></mergeCells>";
    let document = read("a.xlsx", xlsx(&[("값", "", sheet)], "", "")).unwrap();
    assert_eq!(outline(&document), ["1 값|table|| 1 | 2 |\n|---|---|", "1 값|table|| 1 | 3 |\n|---|---|"]);
}

#[test]
fn a_workbook_without_cells_is_empty() {
    assert!(matches!(read("a.xlsx", xlsx(&[("a", "", "<sheetData/>")], "", "")), Err(ReadError::Empty { .. })));
}
