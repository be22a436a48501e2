//! Measuring answers against questions whose answers are known.

mod case;
mod comparison;
mod metrics;
mod report;
mod runner;
mod squad;

pub use case::{Case, CaseError, CaseKind, Split, parse_cases};
pub use comparison::{Asked, Comparing, Comparison, MethodFigures};
pub use metrics::{CaseResult, contains_fact};
pub use report::{Figures, Report, Row};
pub use runner::{EvalError, Evaluation, collect_answer};
pub use squad::{Squad, SquadError, SquadQuestion, parse_squad};
