//! The page's hooks, and what one does with them.

use std::{fs, time::Duration};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use test_support::{browser::Driver, wait::wait_for};

use crate::support::workspace;

const LIMIT: Duration = Duration::from_secs(20);

pub(super) struct Page {
    browser: Client,
}

impl Page {
    pub(super) async fn open(driver: &Driver, base: &str) -> Self {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let browser = builder.capabilities(driver.capabilities()).connect(&driver.url).await.unwrap();
        browser.goto(&format!("{base}/")).await.unwrap();
        let page = Self { browser };
        page.element("[data-testid=composer]").await;
        page
    }

    pub(super) async fn close(self) {
        self.browser.close().await.unwrap();
    }

    pub(super) async fn reload(&self) {
        self.browser.refresh().await.unwrap();
        self.element("[data-testid=composer]").await;
    }

    /// A screen of 390 by 844 points, which a desktop window cannot be made to have.
    pub(super) async fn become_a_phone(&self, driver: &Driver) {
        let screen = json!({"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true});
        self.command(driver, "Emulation.setDeviceMetricsOverride", &screen).await;
        self.until("the page is narrow", "return innerWidth === 390").await;
    }

    /// Stops the page as a browser stops a tab that is out of sight, or lets it go on.
    pub(super) async fn freeze(&self, driver: &Driver, frozen: bool) {
        let state = if frozen { "frozen" } else { "active" };
        self.command(driver, "Page.setWebLifecycleState", &json!({"state": state})).await;
    }

    async fn command(&self, driver: &Driver, command: &str, parameters: &Value) {
        let session = self.browser.session_id().await.unwrap().unwrap();
        let command = json!({"cmd": command, "params": parameters});
        let address = format!("{}/session/{session}/goog/cdp/execute", driver.url);
        let answer = crate::support::http::client().post(address).json(&command).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    pub(super) async fn evaluate(&self, script: &str) -> Value {
        self.browser.execute(script, Vec::new()).await.unwrap()
    }

    /// Waits until a script gives `true`.
    pub(super) async fn until(&self, what: &str, script: &str) {
        let held = wait_for(LIMIT, async || (self.evaluate(script).await == true).then_some(())).await;
        if held.is_err() {
            self.screenshot("failure").await;
            panic!("{what}: not so after {LIMIT:?}");
        }
    }

    async fn element(&self, selector: &str) -> Element {
        self.browser.wait().at_most(LIMIT).for_element(Locator::Css(selector)).await.unwrap()
    }

    pub(super) async fn text(&self, selector: &str) -> String {
        self.element(selector).await.text().await.unwrap()
    }

    pub(super) async fn count(&self, hook: &str) -> usize {
        self.browser.find_all(Locator::Css(&format!("[data-testid={hook}]"))).await.unwrap().len()
    }

    pub(super) async fn click(&self, selector: &str) {
        self.element(selector).await.click().await.unwrap();
    }

    pub(super) async fn click_first(&self, hook: &str) {
        self.click(&format!("[data-testid={hook}]")).await;
    }

    pub(super) async fn ask_with_enter(&self, question: &str) {
        self.element("[data-testid=composer]").await.send_keys(&format!("{question}\u{E007}")).await.unwrap();
    }

    pub(super) async fn ask_with_button(&self, question: &str) {
        self.element("[data-testid=composer]").await.send_keys(question).await.unwrap();
        self.click_first("send").await;
    }

    /// The text of the answer that ends the given number of questions and answers, once it is whole.
    pub(super) async fn last_answer(&self, turns: usize) -> String {
        let roles = ["user", "assistant"].repeat(turns).concat();
        let script = format!(
            "const all = [...document.querySelectorAll('[data-testid=message]')];
             return all.map((message) => message.dataset.role).join('') === '{roles}'
                 && all.every((message) => message.dataset.status === 'complete')
                 && document.querySelector('[data-testid=send]').ariaBusy !== 'true'"
        );
        self.until(&format!("{turns} questions are answered"), &script).await;
        let last = "return [...document.querySelectorAll('[data-testid=message] .answer')].at(-1).innerText";
        self.evaluate(last).await.as_str().unwrap().to_owned()
    }

    /// Waits until an answer has begun to be written, and is not whole.
    pub(super) async fn until_it_streams(&self) {
        let script = "const last = [...document.querySelectorAll('[data-testid=message]')].at(-1);
             return last?.dataset.status === 'streaming' && last.querySelector('.status-line').innerText !== ''";
        self.until("an answer is streamed", script).await;
    }

    /// The user that the page takes itself for.
    pub(super) async fn user(&self) -> String {
        let user = self.evaluate("return localStorage.getItem('iyagi.user')").await;
        user.as_str().unwrap().trim_matches('"').to_owned()
    }

    /// The id of the open conversation, out of the address.
    pub(super) async fn session(&self) -> String {
        self.until("a conversation is open", "return location.hash.startsWith('#s=')").await;
        let address = self.browser.current_url().await.unwrap();
        address.fragment().unwrap().strip_prefix("s=").unwrap().to_owned()
    }

    pub(super) async fn screenshot(&self, name: &str) {
        let directory = workspace().join("tests/artifacts");
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(format!("{name}.png")), self.browser.screenshot().await.unwrap()).unwrap();
    }
}
