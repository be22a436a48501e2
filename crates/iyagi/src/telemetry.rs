//! Logs to stderr and metrics for `/metrics`: set up once, at the start of a process.

use std::io::IsTerminal;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

use crate::config::LogFormat;
use crate::log_lines::LogLines;

/// What comes before the configured level. SQL may hold what a customer wrote, so statements are
/// logged only for who asks for `sqlx::query` by name; sqlx warns of slow ones with their text.
const QUIET: &str = "sqlx=warn,sqlx::query=error,sea_orm=warn,actix_server=warn";

/// Upper bounds of the buckets of every `*_seconds` histogram, in seconds. Among them are the
/// bounds the project is judged by: 20 ms for a session, 50 ms for a query, 3 s for an answer.
const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0];

/// What a process tells of itself. Dropped, it has told all.
pub(crate) struct Telemetry {
    /// Renders the metrics. Its owner calls `run_upkeep` now and then, or the recorder's buffers grow between two
    /// renderings.
    pub(crate) metrics: PrometheusHandle,
    _lines: LogLines,
}

/// Sends logs to stderr and metrics to a recorder.
///
/// # Errors
/// When `level` is no filter, or when the process has a logger or a recorder already.
pub(crate) fn init(format: LogFormat, level: &str) -> anyhow::Result<Telemetry> {
    let filter = filter(level)?;
    let lines = LogLines::to_stderr()?;
    registry()
        .with(filter)
        .with(layer(format, std::io::stderr().is_terminal(), lines.writer()))
        .try_init()
        .context("logging cannot be set up")?;
    let metrics = recorder()?.install_recorder().context("metrics cannot be set up")?;
    Ok(Telemetry { metrics, _lines: lines })
}

fn filter(level: &str) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(format!("{QUIET},{level}")).with_context(|| format!("`{level}` is no log level"))
}

fn layer<S, W>(format: LogFormat, colours: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    match format {
        LogFormat::Pretty => fmt::layer().with_ansi(colours).with_writer(writer).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(writer).boxed(),
    }
}

fn recorder() -> anyhow::Result<PrometheusBuilder> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
        .context("the histogram buckets are wrong")
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What `events` log under a format and a level.
    fn logged(format: LogFormat, level: &str, events: impl FnOnce()) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = registry().with(filter(level).unwrap()).with(layer(format, false, move || writer.clone()));
        tracing::subscriber::with_default(subscriber, events);
        let bytes = buffer.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn statements() {
        tracing::debug!(target: "sqlx::query", "SELECT a");
        tracing::warn!(target: "sqlx::query", "slow: SELECT b");
        tracing::info!(target: "sea_orm::driver", "SELECT c");
        tracing::info!(target: "sqlx::pool", "SELECT d");
    }

    #[test]
    fn a_pretty_event_is_one_line_with_its_span_and_fields() {
        let text = logged(LogFormat::Pretty, "info", || {
            let _span = tracing::info_span!("http.chat", request = 7).entered();
            tracing::info!(tokens = 3, "turn closed");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        for part in ["INFO", "http.chat{request=7}", "turn closed", "tokens=3"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn a_json_event_is_one_object_with_its_fields_at_the_top() {
        let text = logged(LogFormat::Json, "info", || tracing::info!(tokens = 3, "주문 접수"));
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&event["message"], &event["tokens"], &event["level"]),
            (&"주문 접수".into(), &3.into(), &"INFO".into())
        );
    }

    #[test]
    fn sql_never_shows_however_low_the_level() {
        for level in ["info", "debug", "trace", "trace,sqlx=debug"] {
            let text = logged(LogFormat::Pretty, level, statements);
            assert!(!text.contains("SELECT a") && !text.contains("SELECT b"), "{level}: {text}");
        }
        assert_eq!(logged(LogFormat::Pretty, "trace", statements), "");
    }

    #[test]
    fn sql_shows_for_who_asks_for_it_by_name() {
        assert!(logged(LogFormat::Pretty, "info,sqlx::query=debug", statements).contains("SELECT a"));
    }

    #[test]
    fn the_level_holds_for_the_rest() {
        let events = || {
            tracing::info!(target: "iyagi", "loud");
            tracing::debug!(target: "storage_sqlite", "detail");
            tracing::debug!(target: "iyagi", "quiet");
        };
        let text = logged(LogFormat::Pretty, "info,storage_sqlite=debug", events);
        assert!(text.contains("loud") && text.contains("detail") && !text.contains("quiet"), "{text}");
    }

    #[test]
    fn a_wrong_level_is_named() {
        assert_eq!(filter("iyagi=loud").unwrap_err().to_string(), "`iyagi=loud` is no log level");
    }

    #[test]
    fn a_histogram_of_seconds_has_buckets_from_a_millisecond_to_a_minute() {
        let recorder = recorder().unwrap().build_recorder();
        metrics::with_local_recorder(&recorder, || metrics::histogram!("turn_seconds").record(0.015));
        let text = recorder.handle().render();
        for line in [
            "turn_seconds_bucket{le=\"0.001\"} 0",
            "turn_seconds_bucket{le=\"0.01\"} 0",
            "turn_seconds_bucket{le=\"0.02\"} 1",
            "turn_seconds_bucket{le=\"60\"} 1",
        ] {
            assert!(text.contains(line), "{line}:\n{text}");
        }
    }
}
