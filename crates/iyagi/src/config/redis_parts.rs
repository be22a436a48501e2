//! A Redis URL put together from `REDIS_HOST` and its like.

use super::database_parts::{host, percent_encoded, port};
use super::environment::{Found, Refusal, Variables};
use super::schema::{self, Field};

/// The names of the parts, without `…_FILE`.
pub(super) const NAMES: [&str; 4] = ["REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_PASSWORD"];

/// The URL, when there is a host. A port alone does not count: Kubernetes sets `REDIS_PORT` in every pod beside a
/// service called `redis`. A password or a number of a database without a host would be half a setting, which is an
/// error and never a silent going without Redis.
pub(super) fn read(field: &Field, variables: &Variables) -> Option<Found> {
    let [host_name, port_name, db_name, password_name] = NAMES;
    let password = variables.secret(password_name);
    let used: Vec<String> = [host_name, port_name, db_name]
        .into_iter()
        .filter(|name| variables.get(name).is_some())
        .map(str::to_owned)
        .chain(password.as_ref().map(|read| read.from.clone()))
        .collect();
    if used.iter().all(|name| name == port_name) {
        return None;
    }
    let mut refusals = Vec::new();
    let Some(address) = variables.get(host_name).map(host) else {
        let message = format!("{host_name} is needed too, or REDIS_URL instead");
        return Some(Found { from: used.join(", "), value: Err(vec![Refusal::Other(used.join(", "), message)]) });
    };
    let port = port(port_name, 6379, variables).unwrap_or_else(|refusal| {
        refusals.push(refusal);
        0
    });
    let number = variables.get(db_name).map_or(Ok(0), |text| text.trim().parse::<u16>().map_err(|_| text));
    let number = number.unwrap_or_else(|text| {
        let text = schema::shorten(text, 80);
        let message = format!("\"{text}\" is not accepted; it takes the number of a database");
        refusals.push(Refusal::Other(db_name.to_owned(), message));
        0
    });
    let password = match password.map(|read| (read.from, read.value)) {
        Some((_, Ok(password))) => format!(":{}@", percent_encoded(&password)),
        Some((from, Err(message))) => {
            refusals.push(Refusal::Other(from, message));
            String::new()
        }
        None => String::new(),
    };
    let url = format!("redis://{password}{address}:{port}/{number}");
    let value = if refusals.is_empty() {
        field.parse(&url).ok_or_else(|| vec![Refusal::Value(String::new())])
    } else {
        Err(refusals)
    };
    Some(Found { from: used.join(", "), value })
}
