//! `/openapi.json`: the description of the routes, from the handlers themselves.

use axum::{Json, response::IntoResponse};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Components, OpenApi as Document,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{health, v1};

/// The payment API's description.
#[derive(Debug, OpenApi)]
#[openapi(
    info(title = "Tessera payment API", description = "Customers, wallets and transfers of one tenant's live or test side."),
    modifiers(&BearerSecurity),
    security(("bearer" = [])),
    paths(
        health::healthz, health::readyz, openapi,
        v1::customers::create::create, v1::customers::list::list, v1::customers::retrieve::retrieve, v1::customers::update::update,
        v1::wallets::create::create, v1::wallets::list::list, v1::wallets::retrieve::retrieve, v1::wallets::fund::fund,
        v1::wallets::balance::balance, v1::wallets::statement::statement, v1::trial_balance::retrieve::retrieve,
        v1::wallet_transfers::create::create, v1::wallet_transfers::list::list, v1::wallet_transfers::retrieve::retrieve,
        v1::wallet_transfers::bulk::bulk, v1::wallet_transfers::reverse::reverse,
        v1::wallet_holds::create::create, v1::wallet_holds::list::list, v1::wallet_holds::retrieve::retrieve,
        v1::wallet_holds::capture::capture, v1::wallet_holds::release::release,
        v1::wallets::freeze::freeze, v1::wallets::unfreeze::unfreeze, v1::wallets::close::close,
        v1::audit_records::list::list, v1::audit_records::retrieve::retrieve,
        v1::fx_rates::create::create, v1::fx_rates::list::list, v1::fx_settings::retrieve::retrieve, v1::fx_settings::update::update,
        v1::fx_quotes::create::create, v1::fx_quotes::list::list, v1::fx_quotes::retrieve::retrieve,
        v1::fx_conversions::create::create, v1::fx_conversions::list::list, v1::fx_conversions::retrieve::retrieve,
        v1::roles::create::create, v1::roles::list::list, v1::roles::retrieve::retrieve, v1::roles::update::update, v1::roles::delete::delete,
        v1::members::create::create, v1::members::list::list, v1::members::update::update, v1::members::delete::delete,
        v1::api_keys::create::create, v1::api_keys::list::list, v1::api_keys::delete::delete,
        v1::policy_decisions::create::create,
    )
)]
pub struct PaymentApi;

struct BearerSecurity;

impl Modify for BearerSecurity {
    fn modify(&self, document: &mut Document) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An API key (`sk_test_…`, `sk_live_…`) or an access token of the tenant's identity provider.",
            ))
            .build();
        document
            .components
            .get_or_insert_with(Components::new)
            .add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", tag = "health", responses((status = 200, description = "OpenAPI 3.1")))]
pub async fn openapi() -> impl IntoResponse {
    Json(PaymentApi::openapi())
}
