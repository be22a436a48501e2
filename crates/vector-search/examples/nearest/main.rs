//! The figures behind the defaults and docs/adr/0027: time, memory and recall of searches in so many vectors.
//!
//! `cargo run --profile fast -p vector-search --example nearest -- <clusters|texts> <vectors> [numbers] [graph]`,
//! where `numbers` is the length of a vector, 512 if not said, and `graph` is connectivity, `expansion_add` and any
//! number of `expansion_search`, as in `32,256,256,512`.

// What it prints is what it is for.
#![allow(clippy::print_stdout)]

#[path = "../../tests/vectors/data.rs"]
mod data;

use std::collections::HashSet;
use std::error::Error;
use std::time::{Duration, Instant};

use data::{Clusters, Random, Source, Texts};
use uuid::Uuid;
use vector_search::{Change, Settings, Space, Spaces};

/// How many searches a figure is of.
const QUERIES: usize = 500;
/// How many vectors a search finds.
const LIMIT: usize = 10;
/// Vectors applied at a time.
const PART: usize = 1000;

/// The space with the graph.
const GRAPH: i64 = 2;

type Hits = Vec<Vec<(Uuid, f32)>>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |at: usize, default: &str| arguments.get(at).map_or_else(|| default.to_owned(), Clone::clone);
    let (count, dimension): (usize, usize) = (text(1, "10000").parse()?, text(2, "512").parse()?);
    let source: Box<dyn Source> = match text(0, "clusters").as_str() {
        "texts" => Box::new(Texts::new(dimension, (count / 200).max(10))),
        _ => Box::new(Clusters::new(dimension, (count / 100).max(10), 1.0)),
    };
    println!("{count} vectors of {dimension} numbers, {}", text(0, "clusters"));
    let queries: Vec<Vec<f32>> = (0..QUERIES).scan(Random(2), |random, _| Some(source.asked(random))).collect();

    let settings = Settings { memory_limit: u64::MAX, folder: Some(folder()), ..Settings::default() };
    let exact = Space::new(1, dimension, Settings { graph_from: usize::MAX, ..settings.clone() });
    let began = Instant::now();
    fill(&exact, source.as_ref(), count)?;
    println!("making and applying: {:.1?}, {} MB", began.elapsed(), exact.bytes() / 1_000_000);
    let (truth, times) = search(&exact, &queries)?;
    report("exact", &times);
    let scanned = (count * dimension * 4) as f64 / median(&times).as_secs_f64();
    println!("  {:.1} GB/s", scanned / 1e9);
    drop(exact);

    let numbers = text(3, "32,256,768").split(',').map(str::parse).collect::<Result<Vec<usize>, _>>()?;
    let [connectivity, expansion_add, searches @ ..] = numbers.as_slice() else {
        return Err("a graph is told by connectivity, expansion_add and one expansion_search or more".into());
    };
    let settings = Settings { graph_from: 1, connectivity: *connectivity, expansion_add: *expansion_add, ..settings };
    build(&settings, source.as_ref(), count, dimension)?;
    for expansion_search in searches {
        let settings = Settings { expansion_search: *expansion_search, ..settings.clone() };
        search_graph(settings, &queries, &truth)?;
    }
    Ok(std::fs::remove_dir_all(folder())?)
}

/// Builds a graph and has it written to its file.
fn build(settings: &Settings, source: &dyn Source, count: usize, dimension: usize) -> Result<(), Box<dyn Error>> {
    let space = Space::new(GRAPH, dimension, settings.clone());
    let began = Instant::now();
    fill(&space, source, count)?;
    let mut told = count;
    while let compared @ 1.. = space.figures().compared {
        if told - compared > count / 10 {
            println!("  {} linked after {:.0?}", count - compared, began.elapsed());
            told = compared;
        }
        space.settle(Duration::from_millis(50));
    }
    println!("graph built: {:.1?}, {} MB with its vectors", began.elapsed(), space.bytes() / 1_000_000);
    let began = Instant::now();
    space.save()?;
    println!("  written in {:.1?}", began.elapsed());
    let (began, random) = (Instant::now(), &mut Random(3));
    for id in 0..100 {
        space.apply([Change::Put(Uuid::from_u128(id), source.kept(random))], 1)?;
    }
    println!("  a change: {:.1?}", began.elapsed() / 100);
    Ok(())
}

/// Searches the graph from its file.
fn search_graph(settings: Settings, queries: &[Vec<f32>], truth: &Hits) -> Result<(), Box<dyn Error>> {
    let expansion = settings.expansion_search;
    let began = Instant::now();
    let space = Spaces::new(settings).open(GRAPH, queries[0].len(), i64::MAX)?;
    println!("  read in {:.1?}, {} compared", began.elapsed(), space.figures().compared);
    let (found, times) = search(&space, queries)?;
    report(&format!("graph, expansion {expansion}"), &times);
    println!("  recall@{LIMIT} {:.4}", recall(truth, &found));
    Ok(())
}

fn fill(space: &Space, source: &dyn Source, count: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(1);
    for part in 0..count.div_ceil(PART) {
        let ids = part * PART..((part + 1) * PART).min(count);
        let puts = ids.map(|id| Change::Put(Uuid::from_u128(id as u128), source.kept(&mut random)));
        space.apply(puts.collect::<Vec<_>>(), 1)?;
    }
    Ok(())
}

fn search(space: &Space, queries: &[Vec<f32>]) -> Result<(Hits, Vec<Duration>), Box<dyn Error>> {
    let mut times = Vec::new();
    let mut found = Vec::new();
    for query in queries {
        let began = Instant::now();
        found.push(space.search(query, LIMIT)?);
        times.push(began.elapsed());
    }
    times.sort();
    Ok((found, times))
}

/// The share of the nearest that were found.
fn recall(truth: &Hits, found: &Hits) -> f64 {
    let hits = truth.iter().zip(found).map(|(truth, found)| {
        let found: HashSet<Uuid> = found.iter().map(|(id, _)| *id).collect();
        truth.iter().filter(|(id, _)| found.contains(id)).count()
    });
    hits.sum::<usize>() as f64 / truth.iter().map(Vec::len).sum::<usize>() as f64
}

fn report(name: &str, times: &[Duration]) {
    println!("{name}: p50 {:.2?}, p99 {:.2?}", median(times), times[times.len() * 99 / 100]);
}

fn median(times: &[Duration]) -> Duration {
    times[times.len() / 2]
}

fn folder() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("iyagi-vectors-{}", std::process::id()))
}
