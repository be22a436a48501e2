use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, web};

use crate::endpoint::register;
use crate::error::{ApiError, ErrorCode};
use crate::meters::Meters;
use crate::observe::observe;
use crate::routes;
use crate::state::ApiState;

/// The whole application: routes and what goes around them. One for each worker.
pub fn app(
    state: Arc<ApiState>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + 'static>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(web::PayloadConfig::new(state.settings.body_limit))
        .app_data(web::Data::from(state))
        .app_data(Meters::new())
        .configure(|config| register(config, &routes::table()))
        .default_service(web::route().to(nothing_here))
        .wrap(from_fn(observe))
}

async fn nothing_here() -> Result<&'static str, ApiError> {
    Err(ErrorCode::RouteNotFound.into())
}
