use std::fs;

use serde_json::{Value, json};
use test_support::temp;

use crate::support::{Run, command};

/// Passages of its own with a question each; the fourth context is the first again.
fn questions() -> Value {
    let told = [
        (
            "임진왜란은 1592년에 일본이 조선을 침략하면서 시작된 전쟁이다. 이순신은 한산도에서 크게 이겼다.",
            "이순신이 크게 이긴 곳은 어디인가?",
        ),
        (
            "세종은 1443년에 훈민정음을 창제하고 1446년에 반포하였다. 집현전 학자들이 해례본을 썼다.",
            "훈민정음 해례본을 쓴 사람들은?",
        ),
        (
            "한라산은 제주도 가운데에 있는 화산으로 높이는 1,947미터이다. 정상에는 백록담이 있다.",
            "한라산의 높이는 몇 미터인가?",
        ),
        (
            "임진왜란은 1592년에 일본이 조선을 침략하면서 시작된 전쟁이다. 이순신은 한산도에서 크게 이겼다.",
            "임진왜란은 언제 시작되었나?",
        ),
    ];
    let paragraphs: Vec<Value> = told
        .iter()
        .enumerate()
        .map(|(at, (context, question))| {
            let answers = json!([{"text": "x", "answer_start": 0}]);
            let unanswerable = json!({"id": format!("n{at}"), "question": "누구인가?", "answers": [], "is_impossible": true});
            let question = json!({"id": format!("q{at}"), "question": question, "answers": answers});
            json!({"context": context, "qas": if at == 0 { json!([question, unanswerable]) } else { json!([question]) }})
        })
        .collect();
    json!({"version": "1.0", "data": [{"title": "한국", "paragraphs": paragraphs}]})
}

fn eval(content: &str, arguments: &[&str]) -> Run {
    let directory = temp::directory().unwrap();
    fs::write(directory.path().join("questions.json"), content).unwrap();
    Run::of(&mut command(&[&["eval", "--squad", "questions.json"], arguments].concat(), directory.path()))
}

#[test]
fn passages_of_a_question_answering_file_are_found_by_every_method() {
    let run = eval(&questions().to_string(), &["--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&report["questions"], &report["passages"], &report["unanswerable"]), (&json!(4), &json!(3), &json!(1)));
    let methods = report["methods"].as_array().unwrap();
    let names: Vec<&str> = methods.iter().filter_map(|row| row["method"].as_str()).collect();
    assert_eq!(names, ["keyword", "vector", "hybrid"]);
    for row in methods {
        assert_eq!((&row["recallAt1"], &row["mrrAt10"]), (&json!(1.0), &json!(1.0)), "{row}");
        assert!(row["medianMicros"].as_u64() > Some(0), "{row}");
    }
}

#[test]
fn the_methods_are_shown_as_a_table_and_a_sample_says_how_large_it_is() {
    let run = eval(&questions().to_string(), &["--limit", "2"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let mut lines = run.stdout.lines();
    assert_eq!(lines.next(), Some("2 questions about 3 passages; 1 unanswerable ones left out"), "{run:?}");
    let rows: Vec<&str> = lines.filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(rows, ["method", "keyword", "vector", "hybrid"], "{run:?}");
}

#[test]
fn a_question_answering_file_that_cannot_be_used_is_refused_with_the_place() {
    let broken = json!({"data": [{"paragraphs": [{"context": "글", "qas": [{"id": "q"}]}]}]}).to_string();
    for (content, problem) in [
        (broken.as_str(), "data[0].paragraphs[0].qas[0].question is missing"),
        ("{\"data\": [", "not JSON"),
        ("{\"data\": []}", "no question that can be answered"),
    ] {
        let run = eval(content, &[]);
        assert!(run.code.is_some_and(|code| code != 0) && run.stdout.is_empty(), "{run:?}");
        assert!(run.stderr.contains("questions.json") && run.stderr.contains(problem), "{run:?}");
    }
}
