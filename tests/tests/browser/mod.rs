//! The chat page in a real browser. Screenshots go to `tests/artifacts`.

mod page;

use std::time::Duration;

use serde_json::json;
use test_support::wait::{wait_for, wait_until};
use test_support::{browser, require, sql};

use crate::support::{Proxy, Server, markers};
use page::Page;

const QUILT: &str = "구름결 차렵이불 가격 알려주세요";
const REFUND: &str = "그거 환불은 어떻게 해요?";
const DRAWER_IS_CLOSED: &str = "return document.querySelector('#sidebar').getBoundingClientRect().right <= 0";
const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_customer_asks_reads_the_sources_rates_follows_up_and_comes_back() {
    let driver = require!(browser::driver().await);
    let server = Server::start().await;
    let page = Page::open(&driver, server.base()).await;
    page.screenshot("1-welcome").await;

    page.ask_with_enter(QUILT).await;
    let answer = page.last_answer(1).await;
    assert!(answer.contains("99,000원"), "{answer}");
    assert_eq!(page.count("status-line").await, 1);
    page.screenshot("2-answer").await;

    page.click_first("citation").await;
    assert_eq!(page.evaluate("return document.querySelector('[data-testid=source]').open").await, true);
    let source = page.text("[data-testid=source]").await;
    assert!(source.contains("구름결 차렵이불") && source.chars().count() > 40, "{source}");
    page.screenshot("3-sources").await;

    page.click_first("feedback-up").await;
    page.until(
        "the thumb is pressed",
        "return document.querySelector('[data-testid=feedback-up]').ariaPressed === 'true'",
    )
    .await;
    let session = page.session().await;
    let user = page.user().await;
    let api = server.api();
    let saved = async || api.messages(&user, &session).await[1]["feedback"] == json!({"thumbs": "up"});
    assert_eq!(wait_until(LIMIT, saved).await, Ok(()));

    page.ask_with_button(REFUND).await;
    let answer = page.last_answer(2).await;
    let about =
        "return [...document.querySelectorAll('[data-testid=message]')].at(-1).innerText.includes('구름결 차렵이불')";
    assert_eq!(page.evaluate(about).await, true, "{answer}");
    page.screenshot("4-follow-up").await;

    page.reload().await;
    assert_eq!(page.last_answer(2).await, answer);
    let pressed = "return document.querySelector('[data-testid=feedback-up]').ariaPressed === 'true'";
    page.until("the thumb is still pressed", pressed).await;
    assert_eq!(page.session().await, session);

    page.click_first("new-session").await;
    page.until("the page is empty", "return document.querySelectorAll('[data-testid=message]').length === 0").await;
    page.ask_with_enter("제주도는 배송비가 얼마예요?").await;
    page.last_answer(1).await;
    page.until("both are listed", "return document.querySelectorAll('[data-testid=session-item]').length === 2").await;
    page.screenshot("5-two-sessions").await;
    assert_ne!(page.session().await, session);

    page.click(&format!("[data-testid=session-item][data-session='{session}']")).await;
    assert_eq!(page.last_answer(2).await, answer);
    assert_eq!(page.evaluate("return document.querySelector('[data-testid=error]').hidden").await, true);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_page_fits_a_phone_and_keeps_the_conversations_in_a_drawer() {
    let driver = require!(browser::driver().await);
    let server = Server::start().await;
    let page = Page::open(&driver, server.base()).await;
    page.become_a_phone(&driver).await;
    page.until("the drawer is out of sight", DRAWER_IS_CLOSED).await;
    page.screenshot("6-phone-welcome").await;
    page.ask_with_button("제주도는 배송비가 얼마예요?").await;
    page.last_answer(1).await;
    page.screenshot("7-phone-answer").await;
    assert_eq!(page.evaluate("return document.documentElement.scrollWidth <= innerWidth").await, true);

    page.click_first("drawer-toggle").await;
    let in_view = "const box = document.querySelector('[data-testid=session-item]').getBoundingClientRect();
                   return box.left >= 0 && box.right <= innerWidth && box.width > 100";
    page.until("the drawer is open", in_view).await;
    page.screenshot("8-phone-drawer").await;
    page.click_first("session-item").await;
    page.until("the drawer is closed", DRAWER_IS_CLOSED).await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_page_speaks_english_and_goes_dark_when_told_to_and_remembers() {
    let driver = require!(browser::driver().await);
    let server = Server::start().await;
    let page = Page::open(&driver, server.base()).await;
    assert_eq!(page.evaluate("return document.documentElement.lang").await, "ko");
    page.click_first("lang-toggle").await;
    page.click_first("theme-toggle").await;
    for _ in 0..2 {
        assert_eq!(page.evaluate("return document.documentElement.lang").await, "en");
        assert_eq!(page.text("[data-testid=new-session]").await, "New conversation");
        page.reload().await;
    }
    page.ask_with_enter("제주도는 배송비가 얼마예요?").await;
    let answer = page.last_answer(1).await;
    assert!(markers(&answer).is_empty(), "markers are buttons, not text: {answer}");
    page.screenshot("9-english-dark").await;
    page.close().await;
}

/// Asks with only the beginning of the answer coming through, and waits until it is stored; gives the session.
async fn ask_over_a_bad_line(page: &Page, proxy: &Proxy, server: &Server) -> String {
    proxy.hold_streams();
    page.ask_with_enter(QUILT).await;
    page.until_it_streams().await;
    let (api, user, session) = (server.api(), page.user().await, page.session().await);
    let stored = wait_for(LIMIT, async || Some(api.messages(&user, &session).await.get(1)?["id"].clone())).await;
    assert!(stored.is_ok(), "the turn goes on without its reader");
    page.until_it_streams().await;
    session
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_goes_on_by_itself_after_the_network_was_lost() {
    let driver = require!(browser::driver().await);
    let server = Server::start().await;
    let proxy = Proxy::to(server.base()).await;
    let page = Page::open(&driver, proxy.base()).await;
    let session = ask_over_a_bad_line(&page, &proxy, &server).await;
    proxy.cut();
    let answer = page.last_answer(1).await;
    assert!(answer.contains("99,000원"), "{answer}");
    assert_eq!(page.session().await, session);
    assert_eq!(server.api().messages(&page.user().await, &session).await.len(), 2, "nothing was asked twice");
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_goes_on_by_itself_when_a_hidden_tab_comes_back() {
    let driver = require!(browser::driver().await);
    let server = Server::start().await;
    let proxy = Proxy::to(server.base()).await;
    let page = Page::open(&driver, proxy.base()).await;
    let session = ask_over_a_bad_line(&page, &proxy, &server).await;
    page.freeze(&driver, true).await;
    proxy.cut();
    page.freeze(&driver, false).await;
    assert!(page.last_answer(1).await.contains("99,000원"));
    assert_eq!(page.session().await, session);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_still_being_made_goes_on_after_a_reload() {
    let driver = require!(browser::driver().await);
    let server = Server::start_with(&[("IYAGI__CHAT__MAX_MESSAGE_CHARS", "100000")]).await;
    let page = Page::open(&driver, server.base()).await;
    page.ask_with_enter(QUILT).await;
    page.last_answer(1).await;
    let (user, session) = (page.user().await, page.session().await);
    let long: String = "구름결 이불 가격 세탁 사이즈 배송 반품 ".chars().cycle().take(60_000).collect();
    let asked = json!({"message": long, "userId": user, "sessionId": session});
    let mut elsewhere = server.api().stream(&asked).await;
    elsewhere.until("session").await;
    // Nobody can write: however fast the machine is, the answer is not done before the page is back.
    let database = format!("sqlite://{}", server.data().join("iyagi.db").display());
    let held = sql::hold(&database, "BEGIN IMMEDIATE").await.unwrap();
    page.reload().await;
    page.until_it_streams().await;
    held.release().await.unwrap();
    page.last_answer(2).await;
    assert_eq!(server.api().messages(&user, &session).await.len(), 4, "nothing was asked twice");
    page.close().await;
}
