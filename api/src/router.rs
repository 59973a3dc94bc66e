//! The payment API's routes: a flat table that is the router and the list tests compare against.

use axum::{
    Router,
    routing::{delete, get, post},
};

use crate::{Api, health, middleware, openapi, v1};

/// Builds the router and the list of its routes from one table.
macro_rules! routes {
    ($($method:ident $path:literal => $handler:path;)*) => {
        /// Every route: method in upper case, path as `/openapi.json` writes it.
        pub const ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),*];

        fn table() -> Router<Api> {
            Router::new()$(.route($path, routes!(@method $method)($handler)))*
        }
    };
    (@method GET) => { get };
    (@method POST) => { post };
    (@method DELETE) => { delete };
}

routes! {
    GET "/healthz" => health::healthz;
    GET "/readyz" => health::readyz;
    GET "/openapi.json" => openapi::openapi;

    POST "/v1/customers" => v1::customers::create::create;
    GET "/v1/customers" => v1::customers::list::list;
    GET "/v1/customers/{id}" => v1::customers::retrieve::retrieve;
    POST "/v1/customers/{id}" => v1::customers::update::update;

    POST "/v1/wallets" => v1::wallets::create::create;
    GET "/v1/wallets" => v1::wallets::list::list;
    GET "/v1/wallets/{id}" => v1::wallets::retrieve::retrieve;
    GET "/v1/wallets/{id}/balance" => v1::wallets::balance::balance;
    GET "/v1/wallets/{id}/statement" => v1::wallets::statement::statement;
    POST "/v1/wallets/{id}/freeze" => v1::wallets::freeze::freeze;
    POST "/v1/wallets/{id}/unfreeze" => v1::wallets::unfreeze::unfreeze;
    POST "/v1/wallets/{id}/close" => v1::wallets::close::close;
    POST "/v1/test_helpers/wallets/{id}/fund_balance" => v1::wallets::fund::fund;

    POST "/v1/wallet_transfers" => v1::wallet_transfers::create::create;
    GET "/v1/wallet_transfers" => v1::wallet_transfers::list::list;
    POST "/v1/wallet_transfers/bulk" => v1::wallet_transfers::bulk::bulk;
    GET "/v1/wallet_transfers/{id}" => v1::wallet_transfers::retrieve::retrieve;
    POST "/v1/wallet_transfers/{id}/reverse" => v1::wallet_transfers::reverse::reverse;

    POST "/v1/wallet_holds" => v1::wallet_holds::create::create;
    GET "/v1/wallet_holds" => v1::wallet_holds::list::list;
    GET "/v1/wallet_holds/{id}" => v1::wallet_holds::retrieve::retrieve;
    POST "/v1/wallet_holds/{id}/capture" => v1::wallet_holds::capture::capture;
    POST "/v1/wallet_holds/{id}/release" => v1::wallet_holds::release::release;

    GET "/v1/trial_balance" => v1::trial_balance::retrieve::retrieve;

    GET "/v1/audit_records" => v1::audit_records::list::list;
    GET "/v1/audit_records/{id}" => v1::audit_records::retrieve::retrieve;

    POST "/v1/fx_rates" => v1::fx_rates::create::create;
    GET "/v1/fx_rates" => v1::fx_rates::list::list;
    GET "/v1/fx_settings" => v1::fx_settings::retrieve::retrieve;
    POST "/v1/fx_settings" => v1::fx_settings::update::update;
    POST "/v1/fx_quotes" => v1::fx_quotes::create::create;
    GET "/v1/fx_quotes" => v1::fx_quotes::list::list;
    GET "/v1/fx_quotes/{id}" => v1::fx_quotes::retrieve::retrieve;
    POST "/v1/fx_conversions" => v1::fx_conversions::create::create;
    GET "/v1/fx_conversions" => v1::fx_conversions::list::list;
    GET "/v1/fx_conversions/{id}" => v1::fx_conversions::retrieve::retrieve;

    POST "/v1/roles" => v1::roles::create::create;
    GET "/v1/roles" => v1::roles::list::list;
    GET "/v1/roles/{name}" => v1::roles::retrieve::retrieve;
    POST "/v1/roles/{name}" => v1::roles::update::update;
    DELETE "/v1/roles/{name}" => v1::roles::delete::delete;

    POST "/v1/members" => v1::members::create::create;
    GET "/v1/members" => v1::members::list::list;
    POST "/v1/members/{id}" => v1::members::update::update;
    DELETE "/v1/members/{id}" => v1::members::delete::delete;

    POST "/v1/api_keys" => v1::api_keys::create::create;
    GET "/v1/api_keys" => v1::api_keys::list::list;
    DELETE "/v1/api_keys/{id}" => v1::api_keys::delete::delete;

    POST "/v1/policy_decisions" => v1::policy_decisions::create::create;
}

/// The payment API, ready to serve.
pub fn router(api: Api) -> Router {
    let ids = api.ids();
    middleware::around(table().with_state(api), ids)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::OpenApi as _;

    use super::*;

    #[test]
    fn the_description_and_the_router_name_the_same_routes() {
        let document = serde_json::to_value(openapi::PaymentApi::openapi()).unwrap();
        let described: BTreeSet<(String, String)> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, methods)| {
                methods
                    .as_object()
                    .unwrap()
                    .keys()
                    .map(|method| (method.to_uppercase(), path.clone()))
                    .collect::<Vec<_>>()
            })
            .collect();
        let served: BTreeSet<(String, String)> =
            ROUTES.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
        assert_eq!(described, served);
    }
}
