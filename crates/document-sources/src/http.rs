//! Documents of the web.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::Clock;
use rag_pipeline::model::{FetchedDocument, RawDocument, SourceError, SourceUrl};
use rag_pipeline::ports::FileSource;
use url::Url;

use crate::failure::permanent;
use crate::web::{
    AnyHop, Guard, InvalidWebOptions, Limit, NameLookup, NetRules, SystemLookup, WebClient, WebOptions, checked,
    file_name, follow, media_type,
};

/// How documents are fetched from the web.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// How servers are asked.
    pub web: WebOptions,
    /// Which hosts may be asked beyond the public internet; none.
    pub rules: NetRules,
    /// How many redirects are followed; 5.
    pub max_redirects: usize,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { web: WebOptions::default(), rules: NetRules::default(), max_redirects: 5 }
    }
}

/// Fetches `http://` and `https://`.
///
/// Without cookies, proxies or credentials; an address that holds a user or a password is refused. Private addresses,
/// those where clouds answer with credentials and the like are refused unless [`HttpOptions::rules`] opens them; what
/// is checked is what is connected to. A redirect from `https` to `http` is refused.
pub struct HttpSource {
    client: WebClient,
    max_redirects: usize,
}

impl HttpSource {
    /// A source that resolves names as the system does.
    ///
    /// # Errors
    /// [`InvalidWebOptions`] when no client can be made of the options.
    pub fn new(options: &HttpOptions, clock: Arc<dyn Clock>) -> Result<Self, InvalidWebOptions> {
        Self::with_lookup(options, clock, Arc::new(SystemLookup))
    }

    /// A source that resolves names through `lookup`.
    ///
    /// # Errors
    /// [`InvalidWebOptions`] when no client can be made of the options.
    pub fn with_lookup(
        options: &HttpOptions,
        clock: Arc<dyn Clock>,
        lookup: Arc<dyn NameLookup>,
    ) -> Result<Self, InvalidWebOptions> {
        let client = WebClient::new(&options.web, Guard::Rules(options.rules.clone()), lookup, clock)?;
        Ok(Self { client, max_redirects: options.max_redirects })
    }

    async fn get(&self, url: &Url) -> Result<FetchedDocument, SourceError> {
        let reply = follow(&self.client, url, self.max_redirects, &mut AnyHop).await?;
        let reply = checked(reply, &*self.client.clock)?;
        let (name, media_type) = (file_name(reply.headers(), &reply.url), media_type(reply.headers()));
        let bytes = reply.bytes(Limit::Refuse(self.client.limits.max_bytes)).await?;
        Ok(FetchedDocument { raw: RawDocument { name, media_type, bytes }, title: None, url: None })
    }
}

#[async_trait]
impl FileSource for HttpSource {
    fn serves(&self, url: &SourceUrl) -> bool {
        matches!(url.scheme(), "http" | "https")
    }

    async fn fetch(&self, url: &SourceUrl) -> Result<FetchedDocument, SourceError> {
        let parsed = parse(url)?;
        self.client.within(url.as_str(), self.get(&parsed)).await
    }
}

/// Reads an address of the web; its fragment is for browsers.
pub(crate) fn parse(url: &SourceUrl) -> Result<Url, SourceError> {
    let mut parsed = Url::parse(url.as_str())
        .map_err(|error| permanent(url.as_str(), format!("it is not an address of the web ({error})")))?;
    parsed.set_fragment(None);
    Ok(parsed)
}
