//! Names of variables: our own, those of the systems Iyagi replaces, and files of secrets.

use super::*;

/// The configuration under some variables, and where a key came from.
fn under(variables: &[(&str, &str)]) -> Setup {
    Setup::new().variables(variables)
}

#[test]
fn every_key_has_a_variable_of_its_own() {
    let text = |kind| match kind {
        schema::Kind::Integer(min, max) => i64::midpoint(min, max).to_string(),
        schema::Kind::Choice(words) => words[words.len() - 1].to_owned(),
        schema::Kind::RedisUrl => "redis://cache:6380/1".to_owned(),
        schema::Kind::DatabaseUrl => "sqlite://x.db".to_owned(),
        schema::Kind::LogFilter => "debug".to_owned(),
        schema::Kind::HoursByStore(max) => format!("outlet={max}"),
        schema::Kind::WebUrl => "https://host.example:6333".to_owned(),
        schema::Kind::Names | schema::Kind::Key | schema::Kind::Text(..) | schema::Kind::Store => "이름".to_owned(),
    };
    for field in schema::FIELDS.iter().filter(|field| field.path != "database.pool_min") {
        let setup = under(&[(field.variable().as_str(), text(field.kind).as_str())]);
        assert_eq!(setup.origin(field.path), format!("env {}", field.variable()));
    }
}

#[test]
fn the_names_of_the_source_systems_work_as_they_are() {
    for (name, value, key, number) in [
        ("PORT", "9000", "server.port", 9000),
        ("DB_POOL_MAX", "30", "database.pool_max", 30),
        ("DB_POOL_MIN", "4", "database.pool_min", 4),
        ("DB_IDLE_TIMEOUT", "30000", "database.idle_timeout_seconds", 30),
        ("DB_IDLE_TIMEOUT", "0", "database.idle_timeout_seconds", 0),
        ("DB_CONNECTION_TIMEOUT", "2000", "database.connection_timeout_seconds", 2),
        ("DB_CONNECTION_TIMEOUT", "2001", "database.connection_timeout_seconds", 3),
        ("SESSION_EXPIRE_HOURS", "48", "session.expire_hours", 48),
        ("SESSION_CLEANUP_INTERVAL_MINUTES", "5", "session.cleanup_interval_minutes", 5),
        ("HARD_DELETE_AFTER_DAYS", "30", "session.hard_delete_after_days", 30),
        ("POSTGRES_POOL_SIZE", "8", "database.pool_max", 18),
        ("POSTGRES_MAX_OVERFLOW", "2", "database.pool_max", 7),
    ] {
        let setup = under(&[(name, value)]);
        let report = check(&setup.options);
        let setting = report.settings.iter().find(|setting| setting.key == key).unwrap();
        assert_eq!((&setting.value, setting.origin.to_string()), (&number.into(), format!("env {name}")));
        assert_eq!((report.problems, report.warnings), (vec![], vec![]), "{name}={value}");
    }
    assert_eq!(under(&[("RUST_LOG", "warn,iyagi=debug")]).load().config.log.level, "warn,iyagi=debug");
}

#[test]
fn the_pool_of_sqlalchemy_is_its_size_and_its_overflow() {
    let setup = under(&[("POSTGRES_POOL_SIZE", "20"), ("POSTGRES_MAX_OVERFLOW", "0")]);
    assert_eq!(setup.load().config.database.pool_max, 20);
    assert_eq!(setup.origin("database.pool_max"), "env POSTGRES_POOL_SIZE, POSTGRES_MAX_OVERFLOW");
    let refused = under(&[("POSTGRES_POOL_SIZE", "0"), ("POSTGRES_MAX_OVERFLOW", "-1")]).problems();
    assert_eq!(
        refused,
        [
            "database.pool_max (env POSTGRES_POOL_SIZE): \"0\" is not accepted; it takes a whole number from 1 to 5000",
            "database.pool_max (env POSTGRES_MAX_OVERFLOW): \"-1\" is not accepted; it takes a whole number from 0 to 5000",
        ]
    );
}

