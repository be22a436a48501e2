//! Redirects, followed by hand: each is checked before it is asked.

use rag_pipeline::model::SourceError;
use reqwest::header::LOCATION;
use url::Url;

use super::client::{Reply, WebClient};
use crate::failure::{not_allowed, permanent, shown};

/// Who is asked before each request: the address as it would be sent, and why it must not be, if so.
#[async_trait::async_trait]
pub(crate) trait Hop: Send + Sync {
    /// Called before `url` is asked; waits its turn, where there are turns.
    async fn before(&mut self, url: &Url) -> Result<(), String>;
}

/// Anything may be asked at once; the guard of the client still checks it.
pub(crate) struct AnyHop;

#[async_trait::async_trait]
impl Hop for AnyHop {
    async fn before(&mut self, _: &Url) -> Result<(), String> {
        Ok(())
    }
}

/// Asks `start` and follows at most `most` redirects. The reply holds the address that answered.
pub(crate) async fn follow(
    client: &WebClient,
    start: &Url,
    most: usize,
    hop: &mut dyn Hop,
) -> Result<Reply, SourceError> {
    let mut url = start.clone();
    for _ in 0..=most {
        hop.before(&url).await.map_err(|reason| not_allowed(start.as_str(), by_redirect(start, &url, reason)))?;
        let reply = client.get(&url).await.map_err(|error| blamed_on(start, &url, error))?;
        match target(&reply)? {
            Some(target) => url = target,
            None => return Ok(reply),
        }
    }
    Err(permanent(start.as_str(), format!("it was redirected more than {most} times")))
}

/// Where a reply redirects to, if it does.
pub(crate) fn target(reply: &Reply) -> Result<Option<Url>, SourceError> {
    if !matches!(reply.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let from = &reply.url;
    let location = reply.headers().get(LOCATION).and_then(|location| std::str::from_utf8(location.as_bytes()).ok());
    let target = location.and_then(|location| from.join(location).ok());
    let Some(mut target) = target else {
        return Err(permanent(from.as_str(), "it redirects without saying where to"));
    };
    if from.scheme() == "https" && target.scheme() == "http" {
        return Err(not_allowed(
            from.as_str(),
            format!("it redirects to {} without encryption", shown(target.as_str())),
        ));
    }
    target.set_fragment(None);
    Ok(Some(target))
}

/// A refusal names the address that was asked for; the one it was redirected to stands in the reason.
fn blamed_on(start: &Url, url: &Url, error: SourceError) -> SourceError {
    match error {
        SourceError::NotAllowed { reason, .. } => not_allowed(start.as_str(), by_redirect(start, url, reason)),
        error => error,
    }
}

fn by_redirect(start: &Url, url: &Url, reason: String) -> String {
    if start == url { reason } else { format!("it redirects to {}: {reason}", shown(url.as_str())) }
}
