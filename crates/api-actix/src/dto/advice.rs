use chat_analytics::advisor::{Advice, Trigger};
use kernel::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::language::Language;

/// Whether adding Redis would pay, and the figures that say so. There is nothing personal in it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Advice)]
pub(crate) struct AdviceBody {
    #[schema(value_type = String, format = DateTime)]
    measured_at: Timestamp,
    /// How far back this server's traffic was looked at: at most 300, less after a start.
    window_seconds: u64,
    /// The cache that all instances share: `none` or `redis`. What a process remembers for itself (`memory` in
    /// `/health`) does not count.
    #[schema(example = "none")]
    cache: &'static str,
    /// The share of look-ups that Redis answered, in percent; null without Redis, and before the first look-up.
    cache_hit_ratio: Option<f64>,
    triggers: Vec<TriggerBody>,
    /// `notNeeded`, `worthAdding`, `addNow` or `alreadyOn`.
    #[schema(example = "notNeeded")]
    verdict: &'static str,
    /// What to do, in the language that was asked for.
    recommendation: &'static str,
}

/// A figure against its threshold.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AdviceTrigger)]
struct TriggerBody {
    /// `concurrentUsers`, `monthlyUsers`, `sessionQueryP95`, `sessionOperations`, `databaseCpu`, `speedComplaints` or
    /// `expectedHitRatio`.
    #[schema(example = "concurrentUsers")]
    name: &'static str,
    #[schema(example = 200.0)]
    threshold: f64,
    /// How the value is held against the threshold: `>` or `>=`.
    #[schema(example = ">")]
    comparison: &'static str,
    /// Null where it cannot be read; the note says why.
    value: Option<f64>,
    /// `users`, `ms`, `perSecond`, `percent` or `complaints`.
    #[schema(example = "users")]
    unit: &'static str,
    /// Whether the value passes the threshold.
    fires: bool,
    /// What is measured, or why it cannot be, in the language that was asked for.
    note: &'static str,
}

/// To a thousandth: what is finer is noise.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

impl AdviceBody {
    pub(crate) fn of(advice: &Advice, language: Language) -> Self {
        let figures = &advice.figures;
        Self {
            measured_at: figures.measured_at,
            window_seconds: figures.window.as_secs(),
            cache: figures.cache.kind.name(),
            cache_hit_ratio: figures.cache.hit_ratio.map(|ratio| rounded(ratio * 100.0)),
            triggers: figures.triggers.iter().map(|trigger| TriggerBody::of(*trigger, language)).collect(),
            verdict: advice.verdict.name(),
            recommendation: language.of_wording(advice.verdict.recommendation()),
        }
    }
}

impl TriggerBody {
    fn of(trigger: Trigger, language: Language) -> Self {
        Self {
            name: trigger.kind.name(),
            threshold: trigger.kind.threshold(),
            comparison: trigger.kind.comparison().sign(),
            value: trigger.reading.value().map(rounded),
            unit: trigger.kind.unit().name(),
            fires: trigger.fires(),
            note: language.of_wording(trigger.note()),
        }
    }
}
