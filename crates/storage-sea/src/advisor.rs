//! What the tables know of the load.

use std::time::Duration;

use async_trait::async_trait;
use chat_analytics::advisor::{AdvisorFacts, CONCURRENT, MONTH, is_speed_complaint};
use kernel::{RepositoryError, Timestamp};
use sea_orm::sea_query::{BinOper, Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::entity::{count, feedback, is, session};
use crate::error::repository_error;
use crate::pools::SeaSessions;
use crate::time::Ts;

/// The most comments that are read for a count of complaints.
const MOST_COMMENTS: u64 = 1_000;
/// The highest rating that is a bad one.
const LOW_RATING: i16 = 2;

/// A thumb down, or a low rating.
fn is_low() -> Condition {
    use feedback::Column::{Scale, Value};
    let thumb = Condition::all().add(is(Scale, "thumbs")).add(Value.eq(0));
    let rating = Condition::all().add(is(Scale, "rating")).add(Value.lte(LOW_RATING));
    Condition::any().add(thumb).add(rating)
}

/// Both databases write it so.
const CONCATENATE: BinOper = BinOper::Custom("||");
/// Stands between a store and a user; neither may have a control character in it.
const BETWEEN: &str = "\u{1f}";

/// Sessions that were used in the time up to `now`. There is an upper bound, if one that only another instance's clock
/// could reach, because PostgreSQL takes a range that is open for a third of the table.
fn used_within(time: Duration, now: Timestamp) -> Select<session::Entity> {
    let (from, to) = (Ts::from(now.minus(time)), Ts::from(now.plus(MONTH)));
    session::Entity::find().filter(session::Column::LastActiveAt.between(from, to))
}

impl SeaSessions {
    /// Counts the users of some sessions, each once in a store. As one text, because SQLite would read an index of
    /// stores and users from end to end to find pairs that differ.
    async fn count_users(&self, sessions: Select<session::Entity>) -> Result<u64, RepositoryError> {
        use session::Column::{StoreId, UserId};
        let user = Expr::col(StoreId).binary(CONCATENATE, Expr::val(BETWEEN)).binary(CONCATENATE, Expr::col(UserId));
        let counted = sessions.select_only().expr(user.count_distinct()).into_tuple::<i64>();
        let users = counted.one(&self.pools.reader).await.map_err(repository_error)?;
        count("users", users.unwrap_or_default())
    }
}

#[async_trait]
impl AdvisorFacts for SeaSessions {
    async fn concurrent_users(&self, now: Timestamp) -> Result<u64, RepositoryError> {
        let here = used_within(CONCURRENT, now)
            .filter(is(session::Column::State, "active"))
            .filter(session::Column::ExpiresAt.gt(Ts::from(now)));
        self.count_users(here).await
    }

    async fn monthly_users(&self, now: Timestamp) -> Result<u64, RepositoryError> {
        self.count_users(used_within(MONTH, now)).await
    }

    async fn speed_complaints(&self, now: Timestamp) -> Result<u64, RepositoryError> {
        use feedback::Column::{Comment, GivenAt};
        let comments: Vec<String> = feedback::Entity::find()
            .select_only()
            .column(Comment)
            .filter(Comment.is_not_null())
            .filter(GivenAt.gte(Ts::from(now.minus(MONTH))))
            .filter(is_low())
            .order_by_desc(GivenAt)
            .limit(MOST_COMMENTS)
            .into_tuple()
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        Ok(comments.iter().filter(|comment| is_speed_complaint(comment)).count() as u64)
    }
}
