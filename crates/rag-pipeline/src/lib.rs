//! Documents in (read, chunk, embed, index) and grounded, cited answers out.
//!
//! The crate knows no database, no HTTP and no clock of its own: it works through the ports in
//! [`ports`], which adapters implement and `testing` fakes. [`ingest::Ingestor`] takes documents in,
//! [`planner::AnswerPlanner`] makes of a question what a model is asked, [`evaluation`] measures both.

pub mod cues;
pub mod evaluation;
pub mod followup;
pub mod ingest;
pub mod matching;
pub mod model;
pub mod planner;
pub mod ports;
pub mod reindex;
pub mod retrieval;
pub mod text;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
