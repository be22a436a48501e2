//! Plain text, Markdown, and values parted by commas.

use encoding_rs::EUC_KR;
use rag_pipeline::model::ReadError;

use crate::support::{outline, raw, read};

#[test]
fn text_in_the_encoding_of_korean_windows_is_read() {
    let (bytes, _, _) = EUC_KR.encode("배송 안내\r\n\r\n똠방각하는 뷁스럽다.");
    let document = read("안내.txt", bytes).unwrap();
    assert_eq!(document.title, "안내");
    assert_eq!(outline(&document), ["|p|배송 안내", "|p|똠방각하는 뷁스럽다."]);
}

#[test]
fn text_with_a_mark_of_its_byte_order_is_read() {
    let wide: Vec<u8> = "\u{feff}제주 3,000원".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(outline(&read("a.txt", wide).unwrap()), ["|p|제주 3,000원"]);
}

#[test]
fn values_of_korean_excel_are_a_table() {
    let (bytes, _, _) = EUC_KR.encode("지역,배송비,메모\r\n제주,\"3,000원\",\"섬|산간\"\r\n서울,무료\r\n");
    let document = read("배송비.csv", bytes).unwrap();
    assert_eq!(document.title, "배송비");
    assert_eq!(
        outline(&document),
        ["|table|| 지역 | 배송비 | 메모 |\n|---|---|---|\n| 제주 | 3,000원 | 섬\\|산간 |\n| 서울 | 무료 |  |"]
    );
}

#[test]
fn values_parted_by_tabs_are_a_table() {
    let document = read("a.tsv", "이름\t값\n가, 나\t1\n").unwrap();
    assert_eq!(outline(&document), ["|table|| 이름 | 값 |\n|---|---|\n| 가, 나 | 1 |"]);
}

#[test]
fn markdown_in_an_old_encoding_is_read_too() {
    let (bytes, _, _) = EUC_KR.encode("# 반품\n\n## 기간\n\n7일 안에");
    assert_eq!(outline(&read("a.md", bytes).unwrap()), ["기간|p|7일 안에"]);
}

#[test]
fn documents_of_before_2007_and_of_other_programs_are_refused_with_advice() {
    let compound = |stream: &str| {
        let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        bytes.resize(512, 0);
        bytes.extend(stream.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    };
    let cases = [
        ("a.doc", compound("WordDocument"), "it is a Word document of before 2007 (.doc); save it as DOCX"),
        ("a.xls", compound("Workbook"), "it is an Excel file of before 2007 (.xls); save it as XLSX"),
        ("a.hwp", compound("HwpSummaryInformation"), "it is a HWP document; save it as PDF or DOCX"),
        ("a.rtf", b"{\\rtf1 a}".to_vec(), "it is an RTF document; save it as DOCX or PDF"),
    ];
    for (name, bytes, expected) in cases {
        let Err(ReadError::Unreadable { reason, .. }) = read(name, bytes) else { panic!("{name} was read") };
        assert_eq!(reason, expected);
    }
    let encrypted = read("a.docx", compound("EncryptedPackage"));
    assert_eq!(encrypted, Err(ReadError::Encrypted { name: "a.docx".to_owned() }));
}

#[test]
fn an_image_is_a_scan_of_one_page() {
    for bytes in [&b"\x89PNG\r\n\x1a\n..."[..], b"\xff\xd8\xff\xe0", b"GIF89a", b"II*\0", b"RIFF1234WEBP"] {
        let document = read("영수증.png", bytes).unwrap();
        assert_eq!((document.title.as_str(), document.pages, document.scans.as_slice()), ("영수증", 1, &[1][..]));
        assert!(document.blocks.is_empty());
    }
}

#[test]
fn whether_a_file_is_taken_can_be_asked_without_reading_it() {
    let readers = document_readers::Readers::default();
    for name in ["a.txt", "a.MD", "a.htm", "a.csv", "a.tsv", "a.pdf", "a.docx", "a.pptx", "a.xlsx", "a.png", "a.tiff"] {
        assert!(readers.takes(&raw(name, "x")), "{name}");
    }
    assert!(!readers.takes(&raw("a.zipx", "x")));
}
