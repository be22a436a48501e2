//! Objects of S3, and of what speaks like it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::Clock;
use rag_pipeline::model::{FetchedDocument, RawDocument, SourceError, SourceUrl};
use rag_pipeline::ports::FileSource;
use rusty_s3::actions::{GetObject, S3Action};
use rusty_s3::{Bucket, Credentials, UrlStyle};
use url::Url;

use crate::failure::{not_allowed, permanent};
use crate::secret::Secret;
use crate::web::{
    Guard, InvalidWebOptions, Limit, Reply, SystemLookup, WebClient, WebOptions, checked, file_name, media_type,
};

/// How long a signature counts: a request is sent at once, clocks may differ.
const SIGNATURE_LIFE: Duration = Duration::from_mins(5);

/// The keys that requests are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Keys {
    /// The access key's id.
    pub id: String,
    /// The secret access key.
    pub secret: Secret,
    /// The token that temporary keys come with.
    pub token: Option<Secret>,
}

/// Where objects are and how they are fetched.
#[derive(Debug, Clone)]
pub struct S3Options {
    /// How the server is asked.
    pub web: WebOptions,
    /// The server's address; `https://s3.<region>.amazonaws.com` unless it is told. It may be a private one.
    pub endpoint: Option<String>,
    /// The region; `us-east-1`, which `MinIO` is content with.
    pub region: String,
    /// Whether the bucket stands in the path rather than in the host, as `MinIO` has it; off.
    pub path_style: bool,
    /// Keys; without them requests are not signed, and only public objects are found.
    pub keys: Option<S3Keys>,
    /// The buckets that may be read; empty means all that the keys may read.
    pub buckets: Vec<String>,
}

impl Default for S3Options {
    fn default() -> Self {
        Self {
            web: WebOptions::default(),
            endpoint: None,
            region: "us-east-1".to_owned(),
            path_style: false,
            keys: None,
            buckets: Vec::new(),
        }
    }
}

/// Options that no S3 source can be made of.
#[derive(Debug, thiserror::Error)]
pub enum InvalidS3Options {
    /// The endpoint is not an address.
    #[error("the S3 endpoint is not understood ({0}); write it as https://host or http://host:9000")]
    Endpoint(String),
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Web(#[from] InvalidWebOptions),
}

/// Fetches `s3://bucket/key`.
pub struct S3Source {
    client: WebClient,
    endpoint: Url,
    region: String,
    style: UrlStyle,
    credentials: Option<Credentials>,
    buckets: Vec<String>,
}

impl S3Source {
    /// A source of the objects at `options.endpoint`.
    ///
    /// # Errors
    /// [`InvalidS3Options`] when the endpoint is no address of the web, or no client can be made.
    pub fn new(options: &S3Options, clock: Arc<dyn Clock>) -> Result<Self, InvalidS3Options> {
        let client = WebClient::new(&options.web, Guard::Open, Arc::new(SystemLookup), clock)?;
        Ok(Self {
            client,
            endpoint: endpoint(options)?,
            region: options.region.clone(),
            style: if options.path_style { UrlStyle::Path } else { UrlStyle::VirtualHost },
            credentials: options.keys.as_ref().map(credentials),
            buckets: options.buckets.clone(),
        })
    }

    /// The address of the object, signed as query (AWS Signature Version 4) for a few minutes.
    fn signed(&self, url: &str, bucket: &str, key: &str) -> Result<Url, SourceError> {
        let made = Bucket::new(self.endpoint.clone(), self.style, bucket.to_owned(), self.region.clone());
        let bucket = made.map_err(|_| permanent(url, "its bucket cannot be part of a host; path style would help"))?;
        let now = jiff::Timestamp::from_microsecond(self.client.clock.now().unix_micros());
        let now = now.map_err(|_| permanent(url, "the clock of this machine stands outside the calendar"))?;
        Ok(GetObject::new(&bucket, self.credentials.as_ref(), key).sign_with_time(SIGNATURE_LIFE, &now))
    }

    async fn get(&self, url: &str, key: &str, signed: &Url) -> Result<FetchedDocument, SourceError> {
        let reply = self.client.get(signed).await.map_err(|error| renamed(url, error))?;
        let reply = understood(url, reply, &*self.client.clock)?;
        let name = file_name(reply.headers(), &named_after(key, signed));
        let media_type = media_type(reply.headers()).filter(|told| !says_nothing(told));
        let bytes = reply.bytes(Limit::Refuse(self.client.limits.max_bytes)).await.map_err(|e| renamed(url, e))?;
        Ok(FetchedDocument { raw: RawDocument { name, media_type, bytes }, title: None, url: None })
    }
}

#[async_trait]
impl FileSource for S3Source {
    fn serves(&self, url: &SourceUrl) -> bool {
        url.scheme() == "s3"
    }