#[test]
fn the_parts_of_a_database_make_a_url_with_everything_odd_encoded() {
    for (variables, url) in [
        (
            vec![
                ("DB_HOST", "db"),
                ("DB_PORT", "6432"),
                ("DB_NAME", "shop"),
                ("DB_USER", "app"),
                ("DB_PASSWORD", "pw"),
            ],
            "postgres://app:pw@db:6432/shop",
        ),
        (
            vec![("DB_NAME", "a/b"), ("DB_USER", "a:b@c"), ("DB_PASSWORD", "p@ss/w?rd#%비")],
            "postgres://a%3Ab%40c:p%40ss%2Fw%3Frd%23%25%EB%B9%84@localhost:5432/a%2Fb",
        ),
        (vec![("DB_HOST", "::1"), ("DB_NAME", "shop"), ("DB_USER", "app")], "postgres://app@[::1]:5432/shop"),
        (
            vec![("POSTGRES_HOST", "/run/pg"), ("POSTGRES_DB", "shop"), ("POSTGRES_USER", "app")],
            "postgres://app@%2Frun%2Fpg:5432/shop",
        ),
    ] {
        assert_eq!(under(&variables).load().config.database.url.expose(), url);
    }
    let setup = under(&[("DB_NAME", "shop"), ("DB_USER", "app")]);
    assert_eq!(setup.origin("database.url"), "env DB_NAME, DB_USER");
}

#[test]
fn half_of_a_database_is_an_error_and_never_a_silent_fall_back_to_sqlite() {
    assert_eq!(
        under(&[("POSTGRES_PASSWORD", "hunter2"), ("POSTGRES_PORT", "x")]).problems(),
        [
            "database.url (env POSTGRES_PORT): \"x\" is not accepted; it takes a whole number from 1 to 65535",
            "database.url (env POSTGRES_PORT, POSTGRES_PASSWORD): POSTGRES_DB is needed too, or DATABASE_URL instead",
            "database.url (env POSTGRES_PORT, POSTGRES_PASSWORD): POSTGRES_USER is needed too, or DATABASE_URL instead",
        ]
    );
}

#[test]
fn a_port_alone_makes_no_database() {
    let setup = under(&[("POSTGRES_PORT", "tcp://10.0.0.7:5432"), ("DB_PORT", "5432")]);
    assert_eq!(setup.origin("database.url"), "default");
}

#[test]
fn the_strongest_name_wins_and_the_others_are_said_to_have_no_effect() {
    let variables = [
        ("POSTGRES_DB", "c"),
        ("POSTGRES_USER", "c"),
        ("DB_NAME", "b"),
        ("DB_USER", "b"),
        ("DATABASE_URL", "sqlite://a.db"),
        ("IYAGI__DATABASE__URL", "sqlite://own.db"),
    ];
    for (count, url) in
        [(2, "postgres://c@localhost:5432/c"), (4, "postgres://b@localhost:5432/b"), (5, "sqlite://a.db")]
    {
        assert_eq!(under(&variables[..count]).load().config.database.url.expose(), url);
    }
    let loaded = under(&variables).load();
    assert_eq!(loaded.config.database.url.expose(), "sqlite://own.db");
    assert_eq!(
        loaded.warnings,
        [
            "DATABASE_URL: without effect, since IYAGI__DATABASE__URL sets database.url",
            "DB_NAME, DB_USER: without effect, since IYAGI__DATABASE__URL sets database.url",
            "POSTGRES_DB, POSTGRES_USER: without effect, since IYAGI__DATABASE__URL sets database.url",
        ]
    );
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let setup =
        under(&[("PORT", ""), ("DATABASE_URL", ""), ("IYAGI_ENVIRONMENT", ""), ("DB_HOST", ""), ("REDIS_URL", "")]);
    let loaded = setup.load();
    assert!(loaded.origins.values().all(|origin| *origin == Origin::Default) && loaded.warnings.is_empty());
}

#[test]
fn a_secret_can_come_from_a_file_and_is_trimmed() {
    for name in ["DATABASE_URL_FILE", "IYAGI__DATABASE__URL_FILE"] {
        let setup = Setup::new().secret_file(name, "\npostgres://app:pw@db/shop \n");
        assert_eq!(setup.load().config.database.url.expose(), "postgres://app:pw@db/shop");
        assert_eq!(setup.origin("database.url"), format!("env {name}"));
    }
    for (prefix, database) in [("DB", "DB_NAME"), ("POSTGRES", "POSTGRES_DB")] {
        let (user, file) = (format!("{prefix}_USER"), format!("{prefix}_PASSWORD_FILE"));
        let setup = under(&[(database, "shop"), (&user, "app")]).secret_file(&file, "p w\n");
        assert_eq!(setup.load().config.database.url.expose(), "postgres://app:p%20w@localhost:5432/shop");
        assert_eq!(setup.origin("database.url"), format!("env {database}, {user}, {file}"));
    }
}

