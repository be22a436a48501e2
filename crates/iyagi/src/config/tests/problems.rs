//! Every way to be wrong, and what is said about it.

use super::*;

#[test]
fn an_unknown_key_in_a_file_is_named_with_its_line_and_the_key_that_was_probably_meant() {
    for (text, problem) in [
        (
            "[server]\n\nprot = 1\n",
            "server.prot (config/production.toml line 3): unknown key; did you mean `server.port`?",
        ),
        ("[sever]\nport = 1\n", "sever.port (config/production.toml line 2): unknown key; did you mean `server.port`?"),
        (
            "[session]\npool_max = 1\n",
            "session.pool_max (config/production.toml line 2): unknown key; did you mean `database.pool_max`?",
        ),
        ("port = 1\n", "port (config/production.toml line 1): unknown key; did you mean `server.port`?"),
        ("[server]\ncolour = 1\n", "server.colour (config/production.toml line 2): unknown key"),
        ("[colours]\n", "colours (config/production.toml line 1): unknown key"),
        ("server = 1\n", "server (config/production.toml line 1): it is a section: write [server] and its keys below"),
        (
            "[[server]]\nport = 1\n",
            "server (config/production.toml line 1): it is a section: write [server] and its keys below",
        ),
    ] {
        assert_eq!(Setup::new().file("production.toml", text).problems(), [problem], "{text}");
    }
}

#[test]
fn an_unknown_variable_with_our_prefix_is_an_error_that_names_the_one_that_was_meant() {
    for (name, problem) in [
        (
            "IYAGI__SERVER__PROT",
            "server.prot (env IYAGI__SERVER__PROT): unknown key; did you mean `IYAGI__SERVER__PORT`?",
        ),
        (
            "IYAGI__SERVER_PORT",
            "server_port (env IYAGI__SERVER_PORT): unknown key; did you mean `IYAGI__SERVER__PORT`?",
        ),
        ("IYAGI__COLOUR", "colour (env IYAGI__COLOUR): unknown key"),
        ("IYAGI__SERVER__PORT_FILE", "server.port_file (env IYAGI__SERVER__PORT_FILE): unknown key"),
    ] {
        assert_eq!(Setup::new().variable(name, "").problems(), [problem]);
    }
}

#[test]
fn a_wrong_value_in_a_file_is_shown_with_what_is_accepted() {
    for (text, problem) in [
        ("[server]\nport = 70000", "server.port (…2): 70000 is not accepted; it takes a whole number from 0 to 65535"),
        ("[server]\nport = -1", "server.port (…2): -1 is not accepted; it takes a whole number from 0 to 65535"),
        (
            "[server]\nport = \"80\"",
            "server.port (…2): \"80\" is not accepted; it takes a whole number from 0 to 65535",
        ),
        ("[server]\nport = 80.5", "server.port (…2): 80.5 is not accepted; it takes a whole number from 0 to 65535"),
        (
            "[server]\nport = 99999999999999999999",
            "server.port (…2): the value is not accepted; it takes a whole number from 0 to 65535",
        ),
        ("[server]\nport = true", "server.port (…2): true is not accepted; it takes a whole number from 0 to 65535"),
        (
            "[server.port]\nx = 1",
            "server.port (…1): a section is not accepted; it takes a whole number from 0 to 65535",
        ),
        ("[server]\nhost = \" \"", "server.host (…2): \" \" is not accepted; it takes a text of 1 to 253 characters"),
        ("[log]\nformat = \"xml\"", "log.format (…2): \"xml\" is not accepted; it takes pretty or json"),
        (
            "[retrieval]\ncollections = [\"a\", 2]",
            "retrieval.collections (…2): [\"a\", 2] is not accepted; it takes a list of names such as [\"faq\", \"policy\"], as a variable faq,policy",
        ),
        (
            "[store]\ndefault = \"a\\tb\"",
            "store.default (…2): \"a b\" is not accepted; it takes a name of 1 to 100 characters without control characters",
        ),
        (
            "[session]\nexpire_hours = 2026-01-01",
            "session.expire_hours (…2): 2026-01-01 is not accepted; it takes a whole number from 1 to 8760",
        ),
    ] {
        let problem = problem.replace('…', "config/production.toml line ");
        assert_eq!(Setup::new().file("production.toml", text).problems(), [problem], "{text}");
    }
}

#[test]
fn a_wrong_value_in_a_variable_or_a_flag_is_named_by_it() {
    let number = "is not accepted; it takes a whole number from 0 to 65535";
    for text in ["http", "70000", "-1", "8000 9000", "8_000"] {
        assert_eq!(
            Setup::new().variable("PORT", text).problems(),
            [format!("server.port (env PORT): \"{text}\" {number}")]
        );
        let flagged = Setup::new().flag("--port", "server.port", text).problems();
        assert_eq!(flagged, [format!("server.port (flag --port): \"{text}\" {number}")]);
    }
    assert_eq!(
        Setup::new().variable("DB_CONNECTION_TIMEOUT", "0").problems(),
        [
            "database.connection_timeout_seconds (env DB_CONNECTION_TIMEOUT): \"0\" is not accepted; it takes milliseconds \
          that make, in seconds, a whole number from 1 to 600"
        ]
    );
    assert_eq!(Setup::new().flag("--x", "server.x", "1").problems(), ["server.x (flag --x): unknown key"]);
}

