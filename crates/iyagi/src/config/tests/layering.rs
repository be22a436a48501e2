//! Which layer wins, and what a configuration means.

use std::time::Duration;

use super::*;

#[test]
fn with_nothing_set_the_built_in_defaults_hold() {
    let loaded = Setup::new().load();
    let config = &loaded.config;
    assert_eq!(loaded.environment, "production");
    assert_eq!((config.server.host.as_str(), config.server.port, config.server.workers), ("127.0.0.1", 8000, 2));
    assert_eq!((config.server.body_limit_bytes, config.server.shutdown()), (1_048_576, Duration::from_secs(2)));
    assert_eq!((config.log.format, config.log.level.as_str()), (LogFormat::Pretty, "info"));
    assert_eq!((config.database.pool_max, config.database.pool_min), (10, 0));
    assert_eq!(config.database.idle_timeout(), Some(Duration::from_mins(5)));
    assert_eq!(config.database.connection_timeout(), Duration::from_secs(5));
    assert_eq!((config.store.default.as_str(), config.store.name.as_str()), ("demo", "이야기 데모 상점"));
    assert_eq!(
        (config.database.connect_retry(), config.database.tls, config.database.tls_ca_file()),
        (Duration::from_secs(30), Tls::Auto, None)
    );
    assert_eq!(
        (
            config.database.statement_timeout_seconds,
            config.database.lock_timeout_seconds,
            config.database.idle_in_transaction_timeout_seconds
        ),
        (30, 10, 60)
    );
    assert_eq!(config.session.lifetimes(), Duration::from_hours(24).into());
    assert_eq!(config.session.keep_deleted(), Duration::from_hours(90 * 24));
    assert_eq!(config.chat.busy, model::Busy::Queue);
    assert_eq!(config.session.cleanup_interval(), Duration::from_hours(1));
    assert_eq!(
        (config.chat.max_message_chars, config.chat.history_messages, config.chat.history_tokens),
        (2000, 10, 2000)
    );
    assert_eq!(
        (config.chat.queue_timeout(), config.chat.turn_timeout()),
        (Duration::from_mins(1), Duration::from_mins(2))
    );
    assert_eq!(
        (config.chat.heartbeat(), config.chat.finished_stream()),
        (Duration::from_secs(10), Duration::from_mins(10))
    );
    assert_eq!((config.retrieval.limit, config.retrieval.collections.len()), (6, 0));
    assert!(config.prices.book().is_ok());
    assert!(loaded.origins.values().all(|origin| *origin == Origin::Default) && loaded.warnings.is_empty());
}

#[test]
fn the_built_in_file_sets_every_key_and_the_structs_have_every_key() {
    let loaded = Setup::new().load();
    let keys: Vec<_> = loaded.origins.keys().copied().collect();
    let mut known: Vec<_> = schema::FIELDS.iter().map(|field| field.path).collect();
    known.sort_unstable();
    assert_eq!(keys, known);
}

#[test]
fn each_layer_wins_over_the_one_before_it_and_is_named_as_the_origin() {
    let mut setup = Setup::new();
    assert_eq!((setup.load().config.server.port, setup.origin("server.port")), (8000, "default".into()));
    setup = setup.file("default.toml", "[server]\nport = 1\n");
    assert_eq!((setup.load().config.server.port, setup.origin("server.port")), (1, "config/default.toml".into()));
    setup = setup.file("production.toml", "[server]\nport = 2\n");
    assert_eq!((setup.load().config.server.port, setup.origin("server.port")), (2, "config/production.toml".into()));
    setup = setup.variable("PORT", "3");
    assert_eq!((setup.load().config.server.port, setup.origin("server.port")), (3, "env PORT".into()));
    setup = setup.variable("IYAGI__SERVER__PORT", "4");
    assert_eq!((setup.load().config.server.port, setup.origin("server.port")), (4, "env IYAGI__SERVER__PORT".into()));
    setup = setup.flag("--port", "server.port", "5");
    assert_eq!((setup.load().config.server.port, setup.origin("server.port")), (5, "flag --port".into()));
    assert_eq!(setup.origin("server.host"), "default");
}

#[test]
fn the_flag_names_the_environment_before_the_variable_does() {
    let setup = Setup::new()
        .file("staging.toml", "[server]\nport = 1\n")
        .file("test.toml", "[server]\nport = 2\n")
        .variable("IYAGI_ENVIRONMENT", "staging");
    let loaded = setup.load();
    assert_eq!((loaded.environment.as_str(), loaded.config.server.port), ("staging", 1));
    let loaded = setup.environment("test").load();
    assert_eq!((loaded.environment.as_str(), loaded.config.server.port), ("test", 2));
}

