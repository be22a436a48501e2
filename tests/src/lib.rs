//! End-to-end, architecture and documentation tests of Iyagi live in `tests/tests`.
