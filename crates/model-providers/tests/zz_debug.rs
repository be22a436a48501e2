//! Measures retrieval, answers and refusals on the sample shop. The bars are asserted on the
//! development split; of the held-out split only the sums are printed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use document_readers::Readers;
use kernel::testing::SequentialIds;
use kernel::{StoreId, SystemClock};
use model_providers::{ExtractiveModel, HashedEmbedder};
use rag_pipeline::evaluation::{CaseResult, Evaluation, Report, Split, parse_cases};
use rag_pipeline::ingest::{IngestOutcome, Ingestor, NewDocument};
use rag_pipeline::model::{Collection, RawDocument, Scope};
use rag_pipeline::planner::AnswerPlanner;
use rag_pipeline::retrieval::Retriever;
use rag_pipeline::testing::MemoryDocuments;

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
    let ingestor = Ingestor::new(memory.clone(), Arc::new(Readers::default()), embedder.clone(), clock.clone(), ids);
    let store = StoreId::new("demo").unwrap();
    for ingested in ingestor.ingest_all(&store, &Collection::new("help").unwrap(), sample_documents(), |_| {}).await {
        assert_eq!(ingested.unwrap().outcome, IngestOutcome::Added);
    }
    let retriever = Retriever::new(memory.clone(), memory.clone(), memory, embedder);
    let scope = Scope { store, collections: Vec::new() };
    let planner = AnswerPlanner::new(Arc::new(retriever));
    let evaluation = Evaluation::new(planner, Arc::new(ExtractiveModel), clock, scope, String::new());
    evaluation.run(&parse_cases(jsonl).unwrap(), |_| {}).await.unwrap()
}

#[tokio::test]
#[allow(dead_code)] async fn the_sample_shop_is_answered_well() {
    let jsonl = std::fs::read_to_string(
        std::env::var("QUALITY_CASES").map_or_else(|_| samples().join("eval.jsonl"), PathBuf::from),
    )
    .unwrap();
    let results = run(&jsonl).await;
    let report = Report::of(&results);
    if std::env::var_os("QUALITY_DETAIL").is_some() {
        for r in results.iter().filter(|r| {
            (r.split == Split::Dev || std::env::var_os("QUALITY_OWN").is_some())
                && (!r.right() || r.rank.is_none_or(|rank| rank > 5) && r.answerable())
        }) {
            println!(
                "{} {:?} rank {:?} facts {}/{} refused {} | {} | {}",
                r.id, r.kind, r.rank, r.facts_found, r.facts, r.refused, r.standalone, r.answer
            );
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
async fn debug_concepts() {
    use rag_pipeline::planner::PlanInput;
    let memory = Arc::new(MemoryDocuments::default());
    let embedder = Arc::new(HashedEmbedder);
    let ids = Arc::new(SequentialIds::default());
    let ingestor = Ingestor::new(memory.clone(), Arc::new(Readers::default()), embedder.clone(), Arc::new(SystemClock), ids);
    let store = StoreId::new("demo").unwrap();
    ingestor.ingest_all(&store, &Collection::new("help").unwrap(), sample_documents(), |_| {}).await;
    let planner = AnswerPlanner::new(Arc::new(Retriever::new(memory.clone(), memory.clone(), memory, embedder)));
    let jsonl = std::fs::read_to_string(std::env::var("QUALITY_CASES").map_or_else(|_| samples().join("eval.jsonl"), PathBuf::from)).unwrap();
    for c in parse_cases(&jsonl).unwrap().into_iter().filter(|c| c.split == Split::Dev || std::env::var_os("QUALITY_OWN").is_some() ) {
        let p = planner.plan(PlanInput { scope: Scope { store: store.clone(), collections: vec![] }, instructions: String::new(), history: vec![], cited_titles: vec![], question: c.question.clone() }).await.unwrap();
        let best = p.hits.iter().map(|h| h.coverage).fold(0.0, f32::max);
        let focus = p.hits.iter().map(|h| h.focus).fold(0.0, f32::max);
        let words: Vec<String> = p.request.concepts.iter().map(|c| format!("{}{}{}:{:.1}", if c.known { "" } else { "!" }, c.word, if c.spellings.is_empty() { String::new() } else { format!("~{}", c.spellings.join("~")) }, c.weight)).collect();
        if !c.history.is_empty() { continue; }
        let top = &p.hits[0];
        let own: Vec<_> = p.request.concepts.iter().filter(|c| !c.inherited).collect();
        let topics: Vec<_> = own.iter().filter(|c| c.topic).collect();
        let unk: f32 = topics.iter().filter(|c| !c.known).map(|c| c.weight).sum::<f32>();
        let tot: f32 = own.iter().map(|c| c.weight).sum();
        println!("F {} {} {best:.3} {focus:.3} {:.3} {:.3} {:.3} {} {:.3} {} {} | {} | {}", c.id, u8::from(!c.document.is_empty()), top.score, top.coverage, top.focus, u8::from(topics.last().is_some_and(|t| !t.known)), unk / tot.max(0.1), own.len(), topics.iter().filter(|c| !c.known).count(), c.question, words.join(" "));
    }
}
