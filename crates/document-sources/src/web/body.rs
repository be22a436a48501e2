//! Bodies of answers, within a size.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use rag_pipeline::model::SourceError;
use reqwest::header::CONTENT_ENCODING;

use super::client::{Reply, Taken};
use crate::failure::{permanent, too_large};

/// How much of a body is taken, in bytes, before and after it is unzipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// What is larger is an error.
    Refuse(u64),
    /// What is larger is cut off.
    Cut(u64),
}

impl Limit {
    const fn bytes(self) -> u64 {
        match self {
            Self::Refuse(bytes) | Self::Cut(bytes) => bytes,
        }
    }
}

/// What unzipping gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unzipped {
    Whole(Vec<u8>),
    /// There was more: these are the first `limit` bytes.
    Cut(Vec<u8>),
    /// It breaks off, or is no gzip: this is what came before.
    Broken(Vec<u8>),
}

/// Unzips (gzip) at most `limit` bytes, whatever the zipped text says of its size.
pub(crate) fn unzip(zipped: &[u8], limit: u64) -> Unzipped {
    let mut plain = Vec::new();
    match MultiGzDecoder::new(zipped).take(limit.saturating_add(1)).read_to_end(&mut plain) {
        Ok(read) if read as u64 <= limit => Unzipped::Whole(plain),
        Ok(_) => {
            plain.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            Unzipped::Cut(plain)
        }
        Err(_) => Unzipped::Broken(plain),
    }
}

/// Unzips what is called `url`, or says why not.
pub(crate) async fn within_limit(url: &str, zipped: Vec<u8>, limit: Limit) -> Result<Vec<u8>, SourceError> {
    // Takes some 100 ms for the largest: not on a thread that others wait for.
    let unzipped = tokio::task::spawn_blocking(move || unzip(&zipped, limit.bytes())).await;
    match (unzipped, limit) {
        (Ok(Unzipped::Whole(plain)), _) | (Ok(Unzipped::Cut(plain) | Unzipped::Broken(plain)), Limit::Cut(_)) => {
            Ok(plain)
        }
        (Ok(Unzipped::Cut(_)), Limit::Refuse(bytes)) => Err(too_large(url, bytes)),
        (Ok(Unzipped::Broken(_)) | Err(_), _) => Err(permanent(url, "what it sent as gzip cannot be unzipped")),
    }
}

impl Reply {
    /// The body, unzipped when it came zipped though that was not asked for, as storages do that keep files zipped.
    pub(crate) async fn bytes(mut self, limit: Limit) -> Result<Vec<u8>, SourceError> {
        let zipped = self.is_zipped()?;
        let raw = self.raw(limit).await?;
        if zipped { within_limit(self.url.as_str(), raw, limit).await } else { Ok(raw) }
    }

    fn is_zipped(&self) -> Result<bool, SourceError> {
        let encoding = self.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?").trim());
        match encoding.map(str::to_ascii_lowercase).as_deref() {
            None | Some("" | "identity") => Ok(false),
            Some("gzip" | "x-gzip") => Ok(true),
            Some(_) => Err(permanent(self.url.as_str(), "it came compressed in a way that was not asked for")),
        }
    }

    async fn raw(&mut self, limit: Limit) -> Result<Vec<u8>, SourceError> {
        if let (Limit::Refuse(bytes), Some(announced)) = (limit, self.announced())
            && announced > bytes
        {
            return Err(too_large(self.url.as_str(), bytes));
        }
        let most = usize::try_from(limit.bytes()).unwrap_or(usize::MAX);
        let mut body = Vec::new();
        loop {
            match (self.next_into(&mut body, most).await?, limit) {
                (Taken::More, _) => {}
                (Taken::End, _) | (Taken::Full, Limit::Cut(_)) => return Ok(body),
                (Taken::Full, Limit::Refuse(bytes)) => return Err(too_large(self.url.as_str(), bytes)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn zipped(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_small_file_that_unzips_to_a_large_one_is_cut_at_the_limit() {
        let bomb = zipped(&vec![0; 10_000_000]);
        assert!(bomb.len() < 20_000);
        assert_eq!(unzip(&bomb, 1_000), Unzipped::Cut(vec![0; 1_000]));
        assert_eq!(unzip(&zipped(b"1234"), 4), Unzipped::Whole(b"1234".to_vec()));
        assert_eq!(unzip(b"no gzip", 100), Unzipped::Broken(Vec::new()));
        assert!(matches!(unzip(&bomb[..bomb.len() / 2], u64::MAX), Unzipped::Broken(_)));
    }

    #[tokio::test]
    async fn what_is_larger_is_refused_or_cut_as_asked() {
        let bomb = zipped(&[b'a'; 100]);
        let refused = within_limit("https://a.example/f", bomb.clone(), Limit::Refuse(99)).await.unwrap_err();
        assert_eq!(refused, too_large("https://a.example/f", 99));
        assert_eq!(within_limit("https://a.example/f", bomb, Limit::Cut(3)).await.unwrap(), b"aaa");
    }
}
