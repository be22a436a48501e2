//! The chat page, built into the binary.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

macro_rules! file {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../assets/", $name)).as_slice())
    };
}

const FILES: &[(&str, &[u8])] = &[
    file!("answer.js"),
    file!("api.js"),
    file!("app.js"),
    file!("boot.js"),
    file!("composer.js"),
    file!("conversation.js"),
    file!("dom.js"),
    file!("drawer.js"),
    file!("favicon.svg"),
    file!("history.js"),
    file!("i18n.js"),
    file!("identity.js"),
    file!("index.html"),
    file!("message.js"),
    file!("notices.js"),
    file!("pending.js"),
    file!("scroll.js"),
    file!("sessions.js"),
    file!("sources.js"),
    file!("sse.js"),
    file!("storage.js"),
    file!("stream.js"),
    file!("style.css"),
    file!("theme.js"),
    file!("tools.js"),
];

static ASSETS: LazyLock<Vec<Asset>> =
    LazyLock::new(|| FILES.iter().map(|(name, bytes)| Asset::new(name, bytes)).collect());

/// One file of the page.
pub(crate) struct Asset {
    name: &'static str,
    pub(crate) bytes: &'static [u8],
    pub(crate) content_type: &'static str,
    /// Quoted, as in the header.
    pub(crate) etag: String,
}

impl Asset {
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        ASSETS.iter().find(|asset| asset.name == name)
    }

    fn new(name: &'static str, bytes: &'static [u8]) -> Self {
        let digest = Sha256::digest(bytes);
        let short: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { name, bytes, content_type: content_type(name), etag: format!("\"{short}\"") }
    }

    /// Whether the header `If-None-Match` names this very file.
    pub(crate) fn is_one_of(&self, tags: &str) -> bool {
        tags.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == self.etag || tag == "*")
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_page_is_served_under_a_type_that_browsers_take() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let entries = fs::read_dir(folder).unwrap();
        let on_disk: BTreeSet<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let served: BTreeSet<String> = ASSETS.iter().map(|asset| asset.name.to_owned()).collect();
        assert_eq!(served, on_disk);
        assert!(ASSETS.iter().all(|asset| asset.content_type != "application/octet-stream"));
    }

    #[test]
    fn what_the_page_refers_to_exists() {
        let html = std::str::from_utf8(Asset::find("index.html").unwrap().bytes).unwrap();
        let referred = html.split("\"/assets/").skip(1).filter_map(|rest| rest.split('"').next());
        let missing: Vec<&str> = referred.filter(|name| Asset::find(name).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
