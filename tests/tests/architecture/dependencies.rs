use std::{collections::BTreeSet, fs};

use super::packages;

/// The crates that make the product, and those of ours that each may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("korean-text", &[]),
    ("migration", &["kernel", "session-core"]),
    ("session-core", &["kernel", "korean-text"]),
    ("rag-pipeline", &["kernel", "korean-text"]),
    ("session-import", &["kernel", "session-core"]),
    ("llm-monitoring", &["kernel"]),
    ("chat-analytics", &["kernel"]),
    ("chat-service", &["kernel", "korean-text", "session-core", "rag-pipeline", "llm-monitoring"]),
    (
        "storage-sea",
        &["kernel", "migration", "rag-pipeline", "session-core", "session-import", "chat-analytics", "vector-search"],
    ),
    (
        "storage-sqlite",
        &[
            "kernel",
            "migration",
            "rag-pipeline",
            "session-core",
            "session-import",
            "chat-analytics",
            "storage-sea",
            "korean-text",
        ],
    ),
    (
        "storage-postgres",
        &[
            "kernel",
            "migration",
            "rag-pipeline",
            "session-core",
            "session-import",
            "chat-analytics",
            "storage-sea",
            "korean-text",
        ],
    ),
    ("storage-redis", &["kernel", "session-core"]),
    ("storage-spool", &["session-core"]),
    ("vector-search", &[]),
    ("model-providers", &["kernel", "korean-text", "rag-pipeline"]),
    ("document-readers", &["kernel", "rag-pipeline"]),
    ("vector-stores", &["kernel", "rag-pipeline"]),
    ("document-sources", &["kernel", "rag-pipeline"]),
    ("api-actix", &["chat-analytics", "chat-service", "kernel", "session-core", "rag-pipeline"]),
];

/// The binary names every concrete adapter, so it may use all of the above.
const BINARY: &str = "iyagi";
/// Not shipped.
const TOOLS: &[&str] = &["example-embedded", "example-with-fakes", "iyagi-benches", "iyagi-tests", "test-support"];

/// A technology, and the packages that may be built on it.
const FENCES: &[(&str, &[&str])] = &[
    ("sea-orm", &["storage-sea", "storage-sqlite", "storage-postgres"]),
    ("sea-orm-migration", &["migration"]),
    ("sqlx", &["storage-sea", "storage-sqlite", "storage-postgres", "test-support"]),
    ("tokio-postgres", &["iyagi-benches"]),
    ("redis", &["storage-redis", "iyagi-benches"]),
    ("moka", &["session-core"]),
    ("actix-web", &["api-actix", "iyagi-benches"]),
    ("actix-ws", &["api-actix"]),
    ("hyper-util", &["iyagi", "iyagi-tests"]),
    ("reqwest", &["document-sources", "iyagi-benches", "iyagi-tests", "model-providers", "vector-stores"]),
    ("backon", &["vector-stores"]),
    ("tiktoken-rs", &["model-providers"]),
    ("rusty-s3", &["document-sources"]),
    ("html5gum", &["document-sources"]),
    ("hayro-syntax", &["document-readers"]),
    ("html5ever", &["document-readers"]),
    ("quick-xml", &["document-readers", "document-sources"]),
    ("ssfmt", &["document-readers"]),
    ("zip", &["document-readers"]),
    ("fearless_simd", &["vector-search"]),
];

/// Crates that must stay usable without a runtime.
const WITHOUT_RUNTIME: &[&str] =
    &["kernel", "korean-text", "rag-pipeline", "llm-monitoring", "chat-analytics", "session-import", "vector-search"];

#[test]
fn the_table_of_arrows_names_every_crate_of_the_workspace() {
    let named: BTreeSet<String> =
        ARROWS.iter().map(|(name, _)| *name).chain([BINARY]).chain(TOOLS.iter().copied()).map(str::to_owned).collect();
    let there: BTreeSet<String> = packages().into_iter().map(|package| package.name).collect();
    assert_eq!(named, there);
}

#[test]
fn crates_depend_on_each_other_only_along_the_arrows() {
    let packages = packages();
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut wrong = Vec::new();
    for package in &packages {
        let allowed: Vec<&str> = match ARROWS.iter().find(|(name, _)| *name == package.name) {
            Some((_, allowed)) => allowed.to_vec(),
            None if package.name == BINARY => ARROWS.iter().map(|(name, _)| *name).collect(),
            None => continue,
        };
        let used = package.dependencies.iter().filter(|used| ours.contains(used.as_str()));
        wrong.extend(
            used.filter(|used| !allowed.contains(&used.as_str())).map(|used| format!("{} -> {used}", package.name)),
        );
    }
    assert!(wrong.is_empty(), "not allowed: {wrong:?}");
}

#[test]
fn nothing_that_is_shipped_is_built_on_tools_for_tests() {
    for package in packages().iter().filter(|package| !TOOLS.contains(&package.name.as_str())) {
        let tools: Vec<_> = package.dependencies.iter().filter(|used| TOOLS.contains(&used.as_str())).collect();
        assert!(tools.is_empty(), "{} depends on {tools:?}", package.name);
    }
}

#[test]
fn a_technology_stays_in_the_crates_it_was_given_to() {
    let mut wrong = Vec::new();
    for package in packages() {
        for (technology, fence) in FENCES {
            if package.dependencies.iter().any(|used| used == technology) && !fence.contains(&package.name.as_str()) {
                wrong.push(format!("{} -> {technology}", package.name));
            }
        }
    }
    assert!(wrong.is_empty(), "outside its fence: {wrong:?}");
}

#[test]
fn domain_crates_are_usable_without_a_runtime() {
    for package in packages().iter().filter(|package| WITHOUT_RUNTIME.contains(&package.name.as_str())) {
        assert!(!package.dependencies.iter().any(|used| used == "tokio"), "{} needs tokio", package.name);
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for package in packages() {
        let manifest = fs::read_to_string(&package.manifest).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} does not", package.manifest);
    }
}
