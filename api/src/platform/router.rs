//! The staff API's routes: a flat table that is the router and the list tests compare against.

use axum::{
    Router,
    routing::{get, post},
};

use super::{
    PlatformState, api_keys, data_keys, health, identity, kms_keys, ledger_audits, migrations, openapi, operations,
    plans, tenants,
};
use crate::middleware;

/// Builds the router and the list of its routes from one table.
macro_rules! routes {
    ($($method:ident $path:literal => $handler:path;)*) => {
        /// Every route: method in upper case, path as `/openapi.json` writes it.
        pub const ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),*];

        fn table() -> Router<PlatformState> {
            Router::new()$(.route($path, routes!(@method $method)($handler)))*
        }
    };
    (@method GET) => { get };
    (@method POST) => { post };
}

routes! {
    GET "/healthz" => health::healthz;
    GET "/readyz" => health::readyz;
    GET "/openapi.json" => openapi::describe;

    GET "/platform/v1/identity" => identity::retrieve;

    POST "/platform/v1/tenants" => tenants::create::create;
    GET "/platform/v1/tenants" => tenants::list::list;
    GET "/platform/v1/tenants/{slug}" => tenants::retrieve::retrieve;
    POST "/platform/v1/tenants/{slug}" => tenants::update::update;
    POST "/platform/v1/tenants/{slug}/suspend" => tenants::suspend::suspend;
    POST "/platform/v1/tenants/{slug}/resume" => tenants::resume::resume;
    POST "/platform/v1/tenants/{slug}/offboard" => tenants::offboard::offboard;

    POST "/platform/v1/tenants/{slug}/api_keys/rotate" => api_keys::rotate::rotate;
    POST "/platform/v1/tenants/{slug}/data_keys/rotate" => data_keys::rotate::rotate;
    GET "/platform/v1/tenants/{slug}/kms_keys" => kms_keys::list::list;
    POST "/platform/v1/tenants/{slug}/kms_keys/{mode}/rotate" => kms_keys::rotate::rotate;
    POST "/platform/v1/tenants/{slug}/kms_keys/{mode}/disable" => kms_keys::disable::disable;
    POST "/platform/v1/tenants/{slug}/kms_keys/{mode}/enable" => kms_keys::enable::enable;
    POST "/platform/v1/tenants/{slug}/kms_keys/{mode}/destroy" => kms_keys::destroy::destroy;

    GET "/platform/v1/ledger_audits" => ledger_audits::list::list;
    GET "/platform/v1/ledger_audits/{id}" => ledger_audits::retrieve::retrieve;
    GET "/platform/v1/tenants/{slug}/ledger_audits" => ledger_audits::list_of_tenant::list_of_tenant;
    POST "/platform/v1/tenants/{slug}/ledger_audits" => ledger_audits::create::create;

    POST "/platform/v1/migrations" => migrations::create::create;
    POST "/platform/v1/plans" => plans::create::create;
    POST "/platform/v1/plans/apply" => plans::apply::apply;

    GET "/platform/v1/operations" => operations::list::list;
    GET "/platform/v1/operations/{id}" => operations::retrieve::retrieve;
    POST "/platform/v1/operations/{id}/resume" => operations::resume::resume;
    POST "/platform/v1/operations/{id}/cancel" => operations::cancel::cancel;
}

/// The staff API, ready to serve.
pub fn router(state: PlatformState) -> Router {
    let ids = state.ids();
    middleware::around(table().with_state(state), ids)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_description_and_the_router_name_the_same_routes() {
        let document = serde_json::to_value(openapi::openapi()).unwrap();
        let mut described = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                described.insert((method.to_uppercase(), path.clone()));
            }
        }
        let served: BTreeSet<_> =
            ROUTES.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
        assert_eq!(described, served);
    }
}
