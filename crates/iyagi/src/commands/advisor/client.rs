use std::time::Duration;

use anyhow::{Context, bail, ensure};
use http::header::{ACCEPT, ACCEPT_LANGUAGE};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::locale::Locale;

/// Measuring takes half a second.
const LIMIT: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// The JSON of a successful answer.
pub(super) async fn get(url: &str, locale: Locale) -> anyhow::Result<Value> {
    ensure!(url.starts_with("http://"), "{url}: the server itself is asked, so the address begins with http://");
    let asked = tokio::time::timeout(LIMIT, ask(url, locale)).await;
    let (status, body) = asked.with_context(|| format!("{url} does not answer in time"))??;
    let answer: Option<Value> = serde_json::from_slice(&body).ok();
    match (status, answer) {
        (StatusCode::OK, Some(answer)) => Ok(answer),
        (StatusCode::NOT_FOUND, _) => bail!("{url} is not there; is that an Iyagi server of this version?"),
        (status, answer) => {
            let said = answer.as_ref().and_then(|answer| answer["error"].as_str());
            bail!("{url} answers {status}: {}", said.unwrap_or("no Iyagi server says that"))
        }
    }
}

async fn ask(url: &str, locale: Locale) -> anyhow::Result<(StatusCode, Vec<u8>)> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::get(url)
        .header(ACCEPT, "application/json")
        .header(ACCEPT_LANGUAGE, locale.tag())
        .body(Empty::<&[u8]>::new())
        .with_context(|| format!("{url} is no address"))?;
    let response = client.request(request).await.with_context(|| {
        format!("no server answers at {url}: is it running? Start it with `iyagi serve`, or say where it is with --url")
    })?;
    let status = response.status();
    let body = Limited::new(response.into_body(), LONGEST).collect().await;
    let body = body.map_err(|error| anyhow::anyhow!(error)).context("the answer broke off")?;
    Ok((status, body.to_bytes().to_vec()))
}
