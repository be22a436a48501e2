//! Databases of other systems.

use tempfile::TempDir;
use test_support::{sql, temp};

/// An SQLite file of another system.
pub(super) struct SqliteFile {
    _directory: TempDir,
    pub(super) address: String,
}

/// An SQLite file that a script makes.
pub(super) async fn sqlite(script: &str) -> SqliteFile {
    let directory = temp::directory().unwrap();
    let address = format!("sqlite:{}", directory.path().join("old.db").display());
    sql::run(&address, script).await.unwrap();
    SqliteFile { _directory: directory, address }
}

/// Stage 1 as it is in PostgreSQL: UUIDs, `jsonb`, `timestamptz`.
pub(super) const STAGE1: &str = "
CREATE TABLE chat_sessions (id uuid PRIMARY KEY, store_id varchar(50) NOT NULL, user_id varchar(100) NOT NULL,
    created_at timestamptz, last_active_at timestamptz, expires_at timestamptz, is_active boolean, metadata jsonb);
CREATE TABLE chat_messages (id uuid PRIMARY KEY, session_id uuid REFERENCES chat_sessions, role varchar(20),
    content text, token_count int, response_time_ms int, sequence_number int, langsmith_trace_id varchar(100),
    metadata jsonb, created_at timestamptz);
INSERT INTO chat_sessions VALUES
    ('00000000-0000-4000-8000-000000000001', 'shop-a', 'kim', '2026-11-20 10:00:00+09', '2026-11-20 10:05:00+09',
     '2026-11-21 10:05:00+09', true, '{\"inquiry_category\": \"배송문의\", \"channel\": \"web\"}'),
    ('00000000-0000-4000-8000-000000000002', 'shop-b', 'lee', '2026-11-19 10:00:00+09', '2026-11-19 10:05:00+09',
     '2026-11-20 10:05:00+09', false, NULL);
INSERT INTO chat_messages VALUES
    ('00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000001', 'user', '배송비 얼마예요?',
     NULL, NULL, 1, NULL, '{}', '2026-11-20 10:00:00+09'),
    ('00000000-0000-4000-8000-000000000012', '00000000-0000-4000-8000-000000000001', 'assistant', '3,000원입니다.',
     150, 1200, 2, 'trace-1', '{\"score\": 1.0}', '2026-11-20 10:00:02+09'),
    ('00000000-0000-4000-8000-000000000013', '00000000-0000-4000-8000-000000000001', 'user', '제주도는요?',
     NULL, NULL, 3, NULL, '{}', '2026-11-20 10:05:00+09');
";

/// The session manager's only table; the same text makes it in SQLite and in PostgreSQL.
pub(super) const SESSION_MANAGER: &str = "
CREATE TABLE sessions (session_id TEXT PRIMARY KEY, user_id TEXT, metadata TEXT, created_at TEXT, expires_at TEXT,
    last_activity TEXT, request_count INTEGER);
INSERT INTO sessions VALUES
    ('sess-1', 'kim', '{\"device\": \"ios\"}', '2026-11-20T01:00:00', '2026-11-21T01:00:00', '2026-11-20T02:00:00', 7),
    ('sess-2', 'lee', NULL, '2026-11-20T01:00:00', '2026-11-21T01:00:00', '2026-11-20T01:00:00', 0);
";

/// The conversation database, with numbers for ids; some columns are left out.
pub(super) const CONVERSATIONS: &str = "
CREATE TABLE conversations (id INTEGER PRIMARY KEY, title TEXT, user_id TEXT, message_count INTEGER, created_at TEXT);
CREATE TABLE messages (id INTEGER PRIMARY KEY, conversation_id INTEGER, role TEXT, content TEXT, agent_used TEXT,
    routing_info TEXT, \"references\" TEXT, created_at TEXT);
INSERT INTO conversations VALUES (1, '환불 문의', 'kim', 2, '2026-11-20 10:00:00+09:00'),
    (2, NULL, 'lee', 1, '2026-11-20 11:00:00+09:00');
INSERT INTO messages VALUES
    (10, 1, 'assistant', '7일 안에 됩니다.', 'policy', '{\"confidence\": 0.9}',
     '[{\"title\": \"환불 안내\", \"url\": \"https://shop.example/refund\"}]', '2026-11-20 10:00:03+09:00'),
    (9, 1, 'user', '환불 되나요?', NULL, NULL, NULL, '2026-11-20 10:00:00+09:00'),
    (11, 2, 'user', '교환은요?', NULL, NULL, NULL, '2026-11-20 11:00:00+09:00');
";