#[test]
fn a_secret_given_twice_or_in_a_bad_file_is_an_error() {
    let twice = Setup::new().variable("DATABASE_URL", "sqlite://a").secret_file("DATABASE_URL_FILE", "sqlite://b");
    let both = "both are set; set DATABASE_URL or DATABASE_URL_FILE, not both";
    assert_eq!(twice.problems(), [format!("database.url (env DATABASE_URL, DATABASE_URL_FILE): {both}")]);
    let empty = Setup::new().secret_file("DATABASE_URL_FILE", " \n").problems();
    assert_eq!(empty, ["database.url (env DATABASE_URL_FILE): the file DATABASE_URL_FILE is empty"]);
    let missing = under(&[("DB_NAME", "a"), ("DB_USER", "b"), ("DB_PASSWORD_FILE", "/nowhere/pw")]).problems();
    assert_eq!(missing.len(), 1);
    assert!(
        missing[0].starts_with("database.url (env DB_PASSWORD_FILE): the file /nowhere/pw cannot be read: "),
        "{missing:?}"
    );
}

#[test]
fn redis_is_found_by_its_url_or_its_parts() {
    let url = |variables: &[(&'static str, &'static str)]| under(variables).load().config.redis.url.expose().to_owned();
    assert_eq!(url(&[]), "");
    assert_eq!(url(&[("REDIS_PORT", "6380")]), "", "a service in Kubernetes is no setting");
    assert_eq!(url(&[("REDIS_URL", "rediss://:pw@cache:6380/1")]), "rediss://:pw@cache:6380/1");
    assert_eq!(url(&[("REDIS_HOST", "cache")]), "redis://cache:6379/0");
    let parts = [("REDIS_HOST", "::1"), ("REDIS_PORT", "6380"), ("REDIS_DB", "2"), ("REDIS_PASSWORD", "p@ss")];
    assert_eq!(url(&parts), "redis://:p%40ss@[::1]:6380/2");
    let problems = under(&[("REDIS_PASSWORD", "hunter2")]).problems();
    assert_eq!(problems, ["redis.url (env REDIS_PASSWORD): REDIS_HOST is needed too, or REDIS_URL instead"]);
    let problems = under(&[("REDIS_HOST", "a"), ("REDIS_PORT", "tcp://x"), ("REDIS_DB", "one")]).problems();
    assert_eq!(problems.len(), 2, "{problems:?}");
    for wrong in
        ["http://cache", "redis://", "redis://cache:port", "redis://cache/first", "cache:6379", "unix:///tmp/s"]
    {
        let refused = under(&[("REDIS_URL", wrong)]).problems();
        assert!(refused.len() == 1 && refused[0].starts_with("redis.url (env REDIS_URL): "), "{wrong}: {refused:?}");
    }
}

#[test]
fn names_of_later_features_are_recognised_and_said_to_have_no_effect() {
    for name in [
        "OPENAI_API_KEY",
        "OPENAI_API_KEY_FILE",
        "OPENAI_BASE_URL",
        "GEMINI_API_KEY",
        "LANGSMITH_API_KEY",
        "LANGSMITH_PROJECT_NAME",
        "LANGSMITH_ENDPOINT",
    ] {
        let warnings = under(&[(name, "hunter2")]).load().warnings;
        assert_eq!(warnings, [format!("{name} is set, but this version does not use it yet")]);
    }
    assert_eq!(under(&[("REDISTRIBUTE", "1"), ("HOME", "/"), ("OPENAI", "x")]).load().warnings, [""; 0]);
}

#[test]
fn a_variable_that_misses_our_prefix_by_a_letter_is_pointed_out() {
    let warnings =
        under(&[("IYAGI_SERVER__PORT", "1"), ("IYAGI_LOG_LEVEL", "debug"), ("IYAGI_HOME", "/x")]).load().warnings;
    assert_eq!(
        warnings,
        [
            "IYAGI_LOG_LEVEL is not a name of Iyagi; did you mean `IYAGI__LOG__LEVEL`?",
            "IYAGI_SERVER__PORT is not a name of Iyagi; did you mean `IYAGI__SERVER__PORT`?",
        ]
    );
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_text_is_an_error_only_where_it_would_be_read() {
    use std::os::unix::ffi::OsStringExt;
    let bytes = || OsString::from_vec(vec![0xff]);
    let mut setup = Setup::new();
    setup.options.variables = vec![("OTHER".into(), bytes()), (bytes(), "x".into())];
    assert_eq!(setup.load().config.server.port, 8000);
    for name in ["PORT", "DB_PASSWORD", "IYAGI__STORE__NAME", "DATABASE_URL_FILE", "POSTGRES_MAX_OVERFLOW"] {
        setup.options.variables = vec![(name.into(), bytes())];
        assert_eq!(setup.problems(), [format!("env {name}: its value is not UTF-8 text")]);
    }
}
