//! The sample shop, built into the binary.

use rag_pipeline::ingest::NewDocument;
use rag_pipeline::model::RawDocument;

/// The cases of `iyagi eval`.
pub(crate) const CASES: &str = include_str!("../../../config/samples/eval.jsonl");
/// The cases of `iyagi eval --hard`.
pub(crate) const HARD_CASES: &str = include_str!("../../../config/samples/eval-hard.jsonl");

macro_rules! sample {
    ($name:literal) => {
        (concat!($name, ".md"), include_str!(concat!("../../../config/samples/docs/", $name, ".md")))
    };
}

const DOCUMENTS: &[(&str, &str)] = &[
    sample!("account"),
    sample!("after-sales"),
    sample!("cloud-quilt"),
    sample!("customer-center"),
    sample!("dew-jacket"),
    sample!("ember-pot"),
    sample!("exchange"),
    sample!("firefly-lantern"),
    sample!("forest-tumbler"),
    sample!("gift-wrapping"),
    sample!("materials-care"),
    sample!("membership"),
    sample!("moonshade-tent"),
    sample!("order-change"),
    sample!("payment"),
    sample!("pebble-pillow"),
    sample!("points-coupons"),
    sample!("privacy"),
    sample!("refund"),
    sample!("return"),
    sample!("ripple-towel"),
    sample!("shipping"),
    sample!("size-guide"),
    sample!("store-pickup"),
    sample!("wholesale"),
];

/// The sample documents, ready to be taken in.
pub(crate) fn documents() -> Vec<NewDocument> {
    let document = |(name, text): &(&str, &str)| {
        NewDocument::from(RawDocument {
            name: (*name).to_owned(),
            media_type: Some("text/markdown".to_owned()),
            bytes: text.as_bytes().to_vec(),
        })
    };
    DOCUMENTS.iter().map(document).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rag_pipeline::evaluation::{CaseKind, parse_cases};

    use super::*;

    #[test]
    fn every_built_in_case_is_whole_and_names_documents_that_exist() {
        let documents: HashSet<&str> = DOCUMENTS.iter().filter_map(|(name, _)| name.strip_suffix(".md")).collect();
        for (cases, mark) in [(CASES, ['q', 'n'].as_slice()), (HARD_CASES, &['h'])] {
            for case in parse_cases(cases).unwrap() {
                let unanswerable = case.kind == CaseKind::Unanswerable;
                assert!(case.id.starts_with(mark), "{}", case.id);
                assert!(case.document.iter().all(|d| documents.contains(d.as_str())), "{}", case.id);
                assert_eq!(
                    (case.document.is_empty(), case.facts.is_empty()),
                    (unanswerable, unanswerable),
                    "{}",
                    case.id
                );
                assert!(case.kind != CaseKind::Followup || !case.history.is_empty(), "{}", case.id);
            }
        }
    }

    #[test]
    fn every_sample_document_is_built_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/samples/docs");
        let mut files: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        let built_in: Vec<&str> = DOCUMENTS.iter().map(|(name, _)| *name).collect();
        assert_eq!(built_in, files);
    }
}
