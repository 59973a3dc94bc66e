//! `/openapi.json` of the control process.

use axum::{Json, response::IntoResponse};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Components, OpenApi as Document,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{api_keys, data_keys, health, identity, kms_keys, ledger_audits, migrations, operations, plans, tenants};

/// The staff API's description.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Tessera staff API",
        description = "Tenants, their keys and schemas, and the operations that look after them.",
    ),
    modifiers(&BearerSecurity),
    security(("bearer" = [])),
    paths(
        health::healthz, health::readyz, describe, identity::retrieve,
        tenants::create::create, tenants::list::list, tenants::retrieve::retrieve, tenants::update::update,
        tenants::suspend::suspend, tenants::resume::resume, tenants::offboard::offboard,
        api_keys::rotate::rotate, data_keys::rotate::rotate,
        kms_keys::list::list, kms_keys::rotate::rotate, kms_keys::disable::disable, kms_keys::enable::enable,
        kms_keys::destroy::destroy,
        ledger_audits::list::list, ledger_audits::retrieve::retrieve, ledger_audits::list_of_tenant::list_of_tenant,
        ledger_audits::create::create,
        migrations::create::create, plans::create::create, plans::apply::apply,
        operations::list::list, operations::retrieve::retrieve, operations::resume::resume,
        operations::cancel::cancel,
    )
)]
pub struct StaffApi;

struct BearerSecurity;

impl Modify for BearerSecurity {
    fn modify(&self, document: &mut Document) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("An access token of the staff's identity provider."))
            .build();
        document
            .components
            .get_or_insert_with(Components::new)
            .add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// The description as a value.
pub fn openapi() -> Document {
    StaffApi::openapi()
}

/// This description.
#[utoipa::path(
    get, path = "/openapi.json", tag = "health", security(()),
    responses((status = 200, description = "OpenAPI 3.1"))
)]
pub(super) async fn describe() -> impl IntoResponse {
    Json(openapi())
}
