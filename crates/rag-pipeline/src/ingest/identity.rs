//! Which document a file is, and whether it is the same as before.

use kernel::DocumentId;
use korean_text::normalize;
use sha2::{Digest, Sha256};

use super::{IngestError, NewDocument};
use crate::model::{Collection, ReadDocument};

/// The document's id and collection: what the sender says, else what the document says, else the file's name and the
/// default.
pub(super) fn of(
    new: &NewDocument,
    read: &ReadDocument,
    default: &Collection,
) -> Result<(DocumentId, Collection), IngestError> {
    let invalid = |reason: String| IngestError::Invalid { name: new.raw.name.clone(), reason };
    let id = match (&new.id, &read.id) {
        (Some(id), _) => id.clone(),
        (None, named) => {
            let fallback = || new.fallback_id.as_ref().map_or_else(|| slug(&new.raw.name), ToString::to_string);
            let id = named.clone().unwrap_or_else(fallback);
            DocumentId::new(id).map_err(|cause| invalid(cause.to_string()))?
        }
    };
    let collection = match (&new.collection, &read.collection) {
        (Some(collection), _) => collection.clone(),
        (None, Some(named)) => Collection::new(named.clone()).map_err(|cause| invalid(cause.to_string()))?,
        (None, None) => default.clone(),
    };
    Ok((id, collection))
}

/// SHA-256 in hex of parts; text cannot move from one part to the next unnoticed.
pub(super) fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        hex.extend([byte >> 4, byte & 15].map(|n| char::from_digit(u32::from(n), 16).unwrap_or('0')));
        hex
    })
}

/// An id from a file's name: letters of any script and digits, everything else a hyphen.
fn slug(name: &str) -> String {
    hyphenated(without_ending(name.rsplit(['/', '\\']).next().unwrap_or(name)))
}

/// The same from a path, with its folders; what is too long for an id, or has no letter, is told by a hash.
pub(super) fn slug_of_path(path: &str) -> Option<DocumentId> {
    let whole = hyphenated(without_ending(path));
    let slug = if whole.is_empty() || whole.chars().count() >= DocumentId::MAX_CHARS {
        format!("doc-{}", &hash(&[b"path", path.as_bytes()])[..24])
    } else {
        whole
    };
    DocumentId::new(slug).ok()
}

fn without_ending(file: &str) -> &str {
    let at = file.rfind('.').filter(|at| *at > file.rfind(['/', '\\']).map_or(0, |slash| slash + 1));
    at.map_or(file, |at| &file[..at])
}

fn hyphenated(name: &str) -> String {
    let mut slug = String::new();
    for c in normalize(name).chars() {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').chars().take(DocumentId::MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::{slug, slug_of_path};

    #[test]
    fn a_file_name_becomes_an_id() {
        assert_eq!(slug("docs/배송 안내 (2026).MD"), "배송-안내-2026");
        assert_eq!(slug("README"), "readme");
        assert_eq!(slug("..."), "");
        assert_eq!(slug(".env"), "env");
    }

    #[test]
    fn files_of_one_name_in_several_folders_have_ids_of_their_own() {
        let of = |path: &str| slug_of_path(path).unwrap().to_string();
        assert_eq!((of("faq/배송.md"), of("배송.md")), ("faq-배송".to_owned(), "배송".to_owned()));
        assert_ne!(of("shop.example/a?id=1"), of("shop.example/a?id=2"));
        assert!(of("///").starts_with("doc-") && of(&"가/".repeat(300)).starts_with("doc-"));
    }
}