    async fn fetch(&self, url: &SourceUrl) -> Result<FetchedDocument, SourceError> {
        let url = url.as_str();
        let (bucket, key) = place(url)?;
        if !self.buckets.is_empty() && !self.buckets.iter().any(|open| open == bucket) {
            return Err(not_allowed(
                url,
                format!("the bucket {bucket} is not among those of S3 sources; add it there"),
            ));
        }
        let signed = self.signed(url, bucket, key)?;
        self.client.within(url, self.get(url, key, &signed)).await
    }
}

fn endpoint(options: &S3Options) -> Result<Url, InvalidS3Options> {
    let text = match &options.endpoint {
        Some(endpoint) => endpoint.clone(),
        None => format!("https://s3.{}.amazonaws.com", options.region),
    };
    let wrong = |reason: &str| InvalidS3Options::Endpoint(reason.to_owned());
    let url = Url::parse(&text).map_err(|error| wrong(&error.to_string()))?;
    match (url.scheme(), url.username(), url.password()) {
        ("http" | "https", "", None) => Ok(url),
        ("http" | "https", ..) => Err(wrong("it holds a user or a password; keys are options of their own")),
        _ => Err(wrong("it is neither http nor https")),
    }
}

fn credentials(keys: &S3Keys) -> Credentials {
    match &keys.token {
        Some(token) => Credentials::new_with_token(&keys.id, keys.secret.expose(), token.expose()),
        None => Credentials::new(&keys.id, keys.secret.expose()),
    }
}

/// Bucket and key. The key is taken as it stands, without decoding: `%20` in it is three characters, as S3 has it.
fn place(url: &str) -> Result<(&str, &str), SourceError> {
    let rest = url.strip_prefix("s3://").unwrap_or_default();
    let Some((bucket, key)) = rest.split_once('/').filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty()) else {
        return Err(permanent(url, "it is not an object: write it as s3://bucket/key"));
    };
    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !bucket.chars().all(sound) || bucket.starts_with('.') || bucket.ends_with('.') || bucket.contains("..") {
        return Err(permanent(url, "its bucket has a name that S3 does not allow"));
    }
    // An address cannot hold these parts: they would lead to another object, or another bucket.
    if key.split('/').any(|part| matches!(part, "." | "..")) {
        return Err(permanent(url, "an object with . or .. as a part of its key cannot be fetched"));
    }
    Ok((bucket, key))
}

/// An address whose path ends in the key, for its name.
fn named_after(key: &str, signed: &Url) -> Url {
    let mut url = signed.clone();
    url.set_query(None);
    if let Some(last) = key.rsplit('/').find(|part| !part.is_empty())
        && let Ok(mut segments) = url.path_segments_mut()
    {
        segments.clear().push(last);
    }
    url
}

/// What S3 says of an object whose kind nobody told.
fn says_nothing(media_type: &str) -> bool {
    matches!(media_type, "binary/octet-stream" | "application/octet-stream")
}

fn understood(url: &str, reply: Reply, clock: &dyn Clock) -> Result<Reply, SourceError> {
    match reply.status().as_u16() {
        403 => Err(permanent(
            url,
            "S3 refuses it (403): the keys may be wrong or may not read it, the clock may be off, or it is not there",
        )),
        301 | 307 | 308 | 400 => {
            Err(permanent(url, format!("S3 answered {}: check the region and the endpoint", reply.status())))
        }
        _ => checked(reply, clock).map_err(|error| renamed(url, error)),
    }
}

/// Names the object in an error instead of the server's address.
fn renamed(url: &str, error: SourceError) -> SourceError {
    use crate::failure::{not_found, too_large, transient_for};
    match error {
        SourceError::NotAllowed { reason, .. } => not_allowed(url, reason),
        SourceError::NotFound { .. } => not_found(url),
        SourceError::TooLarge { limit, .. } => too_large(url, limit),
        SourceError::Transient { reason, retry_after, .. } => transient_for(url, reason, retry_after),
        SourceError::Permanent { reason, .. } => permanent(url, reason),
    }
}