#[test]
fn a_level_that_is_mistyped_is_refused_rather_than_taken_for_a_target() {
    for level in ["inof", "info,iyagi=loud", "", "info,sqlx", "info,,x"] {
        let problems = Setup::new().flag("--log", "log.level", level).problems();
        assert!(
            problems[0].starts_with(&format!("log.level (flag --log): \"{level}\" is not accepted")),
            "{problems:?}"
        );
    }
    for level in ["INFO", "off", "info,storage_sqlite=debug", "warn,iyagi[chat]=trace"] {
        assert_eq!(Setup::new().flag("--log", "log.level", level).load().config.log.level, level);
    }
}

#[test]
fn a_wrong_database_url_is_refused_and_its_value_is_not_shown() {
    let accepted = "the value (not shown) is not accepted; it takes nothing, sqlite://path or \
                    postgres://user:password@host:port/name";
    for url in [
        "mysql://app:hunter2@db/shop",
        "hunter2",
        "postgres:hunter2",
        "postgres://",
        "sqlite://",
        "sqlite::memory:",
        "sqlite://a?key=hunter2",
        "sqlite+aiosqlite:///hunter2.db",
        "://hunter2",
    ] {
        assert_eq!(
            Setup::new().variable("DATABASE_URL", url).problems(),
            [format!("database.url (env DATABASE_URL): {accepted}")]
        );
    }
    let text = "[database]\nurl = \"mysql://app:hunter2@db\"\n";
    let in_file = Setup::new().file("default.toml", text).problems();
    assert_eq!(in_file, [format!("database.url (config/default.toml line 2): {accepted}")]);
}

#[test]
fn a_file_that_is_not_toml_is_named_by_line_without_its_text() {
    let text = "[server]\nport = 1\n[database]\nurl = \"postgres://app:hunter2@db\nport = = 2\n";
    let problems = Setup::new().file("production.toml", text).problems();
    assert!(problems[0].starts_with("config/production.toml line 4: it is not TOML: "), "{problems:?}");
    assert!(
        problems.iter().all(|problem| problem.contains("it is not TOML") && !problem.contains("hunter2")),
        "{problems:?}"
    );
    let twice = Setup::new().file("production.toml", "[server]\nport = 1\nport = 2\n").problems();
    assert_eq!(twice.len(), 1);
    assert!(twice[0].starts_with("config/production.toml line 3: "), "{twice:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_even_where_it_could_be_missing() {
    let setup = Setup::new();
    std::fs::create_dir(setup.options.config_dir.join("default.toml")).unwrap();
    let problems = setup.problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("config/default.toml: it cannot be read: "), "{problems:?}");
}

#[test]
fn a_pool_cannot_keep_more_connections_than_it_may_have() {
    let setup = Setup::new().file("production.toml", "[database]\npool_max = 3\n").variable("DB_POOL_MIN", "4");
    assert_eq!(
        setup.problems(),
        ["database.pool_min (env DB_POOL_MIN): 4 is more than database.pool_max, which is 3 (config/production.toml)"]
    );
    assert_eq!(setup.variable("DB_POOL_MAX", "4").load().config.database.pool_min, 4);
}

#[test]
fn everything_that_is_wrong_is_said_at_once_layer_by_layer() {
    let setup = Setup::new()
        .file("default.toml", "[server]\nport = \"x\"\nprot = 1\n[log]\nformat = \"xml\"\n")
        .variables(&[("IYAGI__CHAT__HEARTBEAT_SECONDS", "0"), ("IYAGI__CHAT__HART", "1"), ("DATABASE_URL", "x")])
        .flag("--data", "data.dir", "");
    let errors = load(&setup.options).unwrap_err();
    let keys: Vec<_> = errors.problems.iter().map(|problem| problem.key.clone().unwrap_or_default()).collect();
    assert_eq!(
        keys,
        ["log.format", "server.port", "server.prot", "database.url", "chat.heartbeat_seconds", "chat.hart", "data.dir"]
    );
    let text = errors.to_string();
    assert!(text.starts_with("the configuration has 7 problems:\n  log.format ("), "{text}");
    assert_eq!(text.lines().count(), 8);
}

#[test]
fn hours_by_store_that_cannot_be_meant_are_refused() {
    for entries in ["outlet", "outlet=", "=2", "outlet=0", "outlet=8761", "outlet=two", "outlet=2,outlet=3"] {
        let problems = Setup::new().variable("IYAGI__SESSION__EXPIRE_HOURS_BY_STORE", entries).problems();
        let shown =
            format!("session.expire_hours_by_store (env IYAGI__SESSION__EXPIRE_HOURS_BY_STORE): \"{entries}\" is not");
        assert!(problems.len() == 1 && problems[0].starts_with(&shown), "{problems:?}");
    }
}
