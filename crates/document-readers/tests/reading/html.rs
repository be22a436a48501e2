//! Pages of HTML.

use encoding_rs::EUC_KR;
use rag_pipeline::model::{RawDocument, ReadError};

use crate::support::{outline, read};

const PAGE: &str = r#"<!doctype html><html lang=ko><head><meta charset=utf-8><title>배송 안내 | 한빛상점</title>
<link rel=canonical href="https://shop.example/help/shipping"><style>p{}</style><script>var a = "<p>x</p>";</script></head>
<body><header><a href=/>한빛상점</a></header><nav><ul><li>홈<li>고객센터</ul></nav>
<div class="cookie-banner">쿠키를 씁니다 <button>동의</button></div>
<main><h1>배송 안내</h1><p>주문은 <b>오후 2시</b>까지<br>당일 출고합니다.
<h2>지역별 배송비</h2><table><caption>2026년</caption><thead><tr><th>지역<th>금액</thead>
<tr><td rowspan=2>제주<td>3,000원<tr><td>산간 5,000원|왕복<tr><td>서울<td></table>
<h2>순서</h2><ol start=3><li>접수<ul><li>앱<li>전화</ul><li>출고</ol><p hidden>숨김</p><pre>a
  b</pre></main><aside>광고</aside><footer>사업자 번호 123</footer></body></html>"#;

#[test]
fn a_page_is_its_content_without_what_is_around_it() {
    let document = read("shipping.html", PAGE).unwrap();
    assert_eq!(document.title, "배송 안내");
    assert_eq!(document.url.as_deref(), Some("https://shop.example/help/shipping"));
    assert_eq!(
        outline(&document),
        [
            "|p|주문은 오후 2시까지\n당일 출고합니다.",
            "지역별 배송비|p|2026년",
            "지역별 배송비|table|| 지역 | 금액 |\n|---|---|\n| 제주 | 3,000원 |\n| 제주 | 산간 5,000원\\|왕복 |\n| 서울 |  |",
            "순서|li|3. 접수\n  - 앱\n  - 전화",
            "순서|li|4. 출고",
            "순서|code|a\n  b",
        ]
    );
}

#[test]
fn a_page_without_a_main_part_is_its_body_without_menus() {
    let page = "<html><title>문의</title><body><div id=gnb>메뉴</div><div class='sub_menu popup'>x</div>\
                <div class=content><p>전화 1588-0000</p><p>평일 9시</p></div><div id=footer>주소</div>";
    let document = read("a.html", page).unwrap();
    assert_eq!(
        (document.title.as_str(), outline(&document)),
        ("문의", vec!["|p|전화 1588-0000".into(), "|p|평일 9시".into()])
    );
}

#[test]
fn a_page_whose_only_text_is_named_like_a_menu_is_read_all_the_same() {
    let document = read("a.html", "<html><body><div class=menu><p>오늘의 메뉴: 비빔밥</p></div>").unwrap();
    assert_eq!(outline(&document), ["|p|오늘의 메뉴: 비빔밥"]);
}

#[test]
fn the_encoding_is_the_one_that_the_page_or_its_server_declares() {
    let page =
        "<html><head><meta http-equiv='Content-Type' content='text/html; charset=euc-kr'></head><p>환불 규정</p>";
    let (bytes, _, _) = EUC_KR.encode(page);
    assert_eq!(outline(&read("a.html", bytes).unwrap()), ["|p|환불 규정"]);
    let (bytes, _, _) = EUC_KR.encode("<p>환불 규정</p>");
    let media_type = Some("text/html; charset=EUC-KR".to_owned());
    let raw = RawDocument { name: "a".to_owned(), media_type, bytes: bytes.into_owned() };
    assert_eq!(outline(&document_readers::Readers::default().read_now(&raw).unwrap()), ["|p|환불 규정"]);
}

#[test]
fn a_page_with_one_stray_byte_is_read() {
    let mut page = format!("<meta charset=utf-8><p>{}</p>", "가나다 ".repeat(200)).into_bytes();
    page.extend(b"\xff");
    assert_eq!(read("a.html", page).unwrap().blocks.len(), 2);
}

#[test]
fn tables_that_only_place_things_are_text() {
    let page =
        "<table><tr><td><h2>제목</h2><p>본문</td><td><table><tr><td>가<td>나<tr><td>1<td>2</table></td></tr></table>";
    assert_eq!(outline(&read("a.html", page).unwrap()), ["|p|본문", "|table|| 가 | 나 |\n|---|---|\n| 1 | 2 |"]);
}

#[test]
fn a_page_without_text_is_empty() {
    assert!(matches!(read("a.html", "<html><body><script>x()</script>"), Err(ReadError::Empty { .. })));
}
