//! The browser: headless, Korean, with an empty profile, gone with its driver.

use std::{fs, net::TcpListener, time::Duration};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use test_support::{
    browser::{self, Driver},
    require,
    wait::wait_until_blocking,
};

async fn open(driver: &Driver) -> Client {
    ClientBuilder::new(HttpConnector::new()).capabilities(driver.capabilities()).connect(&driver.url).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_page_sees_a_korean_visitor() {
    let driver = require!(browser::driver().await);
    let browser = open(&driver).await;
    browser.goto("data:text/html;charset=utf-8,<p>배송은 언제 오나요?</p>").await.unwrap();
    let paragraph = browser.find(Locator::Css("p")).await.unwrap();
    assert_eq!(paragraph.text().await.unwrap(), "배송은 언제 오나요?");
    let languages = browser.execute("return navigator.languages.join()", Vec::new()).await.unwrap();
    assert_eq!(languages, "ko-KR,ko");
    browser.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_browser_has_a_profile_of_its_own() {
    let driver = require!(browser::driver().await);
    let one = driver.capabilities();
    let other = driver.capabilities();
    assert_ne!(one, other);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_open_browser_ends_with_its_driver() {
    let driver = require!(browser::driver().await);
    let browser = open(&driver).await;
    let directory = driver.directory().to_owned();
    // Chromium says here where it listens for its driver.
    let port_file = directory.join("profile-0/DevToolsActivePort");
    let debugger_port = fs::read_to_string(port_file).unwrap();
    let debugger_port: u16 = debugger_port.lines().next().unwrap().parse().unwrap();
    let debugger_is_gone = || TcpListener::bind(("127.0.0.1", debugger_port)).is_ok();
    assert!(!debugger_is_gone());

    drop(driver);
    assert!(!directory.exists());
    assert_eq!(wait_until_blocking(Duration::from_secs(10), debugger_is_gone), Ok(()));
    drop(browser);
}
