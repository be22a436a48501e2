//! The load program behind docs/BENCHMARKS.md. Not shipped.
