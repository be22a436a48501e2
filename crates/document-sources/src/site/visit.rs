//! One visit to a site: its rules, its front page and its sitemaps.

use std::collections::VecDeque;
use std::time::Duration;

use async_trait::async_trait;
use rag_pipeline::model::{FoundSource, SourceError};
use tokio::time::Instant;
use url::Url;

use super::robots::{self, Robots};
use super::scope::{Scope, Seen, as_source, normal};
use super::{ROBOT, SiteCatalogue, sitemap};
use crate::failure::{not_allowed, permanent, shown, transient_for};
use crate::pace::Turn;
use crate::web::{Hop, Limit, Reply, checked, follow, is_busy, retry_after, target, within_limit};

/// How many redirects of `robots.txt` are followed, as RFC 9309 has it.
const ROBOTS_REDIRECTS: usize = 5;
/// What gzip begins with: sitemaps often come zipped as files, without the header that says so.
const GZIP: &[u8] = &[0x1f, 0x8b];
/// How many addresses are compared with the rules before others get their turn on the thread.
const AT_ONCE: usize = 200;

pub(super) struct Visit<'a> {
    pub(super) catalogue: &'a SiteCatalogue,
    pub(super) scope: Scope,
    pub(super) robots: Robots,
    pub(super) gap: Duration,
    /// `None` when the end is beyond what the clock can tell.
    until: Option<Instant>,
}

/// Waits its turn.
struct Paced<'a> {
    turn: Turn<'a>,
    gap: Duration,
}

#[async_trait]
impl Hop for Paced<'_> {
    async fn before(&mut self, _: &Url) -> Result<(), String> {
        self.turn.next(self.gap).await;
        Ok(())
    }
}

/// Waits its turn, and stays on the site and where robots may go.
struct OnSite<'a> {
    visit: &'a Visit<'a>,
    turn: Turn<'a>,
}

#[async_trait]
impl Hop for OnSite<'_> {
    async fn before(&mut self, url: &Url) -> Result<(), String> {
        self.visit.obstacle(url).map_or(Ok(()), |reason| Err(reason.to_owned()))?;
        self.turn.next(self.visit.gap).await;
        Ok(())
    }
}

impl<'a> Visit<'a> {
    /// Goes to the front page, past redirects to where the site really is, and reads what each host on the way asks of
    /// robots.
    pub(super) async fn enter(
        catalogue: &'a SiteCatalogue,
        root: &Url,
        until: Option<Instant>,
    ) -> Result<(Self, Reply), SourceError> {
        let mut url = root.clone();
        let mut known: Option<(url::Origin, Robots)> = None;
        for _ in 0..=catalogue.options.http.max_redirects {
            let rules = match known.take().filter(|(origin, _)| *origin == url.origin()) {
                Some((_, rules)) => rules,
                None => catalogue.robots(&url).await?,
            };
            if !rules.allows(&url) {
                return Err(not_allowed(root.as_str(), "the site's robots.txt keeps robots out of it"));
            }
            let gap = catalogue.gap(&rules);
            let reply = catalogue.once(&url, gap).await?;
            let Some(target) = target(&reply)? else {
                let reply = checked(reply, &*catalogue.client.clock)?;
                let scope = Scope::below(&reply.url);
                return Ok((Self { catalogue, scope, robots: rules, gap, until }, reply));
            };
            (known, url) = (Some((url.origin(), rules)), target);
        }
        Err(permanent(root.as_str(), "it was redirected too often"))
    }

    /// The pages that the site's sitemaps list, in their order; at most `limit`, and none when there is no sitemap.
    pub(super) async fn sitemaps(&self, limit: usize) -> Vec<FoundSource> {
        let mut waiting: VecDeque<Url> = self.first_sitemaps().into();
        let (mut maps, mut pages, mut found) = (Seen::default(), Seen::default(), Vec::new());
        let mut read = 0;
        while let Some(url) = waiting.pop_front().filter(|_| read < self.catalogue.options.max_sitemaps) {
            if found.len() >= limit || self.is_late() {
                break;
            }
            if !maps.add(&url) {
                continue;
            }
            read += 1;
            match self.sitemap(&url).await {
                Ok(map) => {
                    waiting.extend(map.sitemaps.iter().filter_map(|text| url.join(text).ok()).map(normal));
                    for part in map.pages.chunks(AT_ONCE) {
                        let listed = part.iter().filter_map(|text| url.join(text).ok()).map(normal);
                        let ours = listed.filter(|page| self.obstacle(page).is_none() && pages.add(page));
                        found.extend(ours.filter_map(|page| Some(FoundSource { url: as_source(&page)?, title: None })));
                        if found.len() >= limit || self.is_late() {
                            break;
                        }
                        tokio::task::yield_now().await;
                    }
                }
                Err(error) => tracing::info!(error = %error, "a sitemap is left out"),
            }
        }
        found.truncate(limit);
        found
    }

