//! Whole sources, rehearsed.

use std::sync::Arc;
use std::time::Duration;

use kernel::StoreId;
use kernel::testing::{ManualClock, SequentialIds};
use serde_json::{Value, json};

use crate::ports::Source;
use crate::testing::MemorySource;
use crate::{Importer, Nowhere, Plan, Report, SkipReason};

async fn rehearse(mut source: MemorySource) -> Report {
    let importer = Importer::new(
        Arc::new(Nowhere),
        Arc::new(Nowhere),
        Arc::new(ManualClock::new()),
        Arc::new(SequentialIds::default()),
    );
    let plan = Plan {
        kind: None,
        store: StoreId::new("shop").unwrap(),
        namespace: String::new(),
        lifetimes: Duration::from_hours(1).into(),
    };
    let source: &mut dyn Source = &mut source;
    let job = importer.prepare(source, plan).await.unwrap();
    let mut rows = 0;
    let report = importer.rehearse(source, &job, &mut |more| rows += more).await.unwrap();
    assert_eq!(rows, job.rows, "progress counts every row");
    report
}

fn message(id: u32, session: &Value) -> Value {
    json!({"id": id, "conversation_id": session, "role": "user", "content": "?"})
}

#[tokio::test]
async fn every_row_is_accounted_for() {
    let sessions =
        vec![json!({"id": "b"}), json!({"id": "a"}), json!({"id": null}), json!({"id": "a"}), json!({"id": " "})];
    let messages = vec![
        message(1, &json!("a")),
        message(2, &json!("nobody")),
        message(3, &json!(null)),
        message(4, &json!("b")),
        message(5, &json!("a")),
        message(6, &json!("zz")),
    ];
    let report = rehearse(MemorySource::default().with("conversations", sessions).with("messages", messages)).await;
    assert_eq!((report.sessions.read, report.sessions.imported, report.sessions.skipped), (5, 2, 3));
    assert_eq!((report.messages.read, report.messages.imported, report.messages.skipped), (6, 3, 3));
    let orphans: Vec<_> = report
        .notes
        .skipped
        .iter()
        .filter(|skipped| skipped.reason == SkipReason::NoSession)
        .map(|skipped| skipped.id.as_deref().unwrap())
        .collect();
    assert_eq!(orphans, ["3", "2", "6"]);
    assert!(!report.is_whole());
}
