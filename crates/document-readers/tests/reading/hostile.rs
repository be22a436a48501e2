//! Files that are made to harm. Everything here is read in the process of the tests: nothing may panic.

use std::io::{Cursor, Write};

use document_readers::{Limits, Readers};
use proptest::prelude::*;
use rag_pipeline::model::ReadError;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::office::{docx, p, package, xlsx, zip};
use crate::support::pdf::{Pdf, at};
use crate::support::{raw, read, read_within};

#[test]
fn a_zip_bomb_is_not_unpacked() {
    let zeros = " ".repeat(64 << 20);
    let bomb = package(None, &[("word/document.xml", &zeros)]);
    assert!(bomb.len() < 200_000, "the bomb has {} bytes", bomb.len());
    let Err(ReadError::TooLarge { what, .. }) = read("a.docx", bomb) else { panic!("it was read") };
    assert_eq!(what, "unpacked bytes");
}

#[test]
fn parts_that_together_unpack_to_too_much_are_refused() {
    let text = p("", &"가나다라 마바사 ".repeat(4_000));
    let limits = Limits { unpacked_bytes: 50_000, ..Limits::default() };
    let Err(ReadError::TooLarge { what, .. }) = read_within(limits, "a.docx", docx(&text, &[])) else {
        panic!("it was read")
    };
    assert_eq!(what, "unpacked bytes");
}

#[test]
fn a_zip_of_very_many_parts_is_refused() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for part in 0..10_001 {
        zip.start_file(format!("{part}"), SimpleFileOptions::default()).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    let error = read("a.docx", bytes).unwrap_err();
    assert_eq!(error.to_string(), "\"a.docx\" is too large: parts over 10000");
}

#[test]
fn a_zip_whose_entries_share_bytes_is_refused() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for part in ["a.xml", "b.xml"] {
        zip.start_file(part, SimpleFileOptions::default()).unwrap();
        zip.write_all(&[b'x'; 100]).unwrap();
    }
    let mut bytes = zip.finish().unwrap().into_inner();
    // The second entry of the directory at the end is made to point at the first part.
    let entries: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..].starts_with(b"PK\x01\x02")).collect();
    bytes[entries[1] + 42..entries[1] + 46].copy_from_slice(&[0; 4]);
    let Err(ReadError::Unreadable { reason, .. }) = read("a.docx", bytes) else { panic!("it was read") };
    assert_eq!(reason, "its zip is made to unpack the same bytes many times");
}

#[test]
fn entities_of_a_document_are_not_expanded() {
    let mut bomb = String::from("<!DOCTYPE a [<!ENTITY a \"ha\">");
    for (name, before) in ('b'..='z').zip('a'..='y') {
        bomb += &format!("<!ENTITY {name} \"{}\">", format!("&{before};").repeat(10));
    }
    bomb += "]><w:document xmlns:w=\"w\"><w:body><w:p><w:r><w:t>&z;</w:t></w:r></w:p></w:body></w:document>";
    let Err(ReadError::Unreadable { reason, .. }) = read("a.docx", package(None, &[("word/document.xml", &bomb)]))
    else {
        panic!("it was read")
    };
    assert!(reason.contains("declares a document type"), "{reason}");
    let undeclared = docx("<w:p><w:r><w:t>&file;</w:t></w:r></w:p>", &[]);
    let Err(ReadError::Unreadable { reason, .. }) = read("a.docx", undeclared) else { panic!("it was read") };
    assert!(reason.contains("nothing declares &file;"), "{reason}");
}

#[test]
fn elements_nested_too_deep_are_refused() {
    let deep = format!("{}{}", "<w:sdt>".repeat(100_000), "</w:sdt>".repeat(100_000));
    let error = read("a.docx", docx(&deep, &[])).unwrap_err();
    assert_eq!(error.to_string(), "\"a.docx\" is too large: levels of elements over 256");
    let error = read("a.html", format!("<html>{}x", "<div>".repeat(100_000))).unwrap_err();
    assert_eq!(error.to_string(), "\"a.html\" is too large: levels of elements over 256");
}

#[test]
fn text_over_the_limit_is_refused_in_every_format() {
    let limits = Limits { characters: 1_000, ..Limits::default() };
    let text = "가나다라마바사아자차 ".repeat(200);
    let rows: String = (0..200).map(|_| "<row><c t=\"inlineStr\"><is><t>가나다라마바사아</t></is></c></row>").collect();
    let files: [(&str, Vec<u8>); 6] = [
        ("a.txt", text.clone().into()),
        ("a.md", text.clone().into()),
        ("a.html", format!("<html><p>{text}").into()),
        ("a.csv", text.clone().into()),
        ("a.docx", docx(&p("", &text), &[])),
        ("a.xlsx", xlsx(&[("a", "", &format!("<sheetData>{rows}</sheetData>"))], "", "")),
    ];
    for (name, bytes) in files {
        let Err(ReadError::TooLarge { what, .. }) = read_within(limits, name, bytes) else { panic!("{name} was read") };
        assert_eq!(what, "characters", "{name}");
    }
}

#[test]
fn no_time_is_no_document() {
    let limits = Limits { seconds: 0, ..Limits::default() };
    assert_eq!(
        read_within(limits, "a.docx", docx(&p("", "글"), &[])),
        Err(ReadError::TimedOut { name: "a.docx".to_owned(), seconds: 0 })
    );
}

const ENDINGS: [&str; 12] = ["txt", "md", "html", "csv", "tsv", "docx", "pptx", "xlsx", "doc", "png", "exe", ""];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_under_any_name_are_read_or_refused(bytes in any::<Vec<u8>>(), ending in 0..ENDINGS.len()) {
        check(ENDINGS[ending], bytes)?;
    }

    #[test]
    fn any_text_under_any_name_is_read_or_refused(text in "([<>/a-z&;=\"' \\-|#*0-9가-힣\n\t,]|<(table|tr|td|ul|li|p|b|h2)>){0,80}", ending in 0..ENDINGS.len()) {
        check(ENDINGS[ending], text.into_bytes())?;
    }

    #[test]
    fn documents_with_any_byte_changed_are_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = docx(&p("", "글"), &[]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        check("docx", bytes)?;
    }

    #[test]
    fn a_pdf_with_any_bytes_changed_is_read_or_refused(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut pdf = Pdf::korean();
        pdf.page(&at(60.0, 100.0, 10.0, "반품은 7일 안에"));
        let mut bytes = pdf.bytes();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(document) = Readers::default().without_programs().read_now(&raw("a.pdf", bytes)) {
            prop_assert!(!document.blocks.is_empty() || !document.scans.is_empty());
        }
    }

    #[test]
    fn any_xml_as_a_part_is_read_or_refused(xml in "(<(w:p|w:tbl|w:tr|w:tc|sheetData|row|c r=\"[A-Z]{1,4}[0-9]{1,8}\"|v|a:p|p:sp)>|</(w:p|w:tbl|row|c)>|[0-9a-z가-힣]){0,40}") {
        check("docx", docx(&xml, &[]))?;
        check("xlsx", xlsx(&[("a", "", &xml)], &xml, &xml))?;
        check("xlsx", zip(&[("xl/workbook.xml", &xml)]))?;
    }
}

fn check(ending: &str, bytes: Vec<u8>) -> Result<(), TestCaseError> {
    if let Ok(document) = read(&format!("a.{ending}"), bytes) {
        prop_assert!(!document.blocks.is_empty() || !document.scans.is_empty());
        prop_assert!(document.blocks.iter().all(|block| !block.text.trim().is_empty()));
        prop_assert!(!document.title.is_empty());
    }
    Ok(())
}
