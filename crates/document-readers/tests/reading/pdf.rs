//! PDFs.

use std::time::{Duration, Instant};

use document_readers::{Limits, Readers};
use rag_pipeline::model::{ReadDocument, ReadError};
use test_support::require;

use crate::support::pdf::{Pdf, at, embedded_at};
use crate::support::{font, outline, poppler, raw};

/// How PDFs are read: by poppler's programs, or by what is built in.
type Way = fn(Readers) -> Readers;

/// Each of these for both ways.
macro_rules! by_both_ways {
    ($($name:ident)*) => {
        mod with_poppler {
            $(#[test]
            fn $name() {
                test_support::require!(super::poppler());
                super::$name(|readers| readers);
            })*
        }
        mod without_poppler {
            $(#[test]
            fn $name() {
                super::$name(document_readers::Readers::without_programs);
            })*
        }
    };
}

by_both_ways! {
    korean_text_of_an_embedded_font_is_read
    korean_text_of_a_predefined_character_map_is_read
    larger_text_is_a_heading_and_lines_are_paragraphs
    what_repeats_on_every_page_is_left_out_and_paragraphs_go_on_across_pages
    words_in_columns_are_a_table_and_text_in_columns_is_not
    pages_that_show_something_without_text_are_scans_and_blank_ones_are_not
    an_encrypted_pdf_is_named_as_such
    a_pdf_that_only_its_owner_may_change_is_read
    a_damaged_pdf_is_refused_with_the_reason
    five_hundred_pages_are_read_in_seconds_and_more_than_allowed_are_refused
}

fn read_in(way: Way, limits: Limits, name: &str, bytes: impl Into<Vec<u8>>) -> Result<ReadDocument, ReadError> {
    way(Readers::new(limits)).read_now(&raw(name, bytes))
}

/// Lines of running text below each other.
fn lines(left: f32, top: f32, all: &[&str]) -> String {
    all.iter().zip(0_u16..).map(|(text, n)| at(left, top + f32::from(n) * 16.0, 10.0, text)).collect()
}

fn one_page(content: &str) -> Vec<u8> {
    let mut pdf = Pdf::korean();
    pdf.page(content);
    pdf.bytes()
}

fn korean_text_of_an_embedded_font_is_read(way: Way) {
    let font = require!(font());
    let text = "무료 배송 기준은 오만 원입니다.";
    let mut pdf = Pdf::default();
    pdf.embed("Nanum", &font, text);
    pdf.title = Some("배송 규정".to_owned());
    pdf.page(&embedded_at(&font, 60.0, 100.0, 11.0, text));
    let document = read_in(way, Limits::default(), "a.pdf", pdf.bytes()).unwrap();
    assert_eq!((document.title.as_str(), document.pages), ("배송 규정", 1));
    assert_eq!(outline(&document), [format!("1 |p|{text}")]);
}

fn korean_text_of_a_predefined_character_map_is_read(way: Way) {
    let document =
        read_in(way, Limits::default(), "규정.pdf", one_page(&lines(60.0, 100.0, &["반품은 7일 안에 신청하세요."])))
            .unwrap();
    assert_eq!(document.title, "규정");
    assert_eq!(outline(&document), ["1 |p|반품은 7일 안에 신청하세요."]);
}

fn larger_text_is_a_heading_and_lines_are_paragraphs(way: Way) {
    let content = [
        at(60.0, 80.0, 20.0, "고객센터 규정"),
        at(60.0, 130.0, 14.0, "1. 배송"),
        lines(60.0, 160.0, &["주문하신 상품은 오후 두 시까지 결제하시면 그날", "출고합니다. 도서 산간은 더 걸립니다."]),
        lines(60.0, 212.0, &["제주는 이틀이 더 걸립니다."]),
        at(60.0, 250.0, 14.0, "2. 반품"),
        lines(60.0, 280.0, &["• 상품을 받은 날부터 일주일", "• 전자 제품은 포장을 열기 전"]),
        lines(60.0, 330.0, &["자세한 것은 고객센터로 물어보세요."]),
    ];
    let document = read_in(way, Limits::default(), "a.pdf", one_page(&content.concat())).unwrap();
    assert_eq!(document.title, "고객센터 규정");
    assert_eq!(
        outline(&document),
        [
            "1 1. 배송|p|주문하신 상품은 오후 두 시까지 결제하시면 그날 출고합니다. 도서 산간은 더 걸립니다.",
            "1 1. 배송|p|제주는 이틀이 더 걸립니다.",
            "1 2. 반품|li|- 상품을 받은 날부터 일주일",
            "1 2. 반품|li|- 전자 제품은 포장을 열기 전",
            "1 2. 반품|p|자세한 것은 고객센터로 물어보세요.",
        ]
    );
}

fn what_repeats_on_every_page_is_left_out_and_paragraphs_go_on_across_pages(way: Way) {
    let mut pdf = Pdf::korean();
    let text = [
        ["첫째 쪽의 글은 여기에서 끝나지 않고 다음 쪽까지", "이어지며 마지막 줄도 가득 차 있습니다 그래서 글은"],
        ["계속 읽힙니다.", ""],
        ["셋째 쪽입니다.", ""],
        ["넷째 쪽입니다.", ""],
    ];
    for (number, text) in (1..).zip(text) {
        let content = [
            at(60.0, 40.0, 9.0, "한빛상점 내부 규정"),
            lines(60.0, 120.0, &text),
            at(280.0, 810.0, 9.0, &format!("- {number} -")),
        ];
        pdf.page(&content.concat());
    }
    let document = read_in(way, Limits::default(), "a.pdf", pdf.bytes()).unwrap();
    assert_eq!(
        outline(&document),
        [
            "1 |p|첫째 쪽의 글은 여기에서 끝나지 않고 다음 쪽까지 이어지며 마지막 줄도 가득 차 있습니다 그래서 글은 계속 읽힙니다.",
            "3 |p|셋째 쪽입니다.",
            "4 |p|넷째 쪽입니다.",
        ]
    );
}

