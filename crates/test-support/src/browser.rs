//! A headless Chromium, driven through chromedriver.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::{Map, Value, json};
use tokio::net::TcpStream;

use crate::{
    Unavailable,
    launch::launch,
    locate,
    watchdog::{Server, StopSignal, Watchdog, is_root},
};

const WHAT: &str = "starting chromedriver";
/// What a browser on a shared machine without network or graphics should not try.
const ARGUMENTS: [&str; 14] = [
    "--headless=new",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--password-store=basic",
    "--use-mock-keychain",
    "--lang=ko",
];

/// A running chromedriver. Dropping it ends it and the browsers it has started.
#[derive(Debug)]
pub struct Driver {
    /// Where the `WebDriver` protocol is spoken.
    pub url: String,
    browser: PathBuf,
    as_root: bool,
    profiles: AtomicU32,
    watchdog: Watchdog,
}

/// Starts a chromedriver.
///
/// # Errors
/// [`Unavailable::Missing`] when chromedriver or a Chromium browser is not installed,
/// [`Unavailable::Failed`] when it does not start.
pub async fn driver() -> Result<Driver, Unavailable> {
    let driver = find_driver()?;
    let browser = find_browser()?;
    let as_root = is_root().map_err(|error| Unavailable::failed(WHAT, &error))?;
    let (port, watchdog) = launch(
        WHAT,
        |port| {
            // Chromium on Linux takes its own language from here, not from --lang.
            let server = Server::new("browser", None, StopSignal::Terminate)?.environment("LANGUAGE", "ko");
            let port = OsString::from(format!("--port={port}"));
            server.start([driver.clone().into(), port, "--allowed-ips=127.0.0.1".into()])
        },
        async |port| TcpStream::connect(("127.0.0.1", port)).await.is_ok(),
    )
    .await?;
    Ok(Driver { url: format!("http://127.0.0.1:{port}"), browser, as_root, profiles: AtomicU32::new(0), watchdog })
}

impl Driver {
    /// The W3C capabilities of a browser in Korean with a new, empty profile.
    pub fn capabilities(&self) -> Map<String, Value> {
        let number = self.profiles.fetch_add(1, Ordering::Relaxed);
        let profile = self.watchdog.directory().join(format!("profile-{number}"));
        let mut arguments: Vec<String> = ARGUMENTS.map(str::to_owned).into();
        arguments.push("--window-size=1280,900".to_owned());
        arguments.push(format!("--user-data-dir={}", profile.display()));
        if self.as_root {
            // Chromium's sandbox refuses to work for root.
            arguments.push("--no-sandbox".to_owned());
        }
        let options = json!({
            "binary": self.browser.to_string_lossy(),
            "args": arguments,
            "prefs": { "intl.accept_languages": "ko-KR,ko" },
        });
        Map::from_iter([("browserName".to_owned(), json!("chrome")), ("goog:chromeOptions".to_owned(), options)])
    }

    /// The directory of the driver and its browsers' profiles.
    pub fn directory(&self) -> &Path {
        self.watchdog.directory()
    }
}

fn find_driver() -> Result<PathBuf, Unavailable> {
    let mut places = vec![
        PathBuf::from("/usr/local/bin"),
        PathBuf::from("/usr/lib/chromium"),
        PathBuf::from("/usr/lib/chromium-browser"),
        PathBuf::from("/opt/homebrew/bin"),
    ];
    // Set on the machines of hosted CI services.
    places.extend(env::var_os("CHROMEWEBDRIVER").map(PathBuf::from));
    locate::program(&["chromedriver"], &places).ok_or_else(|| {
        Unavailable::missing("chromedriver", "the package chromium-driver (Debian) or the cask chromedriver (Homebrew)")
    })
}

fn find_browser() -> Result<PathBuf, Unavailable> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "Google Chrome", "Chromium"];
    let mut places = vec![PathBuf::from("/opt/google/chrome")];
    let home = env::var_os("HOME").map(PathBuf::from);
    for root in [Some(PathBuf::from("/")), home].into_iter().flatten() {
        for name in ["Google Chrome", "Chromium"] {
            places.push(root.join(format!("Applications/{name}.app/Contents/MacOS")));
        }
    }
    locate::program(&names, &places).ok_or_else(|| {
        Unavailable::missing("a browser", "the package chromium (Debian) or the cask google-chrome (Homebrew)")
    })
}