#[test]
fn only_the_default_environment_may_go_without_a_file() {
    assert_eq!(Setup::new().load().environment, "production");
    assert_eq!(
        Setup::new().environment("production").problems(),
        ["config/production.toml: there is no such file, but flag --environment names the environment `production`"]
    );
    assert_eq!(
        Setup::new().variable("IYAGI_ENVIRONMENT", "prod").problems(),
        ["config/prod.toml: there is no such file, but env IYAGI_ENVIRONMENT names the environment `prod`"]
    );
}

#[test]
fn an_environment_is_a_name_and_never_a_path() {
    for name in ["../secrets", "a b", "", "한국"] {
        assert_eq!(
            Setup::new().environment(name).problems(),
            [format!("flag --environment: \"{name}\" is no environment; it takes letters, digits, `-` and `_`")]
        );
    }
}

#[test]
fn the_database_is_a_file_in_the_data_directory_unless_a_url_says_otherwise() {
    for (url, target) in [
        ("", DatabaseTarget::Sqlite("data/iyagi.db".into())),
        ("sqlite://shop.db", DatabaseTarget::Sqlite("shop.db".into())),
        ("sqlite:///var/lib/shop.db", DatabaseTarget::Sqlite("/var/lib/shop.db".into())),
        ("sqlite:shop.db", DatabaseTarget::Sqlite("shop.db".into())),
        ("postgres://app:pw@db/shop", DatabaseTarget::Postgres(Secret::new("postgres://app:pw@db/shop"))),
        ("postgresql://db/shop", DatabaseTarget::Postgres(Secret::new("postgresql://db/shop"))),
        ("postgresql+asyncpg://app@db/shop", DatabaseTarget::Postgres(Secret::new("postgresql://app@db/shop"))),
    ] {
        let setup = Setup::new().flag("--data", "data.dir", "data").flag("--database", "database.url", url);
        assert_eq!(setup.load().config.database(), target, "{url}");
    }
}

#[test]
fn a_list_is_an_array_in_a_file_and_separated_by_commas_in_a_variable() {
    let setup = Setup::new().file("production.toml", "[retrieval]\ncollections = [\"faq\", \"환불\"]\n");
    assert_eq!(setup.load().config.retrieval.collections, ["faq", "환불"]);
    let setup = setup.variable("IYAGI__RETRIEVAL__COLLECTIONS", " policy, 배송 ,");
    assert_eq!(setup.load().config.retrieval.collections, ["policy", "배송"]);
}

#[test]
fn an_idle_time_out_of_zero_means_never() {
    let setup = Setup::new().variable("IYAGI__DATABASE__IDLE_TIMEOUT_SECONDS", "0");
    assert_eq!(setup.load().config.database.idle_timeout(), None);
}

#[test]
fn no_debug_text_of_a_configuration_holds_its_password() {
    let loaded = Setup::new().variable("DATABASE_URL", "postgres://app:hunter2@db/shop").load();
    let text = format!("{loaded:?} {:?}", loaded.config.database());
    assert!(text.contains("postgres://app:***@db/shop") && !text.contains("hunter2"), "{text}");
}

#[test]
fn stores_may_have_lifetimes_of_their_own_in_a_file_and_in_a_variable() {
    let hours = |name: &str, hours| (kernel::StoreId::new(name).unwrap(), Duration::from_hours(hours));
    let setup =
        Setup::new().file("production.toml", "[session]\nexpire_hours_by_store = [\"outlet = 2\", \"a,b=c=48\"]\n");
    let lifetimes = setup.load().config.session.lifetimes();
    assert_eq!(lifetimes.usual, Duration::from_hours(24));
    assert_eq!(lifetimes.by_store, [hours("outlet", 2), hours("a,b=c", 48)].into());
    let setup = setup.variable("IYAGI__SESSION__EXPIRE_HOURS_BY_STORE", "상점=8760");
    assert_eq!(setup.load().config.session.lifetimes().by_store, [hours("상점", 8760)].into());
}

#[test]
fn a_busy_session_and_tls_take_the_words_that_are_documented() {
    for (word, busy) in
        [("queue", model::Busy::Queue), ("reject", model::Busy::Reject), ("interrupt", model::Busy::Interrupt)]
    {
        assert_eq!(Setup::new().variable("IYAGI__CHAT__BUSY", word).load().config.chat.busy, busy);
    }
    for (word, tls) in
        [("auto", Tls::Auto), ("verify-full", Tls::VerifyFull), ("require", Tls::Require), ("disable", Tls::Disable)]
    {
        assert_eq!(Setup::new().variable("IYAGI__DATABASE__TLS", word).load().config.database.tls, tls);
    }
    let setup = Setup::new().variable("IYAGI__DATABASE__TLS_CA_FILE", "/etc/ca.pem");
    assert_eq!(setup.load().config.database.tls_ca_file(), Some("/etc/ca.pem".into()));
}