    fn first_sitemaps(&self) -> Vec<Url> {
        let root = self.scope.root();
        let named = self.robots.sitemaps.iter().filter_map(|text| root.join(text).ok()).map(normal);
        let named: Vec<Url> = named.filter(|url| matches!(url.scheme(), "http" | "https")).collect();
        if named.is_empty() { root.join("/sitemap.xml").into_iter().collect() } else { named }
    }

    async fn sitemap(&self, url: &Url) -> Result<sitemap::Sitemap, SourceError> {
        let catalogue = self.catalogue;
        let limit = Limit::Refuse(catalogue.options.max_sitemap_bytes);
        let mut hop = Paced { turn: catalogue.pace.enter().await, gap: self.gap };
        let work = async {
            let reply = follow(&catalogue.client, url, catalogue.options.http.max_redirects, &mut hop).await?;
            checked(reply, &*catalogue.client.clock)?.bytes(limit).await
        };
        let bytes = catalogue.client.within(url.as_str(), work).await?;
        let plain = if bytes.starts_with(GZIP) { within_limit(url.as_str(), bytes, limit).await? } else { bytes };
        // The largest take about a second: not on a thread that others wait for.
        let read = tokio::task::spawn_blocking(move || sitemap::read(&String::from_utf8_lossy(&plain))).await;
        read.ok().flatten().ok_or_else(|| permanent(url.as_str(), "it is not a sitemap"))
    }

    /// Asks for a page of the site; redirects are followed as long as they stay there.
    pub(super) async fn reply(&self, url: &Url, turn: Turn<'_>) -> Result<Reply, SourceError> {
        let catalogue = self.catalogue;
        let mut hop = OnSite { visit: self, turn };
        let reply = follow(&catalogue.client, url, catalogue.options.http.max_redirects, &mut hop).await?;
        checked(reply, &*catalogue.client.clock)
    }

    /// Why an address is not listed, nor asked for links.
    pub(super) fn obstacle(&self, url: &Url) -> Option<&'static str> {
        if !self.scope.holds(url) {
            Some("it leads away from what is listed")
        } else if !self.robots.allows(url) {
            Some("the site's robots.txt keeps robots out of it")
        } else {
            None
        }
    }

    /// Whether the time for listing is over.
    pub(super) fn is_late(&self) -> bool {
        let late = self.until.is_some_and(|until| Instant::now() >= until);
        if late {
            tracing::warn!(site = %shown(self.scope.root().as_str()), "the time to list a site is over");
        }
        late
    }
}

impl SiteCatalogue {
    fn gap(&self, rules: &Robots) -> Duration {
        rules.delay.unwrap_or_default().min(self.options.max_crawl_delay)
    }

    /// Asks for one address, without following redirects.
    async fn once(&self, url: &Url, gap: Duration) -> Result<Reply, SourceError> {
        let mut turn = self.pace.enter().await;
        turn.next(gap).await;
        self.client.get(url).await
    }

    /// What the host of `url` asks of robots. Nothing, when it says that there is no such file; a host that cannot say
    /// asks to be left alone.
    async fn robots(&self, url: &Url) -> Result<Robots, SourceError> {
        let file = url.join("/robots.txt").map_err(|error| permanent(url.as_str(), error.to_string()))?;
        let mut hop = Paced { turn: self.pace.enter().await, gap: Duration::ZERO };
        let work = async {
            let reply = follow(&self.client, &file, ROBOTS_REDIRECTS, &mut hop).await?;
            if is_busy(reply.status()) {
                let wait = retry_after(reply.headers(), &*self.client.clock);
                let reason = format!("the server answered {} instead of what it asks of robots", reply.status());
                return Err(transient_for(file.as_str(), reason, wait));
            }
            if !reply.status().is_success() {
                return Ok(Robots::default());
            }
            let bytes = reply.bytes(Limit::Cut(robots::MAX_BYTES)).await?;
            Ok(Robots::read(&String::from_utf8_lossy(&bytes), ROBOT))
        };
        self.client.within(file.as_str(), work).await
    }
}
