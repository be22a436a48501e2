use std::fs;

use serde_json::Value;

use crate::support::{run, workspace};

/// The bars on all sample questions together.
const BARS: &[(&str, f64)] = &[("recallAt5", 0.97), ("factRecall", 0.85), ("refusalAccuracy", 0.9)];

#[test]
fn answers_to_the_sample_questions_reach_the_bars() {
    let run = run(&["eval", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let all = report["rows"].as_array().unwrap().iter().find(|row| row["name"] == "all").unwrap();
    eprintln!("evaluation: {all}");
    let cases = fs::read_to_string(workspace().join("config/samples/eval.jsonl")).unwrap().lines().count();
    assert_eq!(all["cases"], cases);
    for (figure, bar) in BARS {
        let reached = all[*figure].as_f64().unwrap();
        assert!(reached >= *bar, "{figure} is {reached}, the bar is {bar}");
    }
}
