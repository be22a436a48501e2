//! The schema, for SQLite and PostgreSQL.
