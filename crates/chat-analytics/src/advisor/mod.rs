//! When to add Redis.
//!
//! | figure | threshold | where it comes from |
//! |---|---|---|
//! | concurrent users | > 200 | [`AdvisorFacts::concurrent_users`] |
//! | monthly users | > 1,000 | [`AdvisorFacts::monthly_users`] |
//! | session query p95 | > 50 ms | [`Traffic`] |
//! | session operations | > 100 per second | [`Traffic`] |
//! | database CPU | > 80 % of the machine | [`DatabaseCpu`] |
//! | speed complaints | ≥ 5 in 30 days | [`AdvisorFacts::speed_complaints`] |
//! | expected hit ratio | ≥ 70 % | [`Traffic`] |
//!
//! The first six are **loads**: each is a reason for a cache. The hit ratio is a **condition**: below it a
//! cache would mostly miss, and no load makes it pay. [`Verdict::of`] is the rule.
//!
//! Users and complaints are those of the whole database; p95, operations, hit ratio and CPU are what one
//! server process and one machine see. None of them says anything about a person.

mod complaints;
mod ports;
mod recent;
mod service;
mod traffic;
mod trigger;
mod verdict;
mod wording;

pub use complaints::is_speed_complaint;
pub use ports::{AdvisorFacts, CONCURRENT, DatabaseCpu, MONTH};
pub use service::{Advisor, AdvisorPorts};
pub use traffic::{Traffic, TrafficFigures};
pub use trigger::{Comparison, Reading, Trigger, TriggerKind, Unit, Unreadable};
pub use verdict::{Advice, CacheKind, CacheUse, Figures, Verdict};
pub use wording::Wording;
