//! What `config check` shows.

use super::*;

#[test]
fn the_report_lists_every_key_with_its_value_and_origin_and_masks_the_secret() {
    let setup =
        Setup::new().variables(&[("DATABASE_URL", "postgres://app:hunter2@db/shop"), ("OPENAI_API_KEY", "hunter3")]);
    let report = check(&setup.options);
    assert!(report.is_valid());
    let keys: Vec<_> = report.settings.iter().map(|setting| setting.key).collect();
    assert_eq!(keys, schema::FIELDS.iter().map(|field| field.path).collect::<Vec<_>>());
    let (table, json) = (report.to_table(), report.to_json().to_string());
    for text in [&table, &json, &format!("{report:?}")] {
        assert!(text.contains("postgres://app:***@db/shop") && text.contains("OPENAI_API_KEY is set"), "{text}");
        assert!(!text.contains("hunter"), "{text}");
    }
}

#[test]
fn the_table_is_aligned_and_long_values_are_cut() {
    let setup = Setup::new().variable("PORT", "9000").flag(
        "--log",
        "log.level",
        &format!("info,x={}", "debug,y=".repeat(20) + "info"),
    );
    let table = check(&setup.options).to_table();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[..2], ["environment: production", ""]);
    let column = lines[2].find("FROM").unwrap();
    for (line, from) in [("server.host ", "default "), ("server.port ", "env PORT "), ("log.level ", "flag --log ")] {
        let line = lines.iter().find(|text| text.starts_with(line)).unwrap();
        assert!(line[column..].starts_with(from), "{line}");
    }
    let value = lines[2].find("VALUE").unwrap();
    assert!(lines[4].starts_with("server.port") && &lines[4][value..] == "9000");
    assert!(lines.iter().any(|line| line.starts_with("log.level") && line.ends_with('…')));
    assert!(lines.iter().any(|line| line.starts_with("database.url") && line.ends_with("\"\"")));
}

#[test]
fn the_json_has_typed_values_and_origins() {
    let json = check(&Setup::new().variable("IYAGI__RETRIEVAL__COLLECTIONS", "faq,policy").options).to_json();
    let setting =
        |key: &str| json["settings"].as_array().unwrap().iter().find(|setting| setting["key"] == key).unwrap().clone();
    assert_eq!(setting("server.port"), serde_json::json!({"key": "server.port", "value": 8000, "from": "default"}));
    assert_eq!(setting("retrieval.collections")["value"], serde_json::json!(["faq", "policy"]));
    assert_eq!((&json["valid"], &json["environment"]), (&true.into(), &"production".into()));
    assert_eq!((json["warnings"].as_array().unwrap().len(), json["problems"].as_array().unwrap().len()), (0, 0));
}

#[test]
fn a_wrong_configuration_is_reported_with_what_holds_without_the_wrong_value() {
    let setup = Setup::new().file("production.toml", "[server]\nport = 9000\n").variable("PORT", "http");
    let report = check(&setup.options);
    assert!(!report.is_valid());
    let port = report.settings.iter().find(|setting| setting.key == "server.port").unwrap();
    assert_eq!(port.value, 9000);
    let json = report.to_json();
    assert_eq!(json["valid"], false);
    assert_eq!(json["problems"][0]["key"], "server.port");
    assert_eq!(json["problems"][0]["place"], "env PORT");
    assert!(report.to_table().contains("\nproblems:\n  server.port (env PORT): \"http\" is not accepted"));
}

#[test]
fn a_price_book_that_is_missing_or_wrong_is_a_problem_of_its_key() {
    let setup = Setup::new().file("prices.toml", "[[price]]\nmodel = \"m\"\n");
    let path = setup.options.config_dir.join("prices.toml").display().to_string();
    let setup = setup.variable("IYAGI__PRICES__FILE", &path);
    let problem = without_path(&check(&setup.options).problems[0].to_string(), setup.directory.path());
    assert_eq!(
        problem,
        "prices.file (env IYAGI__PRICES__FILE): config/prices.toml: price book entry 1 (m): missing field `provider`"
    );
    let missing = check(&Setup::new().flag("--prices", "prices.file", "/nowhere/prices.toml").options);
    assert!(missing.problems[0].to_string().starts_with("prices.file (flag --prices): /nowhere/prices.toml: "));
}
