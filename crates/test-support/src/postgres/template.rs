//! Databases that are migrated once in a process and cloned for each test.

use std::{
    collections::HashMap,
    fmt::Display,
    sync::{Arc, LazyLock},
};

use tokio::sync::{Mutex, OnceCell};

use super::{TestDatabase, database, server};
use crate::Unavailable;

type Slot = Arc<OnceCell<Result<Template, Unavailable>>>;

static TEMPLATES: LazyLock<Mutex<HashMap<String, Slot>>> = LazyLock::new(Mutex::default);

/// A migrated database to clone from; nobody may be connected to it.
#[derive(Debug, Clone)]
pub struct Template {
    database: String,
}

/// The template called `name`. The first caller in this process makes it: `migrate` gets the URL
/// of an empty database and must have closed its connections when it returns. Who comes meanwhile
/// waits for that; who comes later passes a `migrate` that is not called.
///
/// # Errors
/// As [`server()`]; [`Unavailable::Failed`] with the error of `migrate`, for every caller.
pub async fn template<F, E>(name: &str, migrate: impl FnOnce(String) -> F) -> Result<Template, Unavailable>
where
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    let slot = {
        let mut templates = TEMPLATES.lock().await;
        Slot::clone(templates.entry(name.to_owned()).or_default())
    };
    let made = slot.get_or_init(|| async {
        let database = database().await?;
        migrate(database.url.clone())
            .await
            .map_err(|error| Unavailable::failed(&format!("migrating the template {name}"), &error))?;
        Ok(Template { database: database.keep() })
    });
    made.await.clone()
}

impl Template {
    /// A copy of the template for one test.
    ///
    /// # Errors
    /// [`Unavailable::Failed`] when it cannot be copied, also because somebody stays connected to
    /// the template.
    pub async fn database(&self) -> Result<TestDatabase, Unavailable> {
        TestDatabase::create(server().await?, &self.database).await
    }
}
