//! Advice on Redis, from the load of a real server, over HTTP and on the command line.

use reqwest::Method;
use serde_json::{Value, json};
use test_support::{ports, postgres, require, temp};

use crate::support::{Api, Run, Server, command};

const PATH: &str = "/api/admin/advisor";
const USERS: usize = 4;
const QUESTIONS: usize = 3;
const NAMES: [&str; 7] = [
    "concurrentUsers",
    "monthlyUsers",
    "sessionQueryP95",
    "sessionOperations",
    "databaseCpu",
    "speedComplaints",
    "expectedHitRatio",
];

/// Asks questions, and complains of the answers.
async fn load(api: &Api) {
    for user in 0..USERS {
        let user = format!("user-{user}");
        let mut last = Value::Null;
        for _ in 0..QUESTIONS {
            last = api.ask(&json!({"message": "제주도는 배송비가 얼마예요?", "userId": user})).await;
            let session = last["sessionId"].as_str().unwrap();
            api.get_json(&format!("/api/sessions/{session}?userId={user}")).await;
            api.messages(&user, session).await;
        }
        let path = format!("/api/messages/{}/feedback", last["messageId"].as_str().unwrap());
        let verdict = json!({"thumbs": "down", "comment": "답변이 너무 느려요", "userId": user});
        assert!(api.post(&path, &verdict).await.status().is_success());
    }
}

async fn advice(api: &Api) -> Value {
    let asked = api.request(Method::GET, PATH).header("accept-language", "en").send().await.unwrap();
    assert!(asked.status().is_success(), "{asked:?}");
    asked.json().await.unwrap()
}

fn value(advice: &Value, name: &str) -> f64 {
    let triggers = advice["triggers"].as_array().unwrap();
    let trigger = triggers.iter().find(|trigger| trigger["name"] == name).unwrap();
    trigger["value"].as_f64().unwrap_or_else(|| panic!("{name} was not read: {trigger}"))
}

fn is_plausible(advice: &Value) {
    let names: Vec<&str> =
        advice["triggers"].as_array().unwrap().iter().map(|trigger| trigger["name"].as_str().unwrap()).collect();
    assert_eq!(names, NAMES);
    for name in ["concurrentUsers", "monthlyUsers", "speedComplaints"] {
        assert_eq!(value(advice, name) as usize, USERS, "{name}");
    }
    let window = advice["windowSeconds"].as_f64().unwrap();
    assert!((10.0..=300.0).contains(&window), "{advice}");
    // A turn is opened and closed, and its session looked up, at least.
    let operations = value(advice, "sessionOperations") * (window + 1.0);
    assert!(operations >= (3 * USERS * QUESTIONS) as f64, "{operations} operations: {advice}");
    assert!(value(advice, "sessionQueryP95") > 0.0, "{advice}");
    assert!((0.0..=100.0).contains(&value(advice, "databaseCpu")), "{advice}");
    // What is asked for here was just written.
    assert!(value(advice, "expectedHitRatio") > 70.0, "{advice}");
    assert_eq!((&advice["cache"], &advice["cacheHitRatio"]), (&json!("none"), &Value::Null));
}

fn advisor(url: &str, language: &str, flags: &[&str]) -> Run {
    let folder = temp::directory().unwrap();
    let arguments = [&["advisor", "--url", url], flags].concat();
    Run::of(command(&arguments, folder.path()).env("LANG", language))
}

async fn says_the_same(server: &Server) {
    let api = server.api();
    load(&api).await;
    let told = advice(&api).await;
    is_plausible(&told);

    let printed = advisor(server.base(), "en_US.UTF-8", &["--json"]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let printed: Value = serde_json::from_str(&printed.stdout).unwrap();
    is_plausible(&printed);

    for (language, heading, label) in
        [("en_US.UTF-8", "figure", "concurrent users"), ("ko_KR.UTF-8", "지표", "동시 사용자")]
    {
        let table = advisor(server.base(), language, &[]);
        assert_eq!(table.code, Some(0), "{table:?}");
        let mut lines = table.stdout.lines();
        assert!(lines.next().is_some_and(|line| line.starts_with(heading)), "{table:?}");
        let users: Vec<&str> = lines.next().unwrap().strip_prefix(label).unwrap().split_whitespace().collect();
        assert_eq!(&users[..3], [USERS.to_string().as_str(), ">", "200"], "{table:?}");
    }

    let metrics = api.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("session_query_seconds_bucket{le=\"0.05\"}"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_advisor_tells_the_load_of_a_server_on_a_file() {
    says_the_same(&Server::start().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_advisor_tells_the_load_of_a_server_on_postgresql() {
    let database = require!(postgres::database().await);
    says_the_same(&Server::start_with(&[("DATABASE_URL", &database.url)]).await).await;
}

#[test]
fn without_a_server_the_command_says_how_to_start_one() {
    let url = format!("http://127.0.0.1:{}", ports::free().unwrap());
    let run = advisor(&url, "C", &[]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("is it running?") && run.stderr.contains("iyagi serve"), "{run:?}");
    let secure = advisor("https://shop.example", "C", &["--json"]);
    assert_eq!(secure.code, Some(1), "{secure:?}");
    assert!(secure.stderr.contains("http://"), "{secure:?}");
}
