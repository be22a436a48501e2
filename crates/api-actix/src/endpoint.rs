use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{Route, guard};

use crate::error::{ApiError, ErrorCode};

/// One row of the route table: routing, the answer to a wrong method, and the errors in the OpenAPI
/// document all come from it.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// What it may answer besides success, in groups.
    pub(crate) errors: &'static [&'static [ErrorCode]],
    pub(crate) to: fn(Route) -> Route,
}

impl Endpoint {
    /// HEAD is GET without its body, except for streams and connections, whose body is all there is.
    fn answers_head(&self) -> bool {
        self.method == Method::GET && !self.path.ends_with("/stream") && !self.path.starts_with("/ws/")
    }

    fn route(&self) -> Route {
        let route = if self.answers_head() {
            web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
        } else {
            web::route().guard(guard::Method(self.method.clone()))
        };
        (self.to)(route)
    }
}

/// Registers the table, in its order: the first path that fits is taken.
pub(crate) fn register(config: &mut ServiceConfig, table: &[&'static Endpoint]) {
    let mut order: Vec<&str> = Vec::new();
    let mut paths: BTreeMap<&str, Vec<&Endpoint>> = BTreeMap::new();
    for endpoint in table {
        if !paths.contains_key(endpoint.path) {
            order.push(endpoint.path);
        }
        paths.entry(endpoint.path).or_default().push(endpoint);
    }
    for path in order {
        let endpoints = paths.remove(path).unwrap_or_default();
        let allow = allowed(&endpoints);
        let resource =
            endpoints.iter().fold(web::resource(path), |resource, endpoint| resource.route(endpoint.route()));
        config.service(resource.default_service(web::route().to(move || {
            let refused = ApiError::method_not_allowed(allow.clone());
            async move { Err::<&'static str, _>(refused) }
        })));
    }
}

fn allowed(endpoints: &[&Endpoint]) -> String {
    let mut methods: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.method.as_str()).collect();
    if endpoints.iter().any(|endpoint| endpoint.answers_head()) {
        methods.push("HEAD");
    }
    methods.join(", ")
}
