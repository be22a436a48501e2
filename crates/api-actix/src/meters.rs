//! The metrics of requests, looked up once for each kind of request.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram};

/// The metrics of one worker: what is counted goes together, but each worker knows by itself where.
#[derive(Clone)]
pub(crate) struct Meters(Rc<Inner>);

struct Inner {
    in_flight: Gauge,
    /// By route; there are few methods and statuses of each.
    requests: RefCell<HashMap<String, Vec<Kind>>>,
}

/// Requests of a route with a method and a status.
struct Kind {
    method: &'static str,
    status: u16,
    total: Counter,
    duration: Histogram,
}

impl Meters {
    pub(crate) fn new() -> Self {
        Self(Rc::new(Inner { in_flight: metrics::gauge!("http_requests_in_flight"), requests: RefCell::default() }))
    }

    /// A request has come.
    pub(crate) fn begin(&self) {
        self.0.in_flight.increment(1.0);
    }

    /// A request is over.
    pub(crate) fn end(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        self.0.in_flight.decrement(1.0);
        let mut requests = self.0.requests.borrow_mut();
        if !requests.contains_key(route) {
            requests.insert(route.to_owned(), Vec::new());
        }
        let Some(kinds) = requests.get_mut(route) else { return };
        let known = kinds.iter().position(|kind| kind.method == method && kind.status == status);
        let place = known.unwrap_or_else(|| {
            kinds.push(Kind::of(method, route, status));
            kinds.len() - 1
        });
        kinds[place].total.increment(1);
        kinds[place].duration.record(took.as_secs_f64());
    }
}

impl Kind {
    fn of(method: &'static str, route: &str, status: u16) -> Self {
        let (route, told) = (route.to_owned(), status.to_string());
        let total =
            metrics::counter!("http_requests_total", "method" => method, "route" => route.clone(), "status" => told);
        let duration = metrics::histogram!("http_request_duration_seconds", "method" => method, "route" => route);
        Self { method, status, total, duration }
    }
}
