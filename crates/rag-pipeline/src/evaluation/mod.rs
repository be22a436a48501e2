//! Measuring answers against questions whose answers are known.

mod case;
mod metrics;
mod report;
mod runner;

pub use case::{Case, CaseError, CaseKind, Split, parse_cases};
pub use metrics::{CaseResult, contains_fact};
pub use report::{Figures, Report, Row};
pub use runner::{EvalError, Evaluation, collect_answer};
