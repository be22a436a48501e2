//! The index of conversations: a row for each message, and its terms in the database's own full-text index.
//!
//! Terms are split before they come here. PostgreSQL keeps them as lexemes under a GIN index. SQLite keeps
//! them in an FTS5 table without their text (`content=''`) and without places (`detail=none`): the ASCII
//! tokenizer leaves every letter of other scripts whole, and the point that terms may hold is declared. A
//! trigger keeps the FTS5 table, which knows no foreign keys, in step with the rows, whoever removes them.

use kernel::{StoreId, UserId};
use sea_orm_migration::{
    prelude::*,
    sea_orm::{DbBackend, QueryResult, Statement, Value, prelude::Uuid},
};
use session_core::search::{message_terms, store_term, user_term};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// How many messages are read at a time.
const BATCH: usize = 500;

const SQLITE: &[&str] = &[
    "CREATE TABLE message_search (
        seq integer PRIMARY KEY,
        message_id uuid_text NOT NULL UNIQUE REFERENCES chat_messages (id) ON DELETE CASCADE,
        session_id uuid_text NOT NULL,
        agent text,
        created_at timestamp_with_timezone_text NOT NULL
    )",
    "CREATE VIRTUAL TABLE message_search_terms USING fts5(
        terms, content = '', contentless_delete = 1, detail = none, tokenize = \"ascii tokenchars '.'\"
    )",
    "CREATE TRIGGER message_search_removed AFTER DELETE ON message_search
        BEGIN DELETE FROM message_search_terms WHERE rowid = old.seq; END",
];

const POSTGRES: &[&str] = &["CREATE TABLE message_search (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        message_id uuid NOT NULL UNIQUE REFERENCES chat_messages (id) ON DELETE CASCADE,
        session_id uuid NOT NULL,
        agent text,
        created_at timestamp with time zone NOT NULL,
        terms tsvector NOT NULL
    )"];

/// After the rows are there: building an index at once is cheaper than row by row.
const POSTGRES_INDEX: &str = "CREATE INDEX ix_message_search_terms ON message_search USING gin (terms)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// With its rows or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sqlite = manager.get_database_backend() == DbBackend::Sqlite;
        for statement in if sqlite { SQLITE } else { POSTGRES } {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        index_what_is_there(manager).await?;
        if !sqlite {
            manager.get_connection().execute_unprepared(POSTGRES_INDEX).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Sqlite {
            connection.execute_unprepared("DROP TABLE message_search_terms").await?;
        }
        connection.execute_unprepared("DROP TABLE message_search").await?;
        Ok(())
    }
}

/// In the order of the ids, which is that of time.
async fn index_what_is_there(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut last: Option<Uuid> = None;
    loop {
        let (after, values) = match last {
            Some(last) => ("WHERE m.id > $1", vec![Value::from(last)]),
            None => ("", Vec::new()),
        };
        let sql = format!(
            "SELECT m.id AS id, m.content AS content, s.store_id AS store_id, s.user_id AS user_id \
             FROM chat_messages m JOIN chat_sessions s ON s.id = m.session_id {after} ORDER BY m.id LIMIT {BATCH}"
        );
        let statement = Statement::from_sql_and_values(manager.get_database_backend(), sql, values);
        let rows = manager.get_connection().query_all_raw(statement).await?;
        for row in &rows {
            last = Some(row.try_get("", "id")?);
            index_message(manager, row).await?;
        }
        if rows.len() < BATCH {
            return Ok(());
        }
    }
}

async fn index_message(manager: &SchemaManager<'_>, row: &QueryResult) -> Result<(), DbErr> {
    let (id, content): (Uuid, String) = (row.try_get("", "id")?, row.try_get("", "content")?);
    let unusable = |error: kernel::InvalidId| DbErr::Custom(error.to_string());
    let store = StoreId::new(row.try_get::<String>("", "store_id")?).map_err(unusable)?;
    let user = UserId::new(row.try_get::<String>("", "user_id")?).map_err(unusable)?;
    let mut terms: Vec<String> = message_terms(&content).into_iter().collect();
    terms.extend([store_term(&store), user_term(&store, &user)]);
    let (id, terms) = (Value::from(id), Value::from(terms.join(" ")));
    let statements: &[(&str, Vec<Value>)] = if manager.get_database_backend() == DbBackend::Sqlite {
        &[
            (
                "INSERT INTO message_search (message_id, session_id, agent, created_at) \
                 SELECT id, session_id, agent_used, created_at FROM chat_messages WHERE id = $1",
                vec![id],
            ),
            ("INSERT INTO message_search_terms (rowid, terms) VALUES (last_insert_rowid(), $1)", vec![terms]),
        ]
    } else {
        &[(
            "INSERT INTO message_search (message_id, session_id, agent, created_at, terms) \
             SELECT id, session_id, agent_used, created_at, array_to_tsvector(string_to_array($2, ' ')) \
             FROM chat_messages WHERE id = $1",
            vec![id, terms],
        )]
    };
    for (sql, values) in statements {
        let statement = Statement::from_sql_and_values(manager.get_database_backend(), *sql, values.clone());
        manager.get_connection().execute_raw(statement).await?;
    }
    Ok(())
}
