//! Measures retrieval, answers and refusals on the sample shop. The bars are asserted on the
//! development split; of the held-out split only the sums are printed.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test, with helpers

use std::path::{Path, PathBuf};
use std::sync::Arc;

use document_readers::Readers;
use kernel::testing::SequentialIds;
use kernel::{StoreId, SystemClock};
use model_providers::{ExtractiveModel, HashedEmbedder, O200kTokens};
use rag_pipeline::evaluation::{CaseResult, Evaluation, Report, Split, parse_cases};
use rag_pipeline::ingest::{IngestOutcome, IngestPorts, Ingestor, NewDocument};
use rag_pipeline::model::{Collection, RawDocument, Scope};
use rag_pipeline::planner::AnswerPlanner;
use rag_pipeline::retrieval::Retriever;
use rag_pipeline::testing::{MemoryDocuments, MemoryVectors, ports_in_memory};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/samples")
}

fn sample_documents() -> Vec<NewDocument> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(samples().join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| RawDocument {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        media_type: None,
        bytes: std::fs::read(&path).unwrap(),
    };
    paths.into_iter().map(|path| NewDocument::from(read(path))).collect()
}

async fn run(jsonl: &str) -> Vec<CaseResult> {
    let memory = Arc::new(MemoryDocuments::default());
    let embedder = Arc::new(HashedEmbedder);
    let clock = Arc::new(SystemClock);
    let ids = Arc::new(SequentialIds::default());
    let vectors = Arc::new(MemoryVectors::default());
    let readers = Arc::new(Readers::default());
    let ingestor = Ingestor::new(IngestPorts {
        counter: Arc::new(O200kTokens::default()),
        ..ports_in_memory(&memory, &vectors, readers, embedder.clone(), clock.clone(), ids)
    });
    let store = StoreId::new("demo").unwrap();
    for ingested in ingestor.ingest_all(&store, &Collection::new("help").unwrap(), sample_documents(), |_| {}).await {
        assert_eq!(ingested.unwrap().outcome, IngestOutcome::Added);
    }
    let retriever = Retriever::new(memory.clone(), memory, vectors, embedder);
    let scope = Scope { store, collections: Vec::new() };
    let planner = AnswerPlanner::new(Arc::new(retriever));
    let evaluation = Evaluation::new(planner, Arc::new(ExtractiveModel), clock, scope, String::new());
    evaluation.run(&parse_cases(jsonl).unwrap(), |_| {}).await.unwrap()
}

#[tokio::test]
async fn the_sample_shop_is_answered_well() {
    let jsonl = std::fs::read_to_string(samples().join("eval.jsonl")).unwrap();
    let results = run(&jsonl).await;
    let report = Report::of(&results);
    if std::env::var_os("QUALITY_DETAIL").is_some() {
        let wrong = |r: &&CaseResult| !r.right() || (r.answerable() && r.rank.is_none_or(|rank| rank > 5));
        for r in results.iter().filter(|r| r.split == Split::Dev).filter(wrong) {
            let (found, facts) = (r.facts_found, r.facts);
            println!("{} {:?} facts {found}/{facts} | {} | {}", r.id, r.rank, r.standalone, r.answer);
        }
    }
    println!("{}", report.table());
    let dev = report.figures("dev").unwrap();
    assert!(dev.recall_at_5.unwrap() >= 0.97, "{dev:?}");
    assert!(dev.fact_recall.unwrap() >= 0.85, "{dev:?}");
    assert!(dev.refusal_accuracy.unwrap() >= 0.9, "{dev:?}");
    assert!(dev.false_refusals.unwrap() <= 0.05, "{dev:?}");
}

#[tokio::test]
async fn harder_questions_are_answered_as_well_as_they_were() {
    let jsonl = std::fs::read_to_string(samples().join("eval-hard.jsonl")).unwrap();
    let report = Report::of(&run(&jsonl).await);
    let dev = report.figures("dev").unwrap();
    println!("hard {dev:?}");
    assert!(dev.recall_at_5.unwrap() >= 0.95, "{dev:?}");
    assert!(dev.fact_recall.unwrap() >= 0.78, "{dev:?}");
    assert!(dev.refusal_accuracy.unwrap() >= 0.72, "{dev:?}");
    assert!(dev.false_refusals.unwrap() <= 0.13, "{dev:?}");
}

#[tokio::test]
async fn near_misses_are_refused_and_paraphrases_answered_as_well_as_they_were() {
    let jsonl = std::fs::read_to_string(samples().join("eval-near.jsonl")).unwrap();
    let report = Report::of(&run(&jsonl).await);
    let dev = report.figures("dev").unwrap();
    println!("near {dev:?}");
    assert!(dev.recall_at_5.unwrap() >= 0.95, "{dev:?}");
    assert!(dev.fact_recall.unwrap() >= 0.75, "{dev:?}");
    assert!(dev.refusal_accuracy.unwrap() >= 0.38, "{dev:?}");
    assert!(dev.false_refusals.unwrap() <= 0.1, "{dev:?}");
}