fn words_in_columns_are_a_table_and_text_in_columns_is_not(way: Way) {
    let rows = [
        ["지역", "배송비", "걸리는 날"],
        ["서울", "3,000원", "하루"],
        ["제주", "6,000원", "사흘"],
        ["우도", "9,000원", ""],
    ];
    let mut content = lines(60.0, 100.0, &["지역별 배송비는 아래와 같습니다."]);
    for (row, n) in rows.iter().zip(0_u16..) {
        for (cell, left) in row.iter().zip([60.0, 200.0, 330.0]).filter(|(cell, _)| !cell.is_empty()) {
            content += &at(left, 140.0 + f32::from(n) * 18.0, 10.0, cell);
        }
    }
    content += &lines(60.0, 240.0, &["부가세가 들어 있습니다."]);
    assert_eq!(
        outline(&read_in(way, Limits::default(), "a.pdf", one_page(&content)).unwrap()),
        [
            "1 |p|지역별 배송비는 아래와 같습니다.",
            "1 |table|| 지역 | 배송비 | 걸리는 날 |\n|---|---|---|\n| 서울 | 3,000원 | 하루 |\n| 제주 | 6,000원 | 사흘 |\n| 우도 | 9,000원 |  |",
            "1 |p|부가세가 들어 있습니다.",
        ]
    );
    let left = lines(40.0, 100.0, &["왼쪽 단의 글은 여러 줄에 걸쳐 이어집니다"; 8]);
    let right = lines(320.0, 100.0, &["오른쪽 단의 글도 여러 줄에 걸쳐 있습니다"; 8]);
    let document = read_in(way, Limits::default(), "b.pdf", one_page(&(left + &right))).unwrap();
    assert!(outline(&document).iter().all(|block| block.starts_with("1 |p|")), "{:?}", outline(&document));
    assert!(outline(&document)[0].starts_with("1 |p|왼쪽 단의 글은 여러 줄에 걸쳐 이어집니다 왼쪽"));
}

fn pages_that_show_something_without_text_are_scans_and_blank_ones_are_not(way: Way) {
    let mut pdf = Pdf::korean();
    pdf.page("");
    pdf.image_page(2, 2, &[0, 255, 255, 255]);
    pdf.page(&lines(60.0, 100.0, &["글이 있는 쪽입니다."]));
    pdf.page("0 0 0 rg 100 100 200 50 re f");
    let document = read_in(way, Limits::default(), "a.pdf", pdf.bytes()).unwrap();
    assert_eq!((document.pages, document.scans.as_slice()), (4, &[2, 4][..]));
    assert_eq!(outline(&document), ["3 |p|글이 있는 쪽입니다."]);
}

fn an_encrypted_pdf_is_named_as_such(way: Way) {
    let mut pdf = Pdf::korean();
    pdf.page(&lines(60.0, 100.0, &["비밀"]));
    let hash = "ab".repeat(32);
    pdf.trailer = format!("/Encrypt<</Filter/Standard/V 1/R 2/O<{hash}>/U<{hash}>/P -4>>/ID[<00112233><00112233>]");
    assert_eq!(
        read_in(way, Limits::default(), "비밀.pdf", pdf.bytes()),
        Err(ReadError::Encrypted { name: "비밀.pdf".to_owned() })
    );
}

fn a_pdf_that_only_its_owner_may_change_is_read(way: Way) {
    let mut pdf = Pdf::latin();
    pdf.page("BT /H 12 Tf 60 700 Td (Free shipping) Tj ET");
    pdf.encrypt_for_owner();
    let bytes = pdf.bytes();
    assert!(!bytes.windows(4).any(|window| window == b"Free"));
    assert_eq!(outline(&read_in(way, Limits::default(), "a.pdf", bytes).unwrap()), ["1 |p|Free shipping"]);
}

fn a_damaged_pdf_is_refused_with_the_reason(way: Way) {
    let Err(ReadError::Unreadable { reason, .. }) = read_in(way, Limits::default(), "a.pdf", "%PDF-1.7\nnothing else")
    else {
        panic!("it was read")
    };
    assert!(reason.starts_with("it is damaged: "), "{reason}");
}

fn five_hundred_pages_are_read_in_seconds_and_more_than_allowed_are_refused(way: Way) {
    let mut pdf = Pdf::korean();
    for page in 0..500 {
        let text = format!("{page}번째 쪽에는 무료 배송과 반품과 교환을 설명합니다.");
        pdf.page(&(0..30).map(|n| at(60.0, 100.0 + n as f32 * 16.0, 10.0, &text)).collect::<String>());
    }
    let bytes = pdf.bytes();
    let started = Instant::now();
    let document = read_in(way, Limits::default(), "a.pdf", bytes.clone()).unwrap();
    println!("500 pages took {:?}", started.elapsed());
    assert_eq!(document.pages, 500);
    assert_eq!(document.blocks.last().unwrap().page, Some(500));
    assert!(started.elapsed() < Duration::from_secs(50));
    let error = read_in(way, Limits { pages: 499, ..Limits::default() }, "a.pdf", bytes).unwrap_err();
    assert_eq!(error.to_string(), "\"a.pdf\" is too large: pages over 499");
}
